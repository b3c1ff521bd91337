package resource

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const grubDropIn = grub.DefaultsDir + "/60-harden.cfg"

// kernelArgumentKind is an argument on the kernel's command line: of what boots next, and of what the
// generator of grub.cfg starts from.
func kernelArgumentKind() Kind { return Kind{Name: "kernel_argument", New: newKernelArgument} }

type kernelArgument struct {
	name   string
	value  *string
	min    *int
	absent bool // not being there is right too
}

var kernelArgumentName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)
var kernelArgumentValue = regexp.MustCompile(`^[A-Za-z0-9_.,:/-]+$`)

func newKernelArgument(name string, decode Decode) (Resource, error) {
	var body struct {
		Value  *string `hcl:"value,optional"`
		Min    *int    `hcl:"min,optional"`
		Absent bool    `hcl:"or_absent,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch {
	case !kernelArgumentName.MatchString(name):
		return nil, fmt.Errorf("%q is not the name of a kernel argument", name)
	case (body.Value == nil) == (body.Min == nil):
		return nil, errors.New("exactly one of value and min is needed")
	case body.Value != nil && !kernelArgumentValue.MatchString(*body.Value):
		return nil, fmt.Errorf("value %q does not fit on a kernel command line", *body.Value)
	}
	return kernelArgument{name, body.Value, body.Min, body.Absent}, nil
}

func (r kernelArgument) Ref() rule.Ref { return rule.Ref{Kind: "kernel_argument", Name: r.name} }

func (r kernelArgument) text() string {
	if r.value != nil {
		return r.name + "=" + *r.value
	}
	return r.name + "=" + strconv.Itoa(*r.min)
}

func (r kernelArgument) expected() string {
	text := r.text()
	if r.min != nil {
		text = fmt.Sprintf("%s is at least %d", r.name, *r.min)
	}
	if r.absent {
		text += ", or not there"
	}
	return text
}

func (r kernelArgument) right(args []string) bool {
	v, ok := grub.Argument(args, r.name)
	if !ok && r.absent {
		return true
	}
	if r.value != nil {
		return ok && v == *r.value
	}
	n, err := strconv.Atoi(v)
	return ok && err == nil && n >= *r.min
}

// kernelArgumentView is where the argument is missing or wrong.
type kernelArgumentView struct {
	config   *grub.Config
	kernels  []grub.Command
	settings bool // what is generated next would be wrong
	linux    bool // GRUB_CMDLINE_LINUX by itself is
	from     shell.Place
	defaults shell.Place
}

func (v kernelArgumentView) right() bool { return len(v.kernels) == 0 && !v.settings }

type kernelArgumentFound struct {
	changes []rule.Change
	running string // what deviates
}

func (r kernelArgument) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.expected()}
	path, err := grub.Find(h)
	if err != nil {
		return o, err
	}
	if path == "" {
		o.NotApplicable = "there is no grub.cfg"
		return o, nil
	}
	view, err := r.look(h, path)
	if err != nil {
		return o, err
	}
	if len(view.config.Kernels) == 0 {
		if view.config.Blscfg {
			return o, fmt.Errorf("cannot tell what boots: %s leaves its entries to files of the Boot Loader Specification", path)
		}
		return o, fmt.Errorf("cannot tell what boots: %s loads no kernel", path)
	}
	r.describe(&o, view)
	var found kernelArgumentFound
	if err := r.running(h, &o, &found); err != nil {
		return o, err
	}
	if !view.right() {
		if found.changes, err = r.plan(h, path, view); err != nil {
			return o, err
		}
	}
	o.State = found
	return o, nil
}

func (r kernelArgument) look(h host.Reader, path string) (kernelArgumentView, error) {
	var v kernelArgumentView
	var err error
	if v.config, err = grub.Load(h, path); err != nil {
		return v, err
	}
	for _, k := range v.config.Kernels {
		if !r.right(k.Args) {
			v.kernels = append(v.kernels, k)
		}
	}
	s, err := grub.LoadSettings(h)
	if err != nil || !s.Exists {
		return v, err
	}
	for _, linux := range s.Value("GRUB_CMDLINE_LINUX") {
		for _, more := range s.Value("GRUB_CMDLINE_LINUX_DEFAULT") {
			if !linux.Known || !more.Known {
				return v, fmt.Errorf("cannot tell what %s comes to: %s", grub.Defaults, linux.Why+more.Why)
			}
			v.from, v.defaults = linux.From, more.From
			alone := r.right(strings.Fields(linux.Text))
			v.linux = v.linux || !alone
			v.settings = v.settings || !alone || !r.right(strings.Fields(linux.Text+" "+more.Text))
		}
	}
	return v, nil
}

func (r kernelArgument) describe(o *rule.Observation, v kernelArgumentView) {
	var values, why []string
	for _, k := range v.config.Kernels {
		text := "no " + r.name
		if value, ok := grub.Argument(k.Args, r.name); ok {
			text = r.name + "=" + value
		}
		if !slices.Contains(values, text) {
			values = append(values, text)
		}
		wrong := slices.ContainsFunc(v.kernels, func(w grub.Command) bool { return w.Line == k.Line })
		o.Sources = append(o.Sources, rule.Source{Path: v.config.Path, Line: k.Line, Text: strings.TrimSpace(k.Text), Wins: true})
		if wrong {
			why = append(why, fmt.Sprintf("%s:%d boots with %s", v.config.Path, k.Line, text))
		}
	}
	o.Persisted = strings.Join(values, "; ")
	for _, p := range []shell.Place{v.from, v.defaults} {
		if p.Path != "" {
			o.Sources = append(o.Sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text})
		}
	}
	if v.settings {
		what := "without it"
		if r.absent {
			what = "with another value"
		}
		why = append(why, "the next grub.cfg that is generated from "+grub.Defaults+" would boot "+what)
	}
	o.Message = "every kernel boots as it should: " + r.expected()
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
}

func (r kernelArgument) running(h host.Reader, o *rule.Observation, found *kernelArgumentFound) error {
	if h.Running() == nil {
		return nil
	}
	content, err := h.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("cannot read /proc/cmdline: %w", err)
	}
	o.Running = "no " + r.name
	args := strings.Fields(string(content))
	if value, ok := grub.Argument(args, r.name); ok {
		o.Running = r.name + "=" + value
	}
	if !r.right(args) {
		found.running = o.Running
	}
	return nil
}

func (r kernelArgument) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(kernelArgumentFound)
	if found.running == "" {
		return found.changes
	}
	return append(slices.Clip(found.changes), rule.Unfixable{
		Subject: "/proc/cmdline", Reason: "the kernel that runs was started with " + found.running + ", and arguments take effect at the next boot", Of: rule.Running,
	})
}

// plan changes grub.cfg where it stands, so that the next boot sees it, and what grub.cfg is generated
// from, so that an update of the kernel keeps it.
func (r kernelArgument) plan(h host.Reader, path string, v kernelArgumentView) ([]rule.Change, error) {
	config := rule.EditFile{Path: path, Secret: grub.HoldsSecret([]byte(strings.Join(v.config.Lines, "\n")))}
	for _, k := range v.kernels {
		config.Edits = append(config.Edits, rule.Edit{Op: rule.ExtendLine, Line: k.Line, Old: k.Text, New: []string{" " + r.text()}})
	}
	var fixed []rule.Change
	if len(config.Edits) > 0 {
		fixed = append(fixed, config)
	}
	for _, way := range r.ways(v) {
		changes := slices.Concat(fixed, way)
		after := host.NewOverlay(h)
		for _, c := range changes {
			if err := grubPreview(h, after, c.(rule.EditFile)); err != nil {
				return nil, err
			}
		}
		if view, err := r.look(after, path); err == nil && view.right() {
			return changes, nil
		}
	}
	return []rule.Change{rule.Unfixable{Subject: path, Reason: "no edit of single lines makes every kernel boot with " + r.text(), Of: rule.Persisted}}, nil
}

// ways lists where the generator's setting could be put: a drop-in, after the line that decides, and at
// the end of the file.
func (r kernelArgument) ways(v kernelArgumentView) [][]rule.Change {
	if !v.settings {
		return [][]rule.Change{nil}
	}
	line := func(name string) string { return fmt.Sprintf("%s=\"$%s %s\"", name, name, r.text()) }
	var both []string
	if v.linux {
		both = append(both, line("GRUB_CMDLINE_LINUX"))
	}
	withDefault := append(slices.Clone(both), line("GRUB_CMDLINE_LINUX_DEFAULT"))
	edit := func(path string, e rule.Edit, lines []string) []rule.Change {
		e.New = lines
		c := rule.EditFile{Path: path, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{e}}
		if path == grubDropIn {
			c.Header = Header
		}
		return []rule.Change{c}
	}
	var out [][]rule.Change
	for _, lines := range [][]string{both, withDefault} {
		if len(lines) == 0 {
			continue
		}
		out = append(out, edit(grubDropIn, rule.Edit{Op: rule.Append}, lines))
		for _, p := range []shell.Place{v.from, v.defaults} {
			if p.Path != "" && p.Path != grubDropIn {
				out = append(out, edit(p.Path, rule.Edit{Op: rule.InsertAfter, Line: p.Line}, lines))
			}
		}
		out = append(out, edit(grub.Defaults, rule.Edit{Op: rule.Append}, lines))
	}
	return out
}

// grubPreview makes an edit on an overlay.
func grubPreview(h host.Files, after *host.Overlay, c rule.EditFile) error {
	var lines []string
	if content, err := h.ReadFile(c.Path); err == nil {
		if text := strings.TrimSuffix(string(content), "\n"); text != "" {
			lines = strings.Split(text, "\n")
		}
	}
	plain := make([]rule.Edit, len(c.Edits))
	for i, e := range c.Edits {
		if e.Op == rule.ExtendLine {
			e.Op, e.New = rule.ReplaceLine, []string{e.Old + e.New[0]}
		}
		plain[i] = e
	}
	return after.Put(c.Path, []byte(strings.Join(editedLines(lines, plain), "\n")+"\n"), c.Create)
}
