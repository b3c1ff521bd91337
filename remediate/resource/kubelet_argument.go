package resource

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/kubelet"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// kubeletArgumentKind is one setting of the kubelet, wherever it is given.
func kubeletArgumentKind() Kind { return Kind{Name: "kubelet_argument", New: newKubeletArgument} }

// kubeProxyArgumentKind is the same of a kube-proxy that is a service of the machine.
func kubeProxyArgumentKind() Kind {
	return Kind{Name: "kube_proxy_argument", New: newKubeProxyArgument}
}

type kubeletArgument struct {
	of   kubeProgram
	arg  kubelet.Argument
	want kubeletWant
}

// kubeProgram is one of the two programs whose arguments are looked at.
type kubeProgram struct {
	kind, name string
	known      []kubelet.Argument
	read       func(host.Files) (*kubelet.Kubelet, error)
}

type kubeletWant struct {
	Value *string  `hcl:"value,optional"`
	OneOf []string `hcl:"one_of,optional"`
	Not   []string `hcl:"not,optional"`
	Min   *string  `hcl:"min,optional"`
	Max   *string  `hcl:"max,optional"`
	Set   *string  `hcl:"set,optional"`
}

func newKubeletArgument(name string, decode Decode) (Resource, error) {
	return newKubeArgument(kubeProgram{"kubelet_argument", "kubelet", kubelet.Known(), kubelet.Read}, name, decode)
}

func newKubeProxyArgument(name string, decode Decode) (Resource, error) {
	return newKubeArgument(kubeProgram{"kube_proxy_argument", "kube-proxy", kubelet.KnownProxy(), kubelet.ReadProxy}, name, decode)
}

func newKubeArgument(of kubeProgram, name string, decode Decode) (Resource, error) {
	var w kubeletWant
	if err := decode(&w); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(of.known, func(a kubelet.Argument) bool { return a.Flag == strings.TrimPrefix(name, "--") })
	if i < 0 {
		var known []string
		for _, a := range of.known {
			known = append(known, a.Flag)
		}
		return nil, fmt.Errorf("%q is not a %s argument that is known here: %s", name, of.name, strings.Join(known, ", "))
	}
	arg := of.known[i]
	k := kubeletArgument{of: of, arg: arg, want: w}
	if w.Value == nil && len(w.OneOf) == 0 && len(w.Not) == 0 && w.Min == nil && w.Max == nil {
		return nil, fmt.Errorf("a %s needs one of value, one_of, not, min, max", of.kind)
	}
	if (w.Min != nil || w.Max != nil) && arg.Type != kubelet.Int && arg.Type != kubelet.Duration {
		return nil, fmt.Errorf("min and max are for numbers and durations, and %s is neither", arg.Flag)
	}
	for _, v := range slices.Concat(w.OneOf, w.Not, deref(w.Value), deref(w.Min), deref(w.Max), deref(w.Set)) {
		if v == "" && arg.Type == kubelet.String {
			continue
		}
		if _, err := arg.Normal(v); err != nil {
			return nil, fmt.Errorf("argument %s: %w", arg.Flag, err)
		}
	}
	if w.Set != nil {
		if err := k.judge(*w.Set, false); err != nil {
			return nil, fmt.Errorf("set is %q, which the rule itself refuses: %w", *w.Set, err)
		}
	}
	return k, nil
}

