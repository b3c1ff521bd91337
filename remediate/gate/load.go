package gate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// maxSize bounds a policy, in bytes; maxDepth its nesting, because the HCL parser recurses.
const (
	maxSize  = 1 << 20
	maxDepth = 100
)

// Load reads a policy file. An error lists every problem with file and line.
func Load(file string) (*Policy, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read policy: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read policy: %w", err)
	}
	if len(src) > maxSize {
		return nil, fmt.Errorf("cannot read policy: %s is larger than %d bytes", file, maxSize)
	}
	return Parse(file, src)
}

// Parse reads a policy from memory; name is for messages.
func Parse(name string, src []byte) (*Policy, error) {
	if deep(src) {
		return nil, fmt.Errorf("cannot load policy: %s nests more than %d levels", name, maxDepth)
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, problems(diags)
	}
	var doc document
	if diags := gohcl.DecodeBody(file.Body, nil, &doc); diags.HasErrors() {
		return nil, problems(diags)
	}
	l := loader{body: file.Body.(*hclsyntax.Body)}
	p := l.policy(doc)
	if l.diags.HasErrors() {
		return nil, problems(l.diags)
	}
	return p, nil
}

func deep(src []byte) bool {
	depth, deepest := 0, 0
	for _, c := range src {
		switch c {
		case '{', '[', '(':
			depth++
			deepest = max(deepest, depth)
		case '}', ']', ')':
			depth--
		}
	}
	return deepest > maxDepth || bytes.Count(src, []byte("!"))+bytes.Count(src, []byte("-")) > 100*maxDepth
}

// problems joins diagnostics, each with its place.
func problems(diags hcl.Diagnostics) error {
	var errs []error
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			errs = append(errs, errors.New(place(d.Subject)+d.Summary+": "+d.Detail))
		}
	}
	return fmt.Errorf("cannot load policy:\n%w", errors.Join(errs...))
}

func place(at *hcl.Range) string {
	if at == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", at.Filename, at.Start.Line)
}

type document struct {
	MaxAge   string   `hcl:"max_age,optional"`
	Reach    int      `hcl:"reach,optional"`
	Profiles []string `hcl:"profiles,optional"`
	Levels   []struct {
		Level         string `hcl:"level,label"`
		Fail          *int   `hcl:"fail,optional"`
		Error         *int   `hcl:"error,optional"`
		NotObservable *int   `hcl:"not_observable,optional"`
		Manual        *int   `hcl:"manual,optional"`
		Waived        *int   `hcl:"waived,optional"`
	} `hcl:"level,block"`
	Severities []struct {
		Name          string   `hcl:"name,label"`
		Match         []string `hcl:"match,optional"`
		Fail          *int     `hcl:"fail,optional"`
		Error         *int     `hcl:"error,optional"`
		NotObservable *int     `hcl:"not_observable,optional"`
		Manual        *int     `hcl:"manual,optional"`
		Waived        *int     `hcl:"waived,optional"`
	} `hcl:"severity,block"`
	Graces []struct {
		Target string `hcl:"target,label"`
		Until  string `hcl:"until"`
		Why    string `hcl:"why"`
	} `hcl:"grace,block"`
	Waivers *struct {
		Reasons []string `hcl:"reasons,optional"`
		Owners  []string `hcl:"owners,optional"`
		Origins []string `hcl:"origins,optional"`
		Longest string   `hcl:"longest,optional"`
	} `hcl:"waivers,block"`
}

type loader struct {
	body  *hclsyntax.Body
	diags hcl.Diagnostics
}

// wrong points at the nth block of a type, or at the attribute of the file when type is empty.
func (l *loader) wrong(kind string, n int, attribute, summary, format string, args ...any) {
	body, at := l.body, l.body.MissingItemRange()
	if kind != "" {
		i := 0
		for _, b := range l.body.Blocks {
			if b.Type != kind {
				continue
			}
			if i == n {
				body, at = b.Body, b.DefRange()
				break
			}
			i++
		}
	}
	if a := body.Attributes[attribute]; a != nil {
		at = a.SrcRange
	}
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: at.Ptr()})
}

