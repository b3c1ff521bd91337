package resource

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
)

// sshdWish is the body of an sshd block: one way of saying which values are right.
type sshdWish struct {
	Value     *string  `hcl:"value,optional"`
	OneOf     []string `hcl:"one_of,optional"`
	Min       *string  `hcl:"min,optional"`
	Max       *string  `hcl:"max,optional"`
	Allowed   []string `hcl:"allowed,optional"`
	Forbidden []string `hcl:"forbidden,optional"`
	Contains  []string `hcl:"contains,optional"`

	shape sshd.Shape
}

func (w sshdWish) check(keyword string, shape sshd.Shape) error {
	bounds := w.Min != nil || w.Max != nil
	lists := len(w.Allowed) > 0 || len(w.Forbidden) > 0
	ways := 0
	for _, used := range []bool{w.Value != nil, len(w.OneOf) > 0, bounds, lists, len(w.Contains) > 0} {
		if used {
			ways++
		}
	}
	if ways != 1 {
		return errors.New("exactly one of value, one_of, min and max, allowed and forbidden, or contains says what is right")
	}
	switch {
	case lists && shape != sshd.ShapeAlgorithms:
		return fmt.Errorf("%s is not a list of algorithms: allowed and forbidden have no meaning", keyword)
	case len(w.Contains) > 0 && shape != sshd.ShapeList:
		return fmt.Errorf("%s is not a list that lines add to: contains has no meaning", keyword)
	case bounds && shape != sshd.ShapeNumber && shape != sshd.ShapeTime && shape != sshd.ShapeStartups:
		return fmt.Errorf("%s is not a number or a time: min and max have no meaning", keyword)
	case shape == sshd.ShapeStartups && w.Min != nil:
		return fmt.Errorf("%s has only an upper bound", keyword)
	}
	for _, text := range w.texts() {
		if strings.TrimSpace(text) == "" {
			return errors.New("a value is empty, and sshd does not start with an empty value")
		}
		if strings.ContainsAny(text, "\n\r\x00") {
			return fmt.Errorf("%q does not fit on one line", text)
		}
	}
	return w.checkBounds(shape)
}

func (w sshdWish) texts() []string {
	all := slices.Concat(w.OneOf, w.Allowed, w.Forbidden, w.Contains)
	for _, p := range []*string{w.Value, w.Min, w.Max} {
		if p != nil {
			all = append(all, *p)
		}
	}
	return all
}

func (w sshdWish) checkBounds(shape sshd.Shape) error {
	if shape == sshd.ShapeStartups {
		if w.Max == nil {
			return nil
		}
		s, err := sshd.ParseStartups(*w.Max)
		if err == nil && s.Rate == 0 {
			err = fmt.Errorf("%q is not begin:rate:full", *w.Max)
		}
		return err
	}
	low, high := 0, math.MaxInt32
	for _, b := range []struct {
		text *string
		to   *int
	}{{w.Min, &low}, {w.Max, &high}} {
		if b.text == nil {
			continue
		}
		n, err := sshdNumber(shape, *b.text)
		if err != nil {
			return err
		}
		*b.to = n
	}
	if low > high {
		return fmt.Errorf("min %s is above max %s", *w.Min, *w.Max)
	}
	return nil
}

