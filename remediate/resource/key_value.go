package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/keyvalue"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// keyValueKind is one setting of a file of single settings: login.defs, the defaults of useradd,
// pwquality.conf, faillock.conf, and plain NAME=value files.
func keyValueKind() Kind { return Kind{Name: "key_value", New: newKeyValue} }

type keyValue struct {
	key, file string
	format    keyvalue.Format
	value     *string
	min, max  *int
	allow     []string
	present   *bool
}

func newKeyValue(name string, decode Decode) (Resource, error) {
	var body struct {
		File    string    `hcl:"file"`
		Value   *string   `hcl:"value,optional"`
		Min     *int      `hcl:"min,optional"`
		Max     *int      `hcl:"max,optional"`
		Allow   *[]string `hcl:"allow,optional"`
		Present *bool     `hcl:"present,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name == "" || strings.ContainsAny(name, "= \t\n#") {
		return nil, fmt.Errorf("%q is not the name of a setting", name)
	}
	if !path.IsAbs(body.File) || path.Clean(body.File) != body.File {
		return nil, fmt.Errorf("file %q is not an absolute path in its shortest form", body.File)
	}
	k := keyValue{key: name, file: body.File, format: keyvalue.FormatOf(body.File), value: body.Value, min: body.Min, max: body.Max, present: body.Present}
	if body.Allow != nil {
		k.allow = *body.Allow
	}
	goals := 0
	for _, set := range []bool{k.value != nil, k.min != nil || k.max != nil, k.present != nil} {
		if set {
			goals++
		}
	}
	switch {
	case goals != 1:
		return nil, errors.New("exactly one of value, present, and min or max is needed")
	case k.min != nil && k.max != nil && *k.min > *k.max:
		return nil, fmt.Errorf("min %d is above max %d", *k.min, *k.max)
	case k.present != nil && len(k.allow) > 0:
		return nil, errors.New("allow has no meaning with present")
	case k.value != nil && (*k.value == "" || strings.TrimSpace(*k.value) != *k.value || strings.ContainsAny(*k.value, "\n#")):
		return nil, fmt.Errorf("value %q is not a value on one line", *k.value)
	}
	return k, nil
}

func (k keyValue) Ref() rule.Ref { return rule.Ref{Kind: "key_value", Name: k.key} }

// right reports whether a value is as wanted.
func (k keyValue) right(value string, flag bool) bool {
	switch {
	case k.present != nil:
		return *k.present
	case flag:
		return false
	case slices.Contains(k.allow, value):
		return true
	case k.value != nil:
		return value == *k.value
	}
	n, err := k.format.Numbers(value)
	return err == nil && (k.min == nil || n >= int64(*k.min)) && (k.max == nil || n <= int64(*k.max))
}

// target is the value that a change writes.
func (k keyValue) target() string {
	switch {
	case k.value != nil:
		return *k.value
	case k.max != nil:
		return strconv.Itoa(*k.max)
	}
	return strconv.Itoa(*k.min)
}

func (k keyValue) expected() string {
	also := ""
	if len(k.allow) > 0 {
		also = ", or " + strings.Join(k.allow, " or ")
	}
	switch {
	case k.present != nil && *k.present:
		return k.key + " is set"
	case k.present != nil:
		return k.key + " is not set"
	case k.value != nil:
		return k.key + " = " + *k.value + also
	case k.min == nil:
		return fmt.Sprintf("%s is at most %d%s", k.key, *k.max, also)
	case k.max == nil:
		return fmt.Sprintf("%s is at least %d%s", k.key, *k.min, also)
	}
	return fmt.Sprintf("%s is between %d and %d%s", k.key, *k.min, *k.max, also)
}

type keyValueFound struct {
	wrong []keyvalue.Entry // lines of the files that deviate and count
	add   bool             // no line speaks, and the default is wrong
	// addTo is the file that gets the new line, its own file a drop-in of the project.
	addTo  string
	dropIn bool
	args   []moduleArg // arguments in PAM stacks that deviate
}

func (k keyValue) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: k.expected()}
	f, err := keyvalue.Read(h, k.file)
	if err != nil {
		return o, err
	}
	if reason, err := k.nothingReads(h, f); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	if f.Broken != nil {
		return o, fmt.Errorf("cannot tell what %s says: %s:%d: %s, and libpwquality then reads none of it", k.key, f.Broken.Path, f.Broken.Line, f.Reason)
	}
	found := keyValueFound{addTo: k.file}
	if dir := f.Format.DropIns; dir != "" && !(h.Info().OS == "ubuntu" && h.Info().Version == "16.04") {
		// Ubuntu 16.04's libpwquality 1.3 knows no drop-ins.
		found.addTo, found.dropIn = dir+"/60-harden.conf", true
	}
	var why []string
	all := f.All(k.key)
	for i, e := range all {
		last := i == len(all)-1
		o.Sources = append(o.Sources, rule.Source{Path: e.Path, Line: e.Line, Text: e.Text, Wins: last})
		// Shadow's programs take the last line of login.defs and PAM's modules the first, so there all count.
		counts := last || f.Format.Name == "login.defs" || k.present != nil && !*k.present
		if counts && !k.right(e.Value, e.Flag) {
			found.wrong = append(found.wrong, e)
			why = append(why, fmt.Sprintf("%s:%d says %q", e.Path, e.Line, strings.Join(strings.Fields(e.Text), " ")))
		}
	}
	if len(all) > 0 {
		last := all[len(all)-1]
		o.Persisted = fmt.Sprintf("%s = %s (%s:%d)", k.key, last.Value, last.Path, last.Line)
		if last.Flag {
			o.Persisted = fmt.Sprintf("%s is set (%s:%d)", k.key, last.Path, last.Line)
		}
		o.Message = "the line that decides is right"
	} else {
		k.withoutLine(f, &o, &found, &why)
	}
	found.args, err = k.arguments(h)
	if err != nil {
		return o, err
	}
	for _, a := range found.args {
		o.Sources = append(o.Sources, rule.Source{Path: a.path, Line: a.line, Text: a.text, Wins: true})
		why = append(why, fmt.Sprintf("%s:%d overrides it with the argument %s", a.path, a.line, a.arg))
	}
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
	o.State = found
	return o, nil
}

// withoutLine works out what holds where no line speaks.
func (k keyValue) withoutLine(f keyvalue.File, o *rule.Observation, found *keyValueFound, why *[]string) {
	o.Persisted = k.key + " is not set"
	if k.present != nil {
		if *k.present {
			found.add = true
			*why = append(*why, "no line of "+k.file+" sets it")
		} else {
			o.Message = "no line sets it"
		}
		return
	}
	value, known := f.Default(k.key)
	if known {
		o.Persisted = fmt.Sprintf("%s = %s (built in)", k.key, value)
	}
	if known && k.right(value, false) {
		o.Message = "no line sets it, and the built-in value is right"
		return
	}
	found.add = true
	*why = append(*why, "no line of "+k.file+" sets it")
}

// nothingReads is the reason why the file does not matter on this machine.
func (k keyValue) nothingReads(h host.Reader, f keyvalue.File) (string, error) {
	if f.Exists || len(f.Entries) > 0 {
		return "", nil
	}
	if module := moduleOf(f.Format); module != "" {
		if !moduleInstalled(h, module) {
			return module + " is not installed", nil
		}
		return "", nil
	}
	if f.Format.Name == "generic" {
		return "", nil
	}
	for _, program := range []string{"/usr/sbin/useradd", "/sbin/useradd", "/usr/bin/useradd"} {
		if _, err := h.Stat(program); err == nil {
			return "", nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("cannot look for %s: %w", program, err)
		}
	}
	return "neither " + k.file + " nor useradd is there", nil
}

func (k keyValue) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(keyValueFound)
	var changes []rule.Change
	for _, e := range found.wrong {
		edit := rule.Edit{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text}
		if k.present != nil {
			edit.Op = rule.DeleteLine
		} else {
			edit.New = []string{e.With(k.target())}
		}
		changes = append(changes, rule.EditFile{Path: e.Path, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{edit}})
	}
	if found.add {
		line := k.key
		if k.present == nil {
			line += k.format.Separator + k.target()
		}
		c := rule.EditFile{Path: found.addTo, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{{Op: rule.Append, New: []string{line}}}}
		if found.dropIn {
			c.Header = Header
		}
		changes = append(changes, c)
	}
	for _, a := range found.args {
		changes = append(changes, a.change(k))
	}
	return changes
}
