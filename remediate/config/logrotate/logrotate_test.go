package logrotate

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestLoadReadsWhatIsIncluded(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(File, "weekly\n# x\ncreate 0644 root root\ninclude /etc/logrotate.d\n")
	f.Write("/etc/logrotate.d/a", "/var/log/a\n{\n  create 640 a a\n  postrotate\n    create 777 x\n  endscript\n}\n/b {\n daily\n}\n")
	f.Write("/etc/logrotate.d/a.dpkg-old", "create 0777 x x\n")
	got, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, d := range got {
		text = append(text, strings.Join(d.Words, " "))
	}
	if s := strings.Join(text, "|"); s != "weekly|create 0644 root root|include /etc/logrotate.d|/var/log/a|create 640 a a|daily" {
		t.Error(s)
	}
	f.Write("/etc/logrotate.d/loop", "include /etc/logrotate.d\n")
	if _, err := Load(f); err == nil {
		t.Error("a loop of includes: no error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("/a {\ncreate 0640\npostrotate\nx\nendscript\n}\n}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, d := range Parse("/x", content) {
			if len(d.Words) == 0 || d.Line < 1 {
				t.Errorf("%+v", d)
			}
		}
	})
}