func sshdNumber(shape sshd.Shape, text string) (int, error) {
	if shape == sshd.ShapeTime {
		return sshd.Seconds(text)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return n, nil
}

func (w sshdWish) expected() string {
	switch {
	case w.Value != nil:
		return *w.Value
	case len(w.OneOf) > 0:
		return "one of " + strings.Join(w.OneOf, ", ")
	case w.shape == sshd.ShapeStartups:
		return *w.Max + " or stricter"
	case w.Min != nil && w.Max != nil:
		return fmt.Sprintf("from %s to %s", *w.Min, *w.Max)
	case w.Min != nil:
		return "at least " + *w.Min
	case w.Max != nil:
		return "at most " + *w.Max
	case len(w.Contains) > 0:
		return "with " + strings.Join(w.Contains, " ")
	case len(w.Allowed) > 0 && len(w.Forbidden) > 0:
		return fmt.Sprintf("within %s, without %s", strings.Join(w.Allowed, ","), strings.Join(w.Forbidden, ","))
	case len(w.Allowed) > 0:
		return "within " + strings.Join(w.Allowed, ",")
	}
	return "without " + strings.Join(w.Forbidden, ",")
}

// judgement: write is what the keyword should say instead of what it says; both empty means right.
type judgement struct{ write, hopeless string }

// judge compares values in the spelling of sshd -T with the wish.
func (w sshdWish) judge(c *sshd.Config, keyword string, values []string) (judgement, error) {
	switch {
	case w.Value != nil:
		return w.judgeWords(c, keyword, values, []string{*w.Value})
	case len(w.OneOf) > 0:
		return w.judgeWords(c, keyword, values, w.OneOf)
	case len(w.Contains) > 0:
		return w.judgeContains(values), nil
	case w.shape == sshd.ShapeAlgorithms:
		return w.judgeAlgorithms(c, keyword, values)
	case w.shape == sshd.ShapeStartups:
		return w.judgeStartups(values)
	}
	return w.judgeNumber(c, keyword, values)
}

func (w sshdWish) judgeWords(c *sshd.Config, keyword string, values, accepted []string) (judgement, error) {
	for _, text := range accepted {
		want, err := c.Read(keyword, text)
		if err != nil {
			return judgement{}, err
		}
		if slices.Equal(values, want) {
			return judgement{}, nil
		}
	}
	return judgement{write: accepted[0]}, nil
}

func (w sshdWish) judgeContains(values []string) judgement {
	var missing []string
	for _, want := range w.Contains {
		if !slices.Contains(values, want) && !slices.Contains(missing, want) {
			missing = append(missing, want)
		}
	}
	return judgement{write: strings.Join(missing, " ")}
}

func (w sshdWish) judgeAlgorithms(c *sshd.Config, keyword string, values []string) (judgement, error) {
	bad := func(name string) bool {
		if len(w.Allowed) > 0 && !slices.Contains(w.Allowed, name) {
			return true
		}
		return slices.ContainsFunc(w.Forbidden, func(p string) bool { return sshd.MatchPattern(name, p) })
	}
	var have []string
	if len(values) > 0 {
		have = strings.Split(values[0], ",")
	}
	if !slices.ContainsFunc(have, bad) {
		return judgement{}, nil
	}
	from := have
	if len(w.Allowed) > 0 {
		from = w.Allowed
	}
	known, _ := c.KnownAlgorithms(keyword)
	var keep []string
	for _, name := range from {
		if !bad(name) && slices.Contains(known, name) && !slices.Contains(keep, name) {
			keep = append(keep, name)
		}
	}
	if len(keep) == 0 {
		return judgement{hopeless: fmt.Sprintf("OpenSSH %s would have no algorithm left", c.Server.Version)}, nil
	}
	return judgement{write: strings.Join(keep, ",")}, nil
}

// judgeStartups: earlier, more often and sooner in full is stricter. What is written keeps whatever
// was stricter already.
func (w sshdWish) judgeStartups(values []string) (judgement, error) {
	bound, err := sshd.ParseStartups(*w.Max)
	if err != nil {
		return judgement{}, err
	}
	have, err := sshd.ParseStartups(values[0])
	if err != nil {
		return judgement{}, err
	}
	strict := sshd.Startups{
		Begin: min(have.Begin, bound.Begin), Rate: max(have.Rate, bound.Rate), Full: min(have.Full, bound.Full),
	}
	if strict.String() == have.String() {
		return judgement{}, nil
	}
	return judgement{write: strict.String()}, nil
}

func (w sshdWish) judgeNumber(c *sshd.Config, keyword string, values []string) (judgement, error) {
	have := math.MaxInt
	if !c.Unlimited(keyword, values[0]) {
		n, err := strconv.Atoi(values[0])
		if err != nil {
			return judgement{}, fmt.Errorf("cannot compare %s %s with a number", keyword, values[0])
		}
		have = n
	}
	if w.Max != nil {
		high, err := sshdNumber(w.shape, *w.Max)
		if err != nil {
			return judgement{}, err
		}
		if have > high {
			return judgement{write: *w.Max}, nil
		}
	}
	if w.Min != nil {
		low, err := sshdNumber(w.shape, *w.Min)
		if err != nil {
			return judgement{}, err
		}
		if have < low {
			return judgement{write: *w.Min}, nil
		}
	}
	return judgement{}, nil
}
