package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// readConfigs reads the file of --config and the drop-ins of --config-dir.
func (k *Kubelet) readConfigs(f host.Files, cwd string) error {
	file := k.last("config")
	dir := k.last("config-dir")
	if file != "" {
		c, err := readConfig(f, absPath(cwd, file))
		if err != nil {
			return err
		}
		k.Configs = append(k.Configs, c)
	}
	if dir == "" {
		return nil
	}
	dir = absPath(cwd, dir)
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", dir, err)
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".conf" || e.IsDir() {
			continue
		}
		c, err := readConfig(f, path.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		k.Configs = append(k.Configs, c)
	}
	return nil
}

func absPath(cwd, p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(cwd, p)
}

// readConfig reads one file. A file that is absent is not an error here: node images get theirs when
// the node starts.
func readConfig(f host.Files, p string) (Config, error) {
	c := Config{Path: p}
	content, err := f.ReadFile(p)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("cannot read %s: %w", p, err)
	}
	c.Text, c.Exists = string(content), true
	c.values, err = ParseConfig(content)
	if err != nil {
		return c, fmt.Errorf("cannot read %s: %w", p, err)
	}
	return c, nil
}

// NewConfig makes a Config of a file's text and what ParseConfig made of it.
func NewConfig(p, text string, values map[string]any) Config {
	return Config{Path: p, Text: text, Exists: true, values: values}
}

// ParseConfig reads a KubeletConfiguration, YAML or JSON.
func ParseConfig(content []byte) (map[string]any, error) {
	js, err := yaml.YAMLToJSONStrict(content)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(string(js)))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		return nil, errors.New("not a YAML or JSON object")
	}
	return values, nil
}

// get finds a field by its path with dots; null and a missing field are the same.
func (c *Config) get(field string) (string, bool, error) {
	var v any = c.values
	for _, key := range strings.Split(field, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			if v == nil {
				return "", false, nil
			}
			return "", false, fmt.Errorf("%s: %s is not an object where %s is looked for", c.Path, key, field)
		}
		v = m[key]
	}
	switch v := v.(type) {
	case nil:
		return "", false, nil
	case string:
		return v, true, nil
	case bool:
		return strconv.FormatBool(v), true, nil
	case json.Number:
		return v.String(), true, nil
	case []any:
		var items []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return "", false, fmt.Errorf("%s: %s is not a list of strings", c.Path, field)
			}
			items = append(items, s)
		}
		return strings.Join(items, ","), true, nil
	}
	return "", false, fmt.Errorf("%s: %s is not a plain value", c.Path, field)
}

// IsJSON reports whether the file is written as JSON, in which YAML's line edits would not do.
func (c *Config) IsJSON() bool { return strings.HasPrefix(strings.TrimSpace(c.Text), "{") }

// LineOf finds the line, from 1, of a field in block YAML or in JSON with one key a line. It is 0
// when the layout does not show it.
func (c *Config) LineOf(field string) int {
	path := strings.Split(field, ".")
	depth := 0
	indents := []int{-1}
	for i, line := range strings.Split(c.Text, "\n") {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		key, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		key = strings.Trim(key, `"'`)
		if !ok || key == "" || strings.HasPrefix(key, "#") || strings.HasPrefix(key, "- ") {
			continue
		}
		for depth > 0 && indent <= indents[depth] {
			depth--
			indents = indents[:len(indents)-1]
		}
		if key != path[depth] || depth == 0 && !c.IsJSON() && indent != 0 {
			continue
		}
		if depth == len(path)-1 {
			return i + 1
		}
		depth++
		indents = append(indents, indent)
	}
	return 0
}
