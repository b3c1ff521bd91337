package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Identify reads os-release(5). A root without one has empty fields, which match no platform.
func Identify(files Files) (Info, error) {
	path := "/etc/os-release"
	content, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = "/usr/lib/os-release"
		content, err = files.ReadFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, nil
	}
	if err != nil {
		return Info{}, err
	}
	values, err := parseOSRelease(path, content)
	if err != nil {
		return Info{}, err
	}
	// os-release(5): "If not set, a default of ID=linux may be used", and NAME likewise.
	info := Info{OS: values["ID"], Version: values["VERSION_ID"], Name: values["PRETTY_NAME"]}
	if info.OS == "" {
		info.OS = "linux"
	}
	if info.Name == "" {
		info.Name = strings.TrimSpace(values["NAME"] + " " + values["VERSION"])
	}
	return info, nil
}

// parseOSRelease reads the shell-like assignments of os-release(5). The last one of a name decides.
func parseOSRelease(path string, content []byte) (map[string]string, error) {
	values := map[string]string{}
	n := 0
	for line := range bytes.Lines(content) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("%s:%d: no assignment", path, n)
		}
		value, err := unquote(strings.TrimLeft(value, " \t"))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		values[strings.TrimSpace(name)] = value
	}
	return values, nil
}

// unquote takes the quotes of a value away as a shell would, without expanding anything.
func unquote(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", errors.New("quote is not closed")
			}
			out.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case '"':
			for i++; ; i++ {
				if i >= len(s) {
					return "", errors.New("quote is not closed")
				}
				if s[i] == '"' {
					break
				}
				if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$\"\\`", s[i+1]) >= 0 {
					i++
				}
				out.WriteByte(s[i])
			}
		case '\\':
			if i++; i < len(s) {
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), nil
}
