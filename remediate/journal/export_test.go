package journal

import (
	"encoding/json"
	"testing"
)

// LogOf makes a log of one record with a checksum that is right.
func LogOf(t *testing.T, data string) string {
	t.Helper()
	var r record
	if err := json.Unmarshal([]byte(data), &r); err != nil {
		t.Fatal(err)
	}
	line, err := new(chain).line(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}
