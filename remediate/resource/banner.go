package resource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// bannerKind is a text shown before or at login: /etc/issue, /etc/issue.net, /etc/motd.
func bannerKind() Kind { return Kind{Name: "banner", New: newBanner} }

type banner struct {
	path string
	text *string // as the file should hold it, with a final line feed
}

func newBanner(name string, decode Decode) (Resource, error) {
	var body struct {
		Text *string `hcl:"text,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if !path.IsAbs(name) || path.Clean(name) != name {
		return nil, fmt.Errorf("%q is not an absolute path in its shortest form", name)
	}
	b := banner{path: name}
	if body.Text != nil {
		text := *body.Text
		if strings.TrimSpace(text) == "" {
			return nil, errors.New("text of a banner is empty")
		}
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if esc := escapes([]byte(text)); len(esc) > 0 {
			return nil, fmt.Errorf("text of a banner holds %s, which would show what the machine is", strings.Join(esc, " "))
		}
		b.text = &text
	}
	return b, nil
}

func (b banner) Ref() rule.Ref { return rule.Ref{Kind: "banner", Name: b.path} }

type bannerFound struct {
	exists    bool
	regular   bool
	packaged  bool // a link that leads out of /etc
	reveals   []string
	reference string // the line that reveals
	content   []byte
}

// tellTale is what agetty and login programs replace by facts about the machine.
var tellTale = regexp.MustCompile(`\\[mrsv]`)

func escapes(text []byte) []string {
	var list []string
	for _, m := range tellTale.FindAll(text, -1) {
		if s := string(m); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func (b banner) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "names neither the operating system nor its version, kernel or machine"}
	if b.text != nil {
		o.Expected = "the given text, without anything that names the system"
	}
	var found bannerFound
	info, err := h.Stat(b.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.Persisted = "absent"
	case err != nil:
		return o, fmt.Errorf("cannot read %s: %w", b.path, err)
	default:
		found.exists, found.regular = true, info.Mode.IsRegular()
	}
	linked, err := h.Lstat(b.path)
	if err == nil && linked.Mode.Type() == fs.ModeSymlink {
		real, err := h.Resolve(b.path)
		found.packaged = err != nil || path.Dir(real) != path.Dir(b.path)
	}
	if found.regular {
		if found.content, err = h.ReadFile(b.path); err != nil {
			return o, fmt.Errorf("cannot read %s: %w", b.path, err)
		}
	}
	o.Sources = linkSource(h, b.path)
	line := b.inspect(h, &found)
	if line > 0 {
		last := &o.Sources[len(o.Sources)-1]
		last.Line, last.Text = line, found.reference
	}
	b.describe(&o, found)
	o.State = found
	return o, nil
}

// inspect looks for what reveals the system, and gives the first line that does.
func (b banner) inspect(h host.Reader, found *bannerFound) int {
	names := []string{h.Info().OS}
	// "Azure Linux" is how a person writes azurelinux; the first word alone would say too little.
	if name := strings.TrimSpace(h.Info().Name); name != "" && !strings.EqualFold(name, h.Info().OS) {
		names = append(names, name)
	}
	first := 0
	for i, line := range bytes.Split(found.content, []byte("\n")) {
		hits := escapes(line)
		for _, n := range names {
			if n != "" && bytes.Contains(bytes.ToLower(line), []byte(strings.ToLower(n))) {
				hits = append(hits, n)
			}
		}
		for _, hit := range hits {
			if !slices.Contains(found.reveals, hit) {
				found.reveals = append(found.reveals, hit)
			}
			if first == 0 {
				first, found.reference = i+1, strings.TrimSpace(string(line))
			}
		}
	}
	return first
}

func (b banner) describe(o *rule.Observation, found bannerFound) {
	switch {
	case !found.exists && b.text == nil:
		o.NotApplicable = b.path + " does not exist, so nothing is shown"
	case !found.exists:
		o.Message = b.path + " does not exist"
	case !found.regular:
		o.Persisted, o.Message = "not a regular file", b.path+" is not a regular file"
	case len(found.reveals) > 0:
		o.Persisted = "reveals " + strings.Join(found.reveals, " ")
		o.Message = b.path + " tells what the machine is: " + strings.Join(found.reveals, " ")
	case b.text != nil && string(found.content) != *b.text:
		o.Persisted, o.Message = "another text", b.path+" holds another text"
	default:
		o.Persisted, o.Message = "reveals nothing", b.path+" names nothing about the system"
		if b.text != nil {
			o.Persisted, o.Message = "the given text", b.path+" holds the given text"
		}
	}
}

func (b banner) Diff(o rule.Observation) []rule.Change {
	found := o.State.(bannerFound)
	differs := b.text != nil && string(found.content) != *b.text
	switch {
	case found.exists && !found.regular:
		return []rule.Change{rule.Unfixable{Subject: b.path, Reason: "it is not a regular file", Of: rule.Persisted}}
	case !found.exists && b.text == nil, len(found.reveals) == 0 && !differs:
		return nil
	case b.text == nil:
		return []rule.Change{rule.Unfixable{Subject: b.path, Reason: "the rule gives no text to put in its place", Of: rule.Persisted}}
	case !differs:
		return []rule.Change{rule.Unfixable{Subject: b.path, Reason: "the rule's own text names the system: " + strings.Join(found.reveals, " "), Of: rule.Persisted}}
	}
	// A link to a package's file would carry the text into that file, and an upgrade would take it
	// back: the link makes way for a file.
	return []rule.Change{rule.WriteFile{Path: b.path, Content: []byte(*b.text), Create: rule.Attr{Mode: 0o644}, NoFollow: found.packaged}}
}
