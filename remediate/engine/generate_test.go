package engine

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestEveryPlaceholderGetsAHashOfItsOwn(t *testing.T) {
	got, err := generate([]byte("a " + rule.GrubPassword + "\nb " + rule.GrubPassword + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(got))
	shape := regexp.MustCompile(`^grub\.pbkdf2\.sha512\.10000\.[0-9A-F]{128}\.[0-9A-F]{128}$`)
	if len(lines) != 4 || !shape.MatchString(lines[1]) || !shape.MatchString(lines[3]) || lines[1] == lines[3] {
		t.Errorf("%q", got)
	}
}

func TestOtherContentStays(t *testing.T) {
	if got, err := generate([]byte("x\n")); err != nil || string(got) != "x\n" {
		t.Errorf("%q %v", got, err)
	}
}