func deref(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

func (k kubeletArgument) Ref() rule.Ref { return rule.Ref{Kind: k.of.kind, Name: k.arg.Flag} }

// errDeviates wraps why a value does not do; another error means that the value is no value.
var errDeviates = errors.New("deviates")

// judge says whether a value does.
func (k kubeletArgument) judge(value string, isDefault bool) error {
	if value == "" && isDefault && k.arg.Type != kubelet.String && k.arg.Type != kubelet.List {
		return nil
	}
	v, err := k.arg.Normal(value)
	if err != nil {
		return err
	}
	same := func(o string) bool { n, err := k.arg.Normal(o); return err == nil && n == v }
	w := k.want
	if w.Value != nil && *w.Value == "" && v != "" {
		return fmt.Errorf("%w: it must not be set", errDeviates)
	}
	if w.Value != nil && !same(*w.Value) {
		return fmt.Errorf("%w: it is not %s", errDeviates, *w.Value)
	}
	if len(w.OneOf) > 0 {
		items := []string{v}
		if k.arg.Type == kubelet.List {
			items = strings.Split(v, ",")
		}
		for _, item := range items {
			if !slices.ContainsFunc(w.OneOf, func(o string) bool { n, err := k.arg.Normal(o); return err == nil && n == item }) {
				return fmt.Errorf("%w: %q is none of %s", errDeviates, item, strings.Join(w.OneOf, ", "))
			}
		}
	}
	if slices.ContainsFunc(w.Not, same) {
		return fmt.Errorf("%w: %q is refused", errDeviates, value)
	}
	if w.Min != nil && k.less(v, *w.Min) {
		return fmt.Errorf("%w: it is less than %s", errDeviates, *w.Min)
	}
	if w.Max != nil && k.less(*w.Max, v) {
		return fmt.Errorf("%w: it is more than %s", errDeviates, *w.Max)
	}
	return nil
}

func (k kubeletArgument) less(a, b string) bool {
	if k.arg.Type == kubelet.Duration {
		x, _ := time.ParseDuration(a)
		y, _ := time.ParseDuration(b)
		return x < y
	}
	x, _ := strconv.ParseInt(a, 0, 64)
	y, _ := strconv.ParseInt(b, 0, 64)
	return x < y
}

type kubeletFound struct {
	kubelet *kubelet.Kubelet
	setting kubelet.Setting
	err     error // of judge, wrapping errDeviates
}

func (k kubeletArgument) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: k.expected()}
	kl, err := k.of.read(h)
	if errors.Is(err, kubelet.ErrNoKubelet) || errors.Is(err, kubelet.ErrNoProxy) {
		o.NotApplicable = err.Error()
		return o, nil
	}
	if err != nil {
		return o, err
	}
	s, err := kl.Lookup(k.arg)
	if err != nil {
		return o, err
	}
	o.Persisted = s.Value
	o.Sources = []rule.Source{k.source(kl, s)}
	if s.Flag == nil {
		for _, c := range kl.Configs {
			if !c.Exists {
				o.NotObservable = fmt.Sprintf("the %s reads %s, which is not there yet: it is made when the node starts", k.of.name, c.Path)
				return o, nil
			}
		}
	}
	found := kubeletFound{kubelet: kl, setting: s, err: k.judge(s.Value, !s.Set)}
	if found.err != nil && !errors.Is(found.err, errDeviates) {
		return o, fmt.Errorf("cannot read %s of the %s in %s: %w", k.arg.Flag, k.of.name, o.Sources[0].Path, found.err)
	}
	o.Message = k.message(s, found.err)
	o.State = found
	return o, nil
}

func (k kubeletArgument) source(kl *kubelet.Kubelet, s kubelet.Setting) rule.Source {
	switch {
	case s.Flag != nil:
		from := s.Flag.Words[len(s.Flag.Words)-1].From
		// A variable may hold a secret beside the flag, so only the flag is shown.
		return rule.Source{Path: from.Path, Line: from.Line, Text: "--" + s.Flag.Name + "=" + s.Flag.Value, Wins: true}
	case s.File != nil:
		text := ""
		if lines := strings.Split(s.File.Text, "\n"); s.Line > 0 && s.Line <= len(lines) {
			text = strings.TrimSpace(lines[s.Line-1])
		}
		return rule.Source{Path: s.File.Path, Line: s.Line, Text: text, Wins: true}
	}
	return rule.Source{Path: kl.Unit.Fragment, Wins: true}
}

func (k kubeletArgument) message(s kubelet.Setting, err error) string {
	var how string
	switch {
	case s.Flag != nil:
		how = "is " + strconv.Quote(s.Value) + " by a flag"
	case s.File != nil:
		how = "is " + strconv.Quote(s.Value) + " by the configuration file"
	case s.Value == "":
		how = "is not set"
	default:
		how = "is not set, and the " + k.of.name + "'s default is " + strconv.Quote(s.Value)
	}
	msg := k.arg.Flag + " " + how
	if err != nil {
		msg += "; " + strings.TrimPrefix(err.Error(), errDeviates.Error()+": ")
	}
	return msg
}

func (k kubeletArgument) expected() string {
	var parts []string
	w := k.want
	if w.Value != nil {
		parts = append(parts, "is "+strconv.Quote(*w.Value))
	}
	if len(w.OneOf) > 0 {
		parts = append(parts, "is one of "+strings.Join(w.OneOf, ", "))
	}
	for _, n := range w.Not {
		parts = append(parts, "is not "+strconv.Quote(n))
	}
	if w.Min != nil {
		parts = append(parts, "is at least "+*w.Min)
	}
	if w.Max != nil {
		parts = append(parts, "is at most "+*w.Max)
	}
	return k.arg.Flag + " " + strings.Join(parts, ", ")
}

