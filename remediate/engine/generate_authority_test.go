//go:build authority

package engine

import (
	"encoding/hex"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The same password and salt give the hash that grub's own program prints.
func TestGrubMakesTheSameHash(t *testing.T) {
	cmd := exec.Command("grub-mkpasswd-pbkdf2")
	cmd.Stdin = strings.NewReader("a password\na password\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`grub\.pbkdf2\.\S+`).FindString(string(out))
	parts := strings.Split(want, ".")
	if len(parts) != 6 {
		t.Fatalf("grub-mkpasswd-pbkdf2 printed %q", out)
	}
	salt, err := hex.DecodeString(parts[4])
	if err != nil || len(salt) != grubSalt {
		t.Fatal(err, len(salt))
	}
	if got, err := grubHashOf("a password", salt); err != nil || got != want {
		t.Errorf("%v\n%s\n%s", err, got, want)
	}
}
