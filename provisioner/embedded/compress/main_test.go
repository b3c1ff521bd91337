package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestTheSameBytesInGiveTheSameBytesOut(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	data := bytes.Repeat([]byte("harden"), 500000)
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var packed [2][]byte
	for i, name := range []string{"one", "two"} {
		out := filepath.Join(dir, name)
		if err := compress(in, out); err != nil {
			t.Fatal(err)
		}
		var err error
		if packed[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(packed[0], packed[1]) {
		t.Error("two runs differ")
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if got, err := z.DecodeAll(packed[0], nil); err != nil || !bytes.Equal(got, data) {
		t.Errorf("it does not unpack to what it was: %v", err)
	}
	if err := compress(filepath.Join(dir, "absent"), filepath.Join(dir, "out")); err == nil {
		t.Error("an absent file is compressed")
	}
}
