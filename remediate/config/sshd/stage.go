package sshd

import "strings"

// Staged gives the files of the configuration for a directory in which sshd can judge them: every
// Include names the files that it leads to, below the directory, and line numbers stay. Names are
// paths relative to the directory.
func (c *Config) Staged(dir string) map[string][]byte {
	out := map[string][]byte{}
	for path, f := range c.parser.read {
		lines := append([]string(nil), f.lines...)
		for i := range f.statements {
			s := &f.statements[i]
			if s.key == nil || s.key.form != formInclude || s.problem != "" {
				continue
			}
			lines[s.place.Line-1] = stagedInclude(dir, s.includes)
		}
		content := strings.Join(lines, "\n")
		if content != "" {
			content += "\n"
		}
		out[strings.TrimPrefix(path, "/")] = []byte(content)
	}
	if _, ok := c.parser.read[ConfigPath]; !ok {
		out[strings.TrimPrefix(ConfigPath, "/")] = nil
	}
	return out
}

func stagedInclude(dir string, includes [][]string) string {
	var b strings.Builder
	b.WriteString("Include")
	for _, paths := range includes {
		if len(paths) == 0 {
			b.WriteString(" " + dir + "/nothing")
		}
		for _, p := range paths {
			b.WriteString(` "` + globQuote(dir+p) + `"`)
		}
	}
	return b.String()
}

// globQuote keeps the characters of a path from being wildcards. The backslash is doubled for the
// splitting of the line, which takes one away.
func globQuote(path string) string {
	return strings.NewReplacer("*", `\\*`, "?", `\\?`, "[", `\\[`, `\`, `\\\\`).Replace(path)
}

// Unstaged gives a message of sshd about staged files the paths of the target.
func Unstaged(dir, message string) string {
	return strings.ReplaceAll(message, strings.TrimSuffix(dir, "/")+"/", "/")
}
