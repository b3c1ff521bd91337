package sysctl

import (
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fnmatch"
)

// Write is one parameter being set.
type Write struct {
	Key   string // the parameter, which differs from the entry's key where that is a pattern
	Entry Entry
}

// synonyms lists the parameters that are one in the kernel: ip_forward is all/forwarding
// (net/ipv4/devinet.c).
func synonyms(key string) []string {
	const forward, all = "net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding"
	if key == forward || key == all {
		return []string{forward, all}
	}
	return []string{key}
}

// Effective is the last line that sets a parameter at boot. Not ok means that none does, and the
// kernel's default stays.
func (c *Config) Effective(key string) (w Write, ok bool) {
	keys := synonyms(key)
	for _, t := range c.tables() {
		for _, e := range t.entries {
			switch {
			case e.Excludes:
			case !e.Glob():
				if slices.Contains(keys, e.Key) {
					w, ok = Write{e.Key, e}, true
				}
			case c.Dialect.Globs || e.File.UFW:
				for _, k := range keys {
					if fnmatch.MatchPath(e.Key, k) && !t.has(k) {
						w, ok = Write{k, e}, true
					}
				}
			}
		}
	}
	return w, ok
}

// Exclusion is the line that keeps a parameter from being set.
func (c *Config) Exclusion(key string) (Entry, bool) {
	for _, t := range c.tables() {
		if i, ok := t.at[key]; ok && t.entries[i].Excludes {
			return t.entries[i], true
		}
	}
	return Entry{}, false
}

// Patterns lists the patterns that set parameters, in the order of their application.
func (c *Config) Patterns() []Entry {
	var patterns []Entry
	for _, t := range c.tables() {
		for _, e := range t.entries {
			if e.Glob() && !e.Excludes && (c.Dialect.Globs || e.File.UFW) {
				patterns = append(patterns, e)
			}
		}
	}
	return patterns
}

// Keys lists the parameters that lines name literally and that match a pattern, in order.
func (c *Config) Keys(pattern string) []string {
	var keys []string
	seen := map[string]bool{}
	for _, t := range c.tables() {
		for _, e := range t.entries {
			if !e.Glob() && fnmatch.MatchPath(pattern, e.Key) && !seen[e.Key] {
				seen[e.Key] = true
				keys = append(keys, e.Key)
			}
		}
	}
	return keys
}

// table is what is left of a set of files after reading, in the order of application.
type table struct {
	entries []Entry
	at      map[string]int // place of a key, patterns and exclusions included
}

// tables are the assignments of sysctl.d, then ufw's. A key that is assigned again moves to the end,
// unless the value is the same: then it stays in its place (systemd's parse_file does so).
func (c *Config) tables() [2]table {
	var tables [2]table
	for i := range tables {
		var (
			all  []Entry
			last = map[string]int{}
		)
		for _, e := range c.Entries {
			if e.File.UFW != (i == 1) {
				continue
			}
			if at, ok := last[e.Key]; ok && all[at].Excludes == e.Excludes && all[at].Value == e.Value {
				continue
			}
			last[e.Key] = len(all)
			all = append(all, e)
		}
		t := table{at: map[string]int{}}
		for at, e := range all {
			if last[e.Key] == at {
				t.at[e.Key] = len(t.entries)
				t.entries = append(t.entries, e)
			}
		}
		tables[i] = t
	}
	return tables
}

func (t table) has(key string) bool { _, ok := t.at[key]; return ok }

// With gives the configuration after an edit: entry's line has another value.
func (c *Config) With(entry Entry, value string) *Config {
	next := &Config{Dialect: c.Dialect, Entries: slices.Clone(c.Entries)}
	for i, e := range next.Entries {
		if e.File == entry.File && e.Line == entry.Line && e.Key == entry.Key {
			next.Entries[i].Value, next.Entries[i].Excludes = value, false
		}
	}
	return next
}

// Append gives the configuration after a line was added to the end of a file of /etc/sysctl.d.
func (c *Config) Append(name, key, value string) *Config {
	path := Dir + "/" + name
	e := Entry{File: File{Path: path, Real: path, Name: name}, Key: key, Value: value, Text: Dotted(key) + " = " + value}
	at := slices.IndexFunc(c.Entries, func(o Entry) bool { return o.File.UFW || o.File.Name > name })
	if at < 0 {
		at = len(c.Entries)
	}
	return &Config{Dialect: c.Dialect, Entries: slices.Insert(slices.Clone(c.Entries), at, e)}
}
