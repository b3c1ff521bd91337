package pam

import (
	"bytes"
	"crypto/md5" //nolint:gosec // pam-auth-update knows pristine files by their MD5 sum
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// ErrModified is returned by Update when common-* files were edited by hand in a way that
// pam-auth-update does not merge: it then leaves all of them alone, for good.
var ErrModified = errors.New("pam-auth-update does not manage the common-* files here")

const (
	saveDir   = "/var/lib/pam"
	stockDir  = "/usr/share/pam"
	updater   = "/usr/sbin/pam-auth-update"
	primary   = `# here are the per-package modules (the "Primary" block)`
	fallback  = `# here's the fallback if no module succeeds`
	additions = `# and here are more per-package modules (the "Additional" block)`
	theEnd    = `# end of pam-auth-update config`
)

// CommonKinds lists the common-* files that pam-auth-update writes, in its order.
func CommonKinds() []string {
	return []string{"auth", "account", "password", "session", "session-noninteractive"}
}

// CommonPath is the file of one kind.
func CommonPath(kind string) string { return "/etc/pam.d/common-" + kind }

// FileContent is a file that Update would write.
type FileContent struct {
	Path    string
	Content []byte
	Attr    rule.Attr
}

// Update works out what "pam-auth-update --package --enable NAME..." writes once the given profiles
// are below ProfileDir: the profiles themselves, the common-* files and the state below /var/lib/pam.
// Files that would not change are left out. Options that were added to or taken from a module by hand
// stay so, as they do with the program.
func Update(files host.Files, add []Profile) ([]FileContent, error) {
	u := &updating{files: files}
	out, err := u.profiles(add)
	if err != nil {
		return nil, err
	}
	local, err := u.diff()
	if err != nil {
		return nil, err
	}
	enabled, err := u.choose(local.mods, add)
	if err != nil {
		return nil, err
	}
	out = append(out, FileContent{Path: saveDir + "/seen", Content: []byte(strings.Join(u.sorted, "\n") + "\n")})
	for _, kind := range CommonKinds() {
		common, err := u.common(kind, enabled, local.kinds[kind])
		if err != nil {
			return nil, err
		}
		out = append(out,
			FileContent{Path: CommonPath(kind), Content: common},
			FileContent{Path: saveDir + "/" + kind, Content: u.saved(kind, enabled)})
	}
	changed := out[:0]
	for _, f := range out {
		f.Attr = rule.Attr{Mode: 0o644}
		if old, err := files.ReadFile(f.Path); err == nil && bytes.Equal(old, f.Content) {
			continue
		}
		changed = append(changed, f)
	}
	return changed, nil
}

type updating struct {
	files  host.Files
	all    map[string]profile
	sorted []string // by priority, highest first, then by name backwards
	script []byte
}

// profiles reads those installed and those to add.
func (u *updating) profiles(add []Profile) ([]FileContent, error) {
	var err error
	if u.script, err = u.files.ReadFile(updater); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s: %w", updater, err)
	}
	refuseTally := bytes.Contains(u.script, []byte("invalid_modules"))
	installed, err := Profiles(u.files)
	if err != nil {
		return nil, err
	}
	u.all = map[string]profile{}
	var out []FileContent
	for _, p := range installed {
		if parsed, disabled := parseProfile(string(p.Content), refuseTally); !disabled {
			u.all[p.Name] = parsed
		}
	}
	for _, p := range add {
		parsed, disabled := parseProfile(string(p.Content), refuseTally)
		if disabled {
			return nil, fmt.Errorf("pam-auth-update takes no profile with pam_tally: %s", p.Name)
		}
		u.all[p.Name] = parsed
		out = append(out, FileContent{Path: ProfileDir + "/" + p.Name, Content: p.Content})
	}
	u.sorted = slices.SortedFunc(maps.Keys(u.all), u.compare)
	return out, nil
}

func (u *updating) compare(a, b string) int {
	if c := u.all[b].priority() - u.all[a].priority(); c != 0 {
		return c
	}
	return strings.Compare(b, a)
}

