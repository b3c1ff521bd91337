package host

import (
	"strings"
	"testing"
)

func TestOSReleaseIsReadAsAShellWould(t *testing.T) {
	for name, c := range map[string]struct {
		text, want, err string
	}{
		"a plain value":                     {text: "ID=ubuntu\n", want: "ubuntu"},
		"a quoted value":                    {text: `ID="azurelinux"`, want: "azurelinux"},
		"single quotes keep everything":     {text: `ID='a\$b"c'`, want: `a\$b"c`},
		"escapes in double quotes":          {text: `ID="a\$\"\\\` + "`" + `\n"`, want: `a$"\` + "`" + `\n`},
		"quotes next to each other":         {text: `ID=a"b"'c'\d`, want: "abcd"},
		"the last one decides":              {text: "ID=a\nID=b\n", want: "b"},
		"comments and blank lines":          {text: "# ID=x\n\n  \nID=a\n", want: "a"},
		"carriage returns":                  {text: "ID=a\r\n", want: "a"},
		"an empty value":                    {text: "ID=\n", want: ""},
		"a quote that is not closed":        {text: "X=1\nID=\"a\n", err: "f:2: quote is not closed"},
		"a single quote that is not closed": {text: "ID='a\n", err: "f:1: quote is not closed"},
		"a line that assigns nothing":       {text: "ID=a\nnonsense\n", err: "f:2: no assignment"},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := parseOSRelease("f", []byte(c.text))
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || values["ID"] != c.want {
				t.Errorf("got %q, %v, want %q", values["ID"], err, c.want)
			}
		})
	}
}

func FuzzOSRelease(f *testing.F) {
	f.Add([]byte("NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\n"))
	f.Add([]byte("ID='a'\\\nX=\"\\\"\n#\n"))
	f.Add([]byte("\xff=\x00\n=\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		values, err := parseOSRelease("f", content)
		if err != nil {
			return
		}
		for _, v := range values {
			if len(v) > len(content) || strings.Contains(v, "\n") {
				t.Errorf("value %q is not of one line", v)
			}
		}
	})
}
