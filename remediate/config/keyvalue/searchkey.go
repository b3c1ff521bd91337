package keyvalue

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// SearchKey looks a key up as PAM's modules do in login.defs and its like (libpam's
// pam_modutil_search_key): the first line decides, case does not matter, blanks or an equals sign end
// the key, and # starts a comment anywhere. An absent file has no key.
func SearchKey(files host.Files, file, key string) (Entry, bool, error) {
	b, err := files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("cannot read %s: %w", file, err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		text, _, _ := strings.Cut(line, "#")
		text = strings.TrimLeft(text, " \t\r\v\f")
		end := strings.IndexAny(text, " \t=")
		if end < 0 {
			end = len(text)
		}
		if text == "" || !strings.EqualFold(text[:end], key) {
			continue
		}
		value := strings.TrimLeft(text[end:], " \t\r\v\f=")
		return Entry{Path: file, Line: i + 1, Text: line, Key: text[:end], Value: value}, true, nil
	}
	return Entry{}, false, nil
}