// choose works out which profiles are enabled: those in use, those added, and those that are on by
// default and were never seen before. Of two that conflict, the later one goes.
func (u *updating) choose(inUse []string, add []Profile) ([]string, error) {
	seen := map[string]bool{}
	content, err := u.files.ReadFile(saveDir + "/seen")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s/seen: %w", saveDir, err)
	}
	for _, name := range splitLines(string(content)) {
		seen[name] = true
	}
	var enabled []string
	for _, name := range inUse {
		if _, ok := u.all[name]; ok {
			enabled = append(enabled, name)
		}
	}
	for _, p := range add {
		enabled = append(enabled, p.Name)
	}
	if len(enabled) == 0 {
		clear(seen)
	}
	for _, name := range u.sorted {
		if u.all[name].field("Default") == "yes" && !seen[name] {
			enabled = append(enabled, name)
		}
	}
	slices.SortStableFunc(enabled, u.compare)
	enabled = slices.Compact(enabled)
	for i := 0; i < len(enabled); i++ {
		for j := len(enabled) - 1; j >= 0; j-- {
			if i < len(enabled) && u.all[enabled[i]].conflicts[enabled[j]] {
				enabled = slices.Delete(enabled, j, j+1)
			}
		}
	}
	if len(enabled) == 0 {
		return nil, errors.New("no profile of pam-auth-update would be enabled")
	}
	for _, p := range add {
		if !slices.Contains(enabled, p.Name) {
			return nil, fmt.Errorf("pam-auth-update profile %s conflicts with another that is enabled", p.Name)
		}
	}
	return enabled, nil
}

// edits are options that somebody added to or took from module lines, by line without options.
type edits struct{ add, remove map[string]map[string]bool }

func mark(m map[string]map[string]bool, key, option string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][option] = true
}

type local struct {
	mods  []string // profiles that the files show, as often as they have lines
	kinds map[string]edits
}

// The expressions that pam-auth-update takes lines apart with. A jump's count is not compared: it
// follows from the rest.
func moduleLine() *regexp.Regexp { return regexp.MustCompile(`^((\[[^]]+\]|\w+)\s+\S+)\s*(.*)`) }
func jumpCount() *regexp.Regexp  { return regexp.MustCompile(`(\[[^0-9]*)[0-9]+(.*\])`) }
func jumpEnd() *regexp.Regexp    { return regexp.MustCompile(`(\[.*)end(.*\])`) }

// diff compares the common-* files with the state of the last run.
func (u *updating) diff() (local, error) {
	found := local{kinds: map[string]edits{}}
	for _, kind := range CommonKinds() {
		saved, err := u.read(saveDir + "/" + kind)
		if err != nil {
			return found, err
		}
		current, err := u.read(CommonPath(kind))
		if err != nil {
			return found, err
		}
		d, mods, err := diffKind(kind, saved, current)
		if err != nil {
			return found, err
		}
		found.kinds[kind] = d
		found.mods = append(found.mods, mods...)
	}
	return found, nil
}

func (u *updating) read(file string) (string, error) {
	b, err := u.files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %s does not exist", ErrModified, file)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", file, err)
	}
	return string(b), nil
}

type savedLine struct{ mod, text string }

func diffKind(kind, saved, current string) (edits, []string, error) {
	count, end, module := jumpCount(), jumpEnd(), moduleLine()
	var rest []savedLine
	mod := ""
	for _, line := range splitLines(saved) {
		if name, ok := strings.CutPrefix(line, "Module: "); ok {
			mod = name
			continue
		}
		line = count.ReplaceAllString(line, "$1$2")
		line = end.ReplaceAllString(line, "$1$2")
		rest = append(rest, savedLine{mod, line})
	}

	d := edits{add: map[string]map[string]bool{}, remove: map[string]map[string]bool{}}
	var mods []string
	typeWord := regexp.MustCompile(`^` + strings.TrimSuffix(kind, "-noninteractive") + `\s+`)
	state, key, options := 0, "", []string(nil)
lines:
	for i, line := range splitLines(current) {
		switch state {
		case 0:
			if strings.HasPrefix(line, primary) {
				state = 1
			}
			continue
		case 1:
			line = typeWord.ReplaceAllString(line, "")
			if strings.HasPrefix(line, fallback) {
				state = 2
				continue
			}
		case 2:
			if strings.HasPrefix(line, additions) {
				state = 3
			}
			continue
		case 3:
			if strings.HasPrefix(line, theEnd) {
				break lines
			}
			line = typeWord.ReplaceAllString(line, "")
		}
		matched, has := false, []string(nil)
		for !matched && len(rest) > 0 {
			next := rest[0]
			rest = rest[1:]
			if m := module.FindStringSubmatch(next.text); m != nil {
				key, options = m[1], strings.Fields(m[3])
			}
			line = count.ReplaceAllString(line, "$1$2")
			if after, ok := strings.CutPrefix(line, key); ok {
				matched, has = true, strings.Fields(after)
				mods = append(mods, next.mod)
			}
		}
		if !matched {
			return d, nil, fmt.Errorf("%w: %s:%d was changed by hand", ErrModified, CommonPath(kind), i+1)
		}
		for _, option := range has {
			known := false
			for j := 0; j < len(options); j++ {
				if options[j] == option {
					known = true
					options = slices.Delete(slices.Clone(options), j, j+1)
				}
			}
			if !known {
				mark(d.add, key, option)
			}
		}
		for _, option := range options {
			mark(d.remove, key, option)
		}
	}
	if state < 3 {
		return d, nil, fmt.Errorf("%w: %s lacks the marks of its blocks", ErrModified, CommonPath(kind))
	}
	return d, mods, nil
}