func (l *loader) policy(doc document) *Policy {
	p := &Policy{Reach: doc.Reach, Profiles: doc.Profiles}
	p.MaxAge = l.duration("", 0, "max_age", doc.MaxAge)
	if doc.Reach < 0 || doc.Reach > 2 {
		l.wrong("", 0, "reach", "Unknown level", "A level is 1 or 2, not %d.", doc.Reach)
	}
	l.patterns("", 0, "profiles", doc.Profiles)
	for i, b := range doc.Levels {
		level, err := strconv.Atoi(b.Level)
		if err != nil || level < 1 || level > 2 {
			l.wrong("level", i, "", "Unknown level", "A level is \"1\" or \"2\", not %q.", b.Level)
		}
		if slices.ContainsFunc(p.Levels, func(have Level) bool { return have.Level == level }) {
			l.wrong("level", i, "", "Level twice", "Level %d has a block already.", level)
		}
		p.Levels = append(p.Levels, Level{level, l.limits("level", i, b.Fail, b.Error, b.NotObservable, b.Manual, b.Waived)})
	}
	for i, b := range doc.Severities {
		switch {
		case b.Match != nil && len(b.Match) == 0:
			l.wrong("severity", i, "match", "Nothing matched", "An empty list names no rule. Without it, the rules of that severity are meant.")
		case b.Match == nil && !slices.Contains(profile.Severities(), b.Name):
			l.wrong("severity", i, "", "Unknown severity", "%q is not one of %s. A name of your own needs match, with the rules that it stands for.", b.Name, words(profile.Severities()))
		}
		l.patterns("severity", i, "match", b.Match)
		p.Severities = append(p.Severities, Severity{b.Name, b.Match, l.limits("severity", i, b.Fail, b.Error, b.NotObservable, b.Manual, b.Waived)})
	}
	for i, b := range doc.Graces {
		if _, err := time.Parse(time.DateOnly, b.Until); err != nil {
			l.wrong("grace", i, "until", "Bad date", "%q is not a date of the form YYYY-MM-DD.", b.Until)
		}
		if strings.TrimSpace(b.Why) == "" {
			l.wrong("grace", i, "why", "No reason", "A grace period says why.")
		}
		if strings.ContainsAny(b.Target, `*?[\`) {
			l.wrong("grace", i, "", "Grace for a pattern", "A grace period is for one rule or control, not for %q.", b.Target)
		}
		p.Graces = append(p.Graces, Grace{b.Target, b.Until, b.Why})
	}
	l.waivers(doc, p)
	return p
}

func (l *loader) waivers(doc document, p *Policy) {
	if doc.Waivers == nil {
		return
	}
	w := doc.Waivers
	for _, r := range w.Reasons {
		if !slices.Contains(rule.Reasons(), rule.Reason(r)) {
			l.wrong("waivers", 0, "reasons", "Unknown waiver reason", "%q is not a reason; reasons are %s.", r, words(rule.Reasons()))
		}
		p.Waivers.Reasons = append(p.Waivers.Reasons, rule.Reason(r))
	}
	origins := []rule.Origin{rule.VendorWaiver, rule.OperatorWaiver}
	for _, o := range w.Origins {
		if !slices.Contains(origins, rule.Origin(o)) {
			l.wrong("waivers", 0, "origins", "Unknown origin", "%q is not one of %s.", o, words(origins))
		}
		p.Waivers.Origins = append(p.Waivers.Origins, rule.Origin(o))
	}
	l.patterns("waivers", 0, "owners", w.Owners)
	p.Waivers.Owners = w.Owners
	p.Waivers.Longest = l.duration("waivers", 0, "longest", w.Longest)
}

func words[S ~string](list []S) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

func (l *loader) patterns(kind string, n int, attribute string, list []string) {
	for _, p := range list {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			l.wrong(kind, n, attribute, "Bad pattern", "%q is not a pattern: * stands for any text without a slash, ? for a character.", p)
		}
	}
}

func (l *loader) limits(kind string, n int, fail, errs, unseen, manual, waived *int) Limits {
	limits := strict()
	for _, f := range []struct {
		name  string
		given *int
		to    *int
	}{
		{"fail", fail, &limits.Fail}, {"error", errs, &limits.Error}, {"not_observable", unseen, &limits.NotObservable},
		{"manual", manual, &limits.Manual}, {"waived", waived, &limits.Waived},
	} {
		if f.given == nil {
			continue
		}
		if *f.given < 0 {
			l.wrong(kind, n, f.name, "Negative limit", "%d is less than none.", *f.given)
		}
		*f.to = *f.given
	}
	return limits
}

// duration reads Go's form, and days as 30d.
func (l *loader) duration(kind string, n int, attribute, text string) time.Duration {
	if text == "" {
		return 0
	}
	var d time.Duration
	var err error
	if count, ok := strings.CutSuffix(text, "d"); ok {
		var whole int
		whole, err = strconv.Atoi(count)
		if whole > 36500 {
			err = errors.New("too long")
		}
		d = time.Duration(whole) * 24 * time.Hour
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d <= 0 {
		l.wrong(kind, n, attribute, "Bad duration", "%q is not a duration such as \"30d\" or \"12h\".", text)
	}
	return d
}