// target is the value that a change brings about.
func (k kubeletArgument) target() (string, bool) {
	w := k.want
	candidates := slices.Concat(deref(w.Set), deref(w.Value))
	if k.arg.Type == kubelet.List && len(w.OneOf) > 0 {
		candidates = append(candidates, strings.Join(w.OneOf, ","))
	} else {
		candidates = append(candidates, w.OneOf...)
	}
	candidates = append(candidates, k.arg.Default)
	// The upper bound first: what a pod may have at most is a limit, what it must have at least may be no use.
	candidates = slices.Concat(candidates, deref(w.Max), deref(w.Min))
	for _, c := range candidates {
		if c != "" && k.judge(c, false) == nil {
			return c, true
		}
	}
	return "", false
}

func (k kubeletArgument) Diff(o rule.Observation) []rule.Change {
	found := o.State.(kubeletFound)
	if found.err == nil {
		return nil
	}
	refuse := func(reason string) []rule.Change {
		return []rule.Change{rule.Unfixable{Subject: k.arg.Flag, Reason: reason, Of: rule.Persisted}}
	}
	value, ok := k.target()
	switch {
	case !ok && k.want.Value != nil:
		return refuse("what else depends on it is not known here: take it out where it is set")
	case !ok:
		return refuse("the rule does not say which value to set")
	}
	s := found.setting
	if s.Flag != nil {
		return k.editFlag(s, value, refuse)
	}
	file := s.File
	if file == nil && len(found.kubelet.Configs) > 0 {
		file = &found.kubelet.Configs[0]
	}
	if file == nil || k.arg.Field == "" {
		return k.addFlag(found.kubelet, value, refuse)
	}
	lines, err := file.SetField(k.arg, value)
	if err != nil {
		return refuse(err.Error())
	}
	edit := rule.EditFile{Path: file.Path}
	for _, l := range lines {
		switch {
		case l.Old == "" && l.Line > strings.Count(strings.TrimSuffix(file.Text, "\n"), "\n")+1:
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.Append, New: l.With})
		case len(l.With) > 1 && l.With[0] == l.Old:
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.InsertAfter, Line: l.Line, Old: l.Old, New: l.With[1:]})
		case len(l.With) == 0:
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.DeleteLine, Line: l.Line, Old: l.Old})
		default:
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.ReplaceLine, Line: l.Line, Old: l.Old, New: l.With})
		}
	}
	return []rule.Change{edit}
}

func (k kubeletArgument) editFlag(s kubelet.Setting, value string, refuse func(string) []rule.Change) []rule.Change {
	from := s.Flag.Words[0].From
	raw, ok := s.Flag.InCommand(from.Raw, value)
	if !ok {
		return refuse(fmt.Sprintf("%s:%d gives --%s in a way that cannot be edited", from.Path, from.Line, s.Flag.Name))
	}
	edit := rule.EditFile{Path: from.Path}
	for i := range raw {
		if raw[i] != from.Raw[i] {
			edit.Edits = append(edit.Edits, rule.Edit{Op: rule.ReplaceLine, Line: from.Line + i, Old: from.Raw[i], New: []string{raw[i]}})
		}
	}
	return []rule.Change{edit}
}

// addFlag gives the kubelet a flag where it has no configuration file that could hold the field.
func (k kubeletArgument) addFlag(kl *kubelet.Kubelet, value string, refuse func(string) []rule.Change) []rule.Change {
	starts := kl.Unit.List("Service", "ExecStart")
	for _, a := range starts {
		if !strings.Contains(a.Value, k.of.name) || strings.Contains(a.Value, " ; ") {
			continue
		}
		last := len(a.Raw) - 1
		line := a.Raw[last]
		return []rule.Change{rule.EditFile{Path: path.Clean(a.Path), Edits: []rule.Edit{{
			Op: rule.ReplaceLine, Line: a.Line + last, Old: line, New: []string{strings.TrimRight(line, " \t") + " --" + k.arg.Flag + "=" + value},
		}}}}
	}
	return refuse("no single ExecStart= line could take the flag")
}