// common writes a common-* file anew: all that is outside the two blocks stays as it stands, or is
// that of the package when nobody has changed it.
func (u *updating) common(kind string, enabled []string, d edits) ([]byte, error) {
	file := CommonPath(kind)
	template, err := u.read(file)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum([]byte(outside(template))) //nolint:gosec // see the import
	if bytes.Contains(u.script, []byte("'"+hex.EncodeToString(sum[:])+"'")) {
		file = stockDir + "/common-" + kind
		if template, err = u.read(file); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	state := 0
	for _, line := range strings.SplitAfter(template, "\n") {
		switch {
		case line == "" && state != 1 && state != 3:
			continue
		case state == 1:
			if strings.HasPrefix(line, fallback) {
				b.WriteString(line)
				state = 2
			}
			continue
		case state == 3:
			if strings.HasPrefix(line, theEnd) {
				b.WriteString(line)
				state = 4
			}
			continue
		}
		b.WriteString(line)
		switch {
		case state == 0 && strings.HasPrefix(line, primary):
			u.block(&b, kind, "Primary", enabled, d)
			state = 1
		case state == 2 && strings.HasPrefix(line, additions):
			u.block(&b, kind, "Additional", enabled, d)
			state = 3
		}
	}
	if state < 4 {
		return nil, fmt.Errorf("%w: %s lacks the marks of its blocks", ErrModified, file)
	}
	return []byte(b.String()), nil
}

// outside is a common-* file without the lines in its two blocks.
func outside(content string) string {
	var b strings.Builder
	state := 0
	for _, line := range strings.SplitAfter(content, "\n") {
		switch state {
		case 1, 3:
			stop := fallback
			if state == 3 {
				stop = theEnd
			}
			if !strings.HasPrefix(line, stop) {
				continue
			}
			state++
		case 0:
			if strings.HasPrefix(line, primary) {
				state = 1
			}
		case 2:
			if strings.HasPrefix(line, additions) {
				state = 3
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// lines collects what the enabled profiles add to one block.
func (u *updating) lines(kind, block string, enabled []string) []string {
	var lines []string
	position := 0
	for _, name := range enabled {
		if u.all[name].field(upperFirst(kind)+"-Type") == block {
			lines = append(lines, u.all[name].lines(upperFirst(kind), position)...)
			position++
		}
	}
	return lines
}

func (u *updating) block(b *strings.Builder, kind, block string, enabled []string, d edits) {
	word := strings.TrimSuffix(kind, "-noninteractive")
	lines := u.lines(kind, block, enabled)
	left := len(lines)
	if block == "Additional" {
		left-- // a jump from here must not leave the stack
	}
	if block == "Primary" && len(lines) == 0 {
		b.WriteString(word + "\t[default=1]\t\t\tpam_permit.so\n")
	}
	for _, line := range lines {
		b.WriteString(word + "\t" + merge(line, left, d) + "\n")
		left--
	}
}

// merge fills in a line's jump to the end and applies what somebody has changed in its options.
func merge(line string, left int, d edits) string {
	m := moduleLine().FindStringSubmatch(line)
	if m == nil {
		return line
	}
	head := strings.ReplaceAll(m[1], "end", fmt.Sprint(left))
	key := jumpCount().ReplaceAllString(head, "$1$2")
	options := []string{}
	for _, option := range strings.Fields(m[3]) {
		delete(d.add[key], option)
		if !d.remove[key][option] {
			options = append(options, option)
		}
	}
	options = append(options, slices.Sorted(maps.Keys(d.add[key]))...)
	return head + " " + strings.Join(options, " ")
}

// saved is the state that the next run compares with.
func (u *updating) saved(kind string, enabled []string) []byte {
	var b strings.Builder
	word := upperFirst(kind)
	for _, skip := range []string{"Additional", "Primary"} {
		position := 0
		for _, name := range enabled {
			p := u.all[name]
			if t := p.field(word + "-Type"); !truth(t) || t == skip {
				continue
			}
			if lines := p.lines(word, position); len(lines) > 0 {
				b.WriteString("Module: " + name + "\n" + strings.Join(lines, "\n") + "\n")
			}
			position++
		}
		if skip == "Additional" && position == 0 {
			b.WriteString("Module: null\n[default=1]\t\t\tpam_permit.so\n")
		}
	}
	return []byte(b.String())
}
