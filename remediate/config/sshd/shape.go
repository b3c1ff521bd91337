package sshd

import "strings"

// Shape is what kind of value a keyword has, for those who set bounds.
type Shape string

const (
	ShapeText       Shape = "text"       // a word, a path, a command
	ShapeNumber     Shape = "number"     // ordered; Unlimited says which value has no bound
	ShapeTime       Shape = "time"       // ordered, in seconds
	ShapeStartups   Shape = "startups"   // begin:rate:full
	ShapeAlgorithms Shape = "algorithms" // a comma-separated list
	ShapeList       Shape = "list"       // lines add up
)

// ShapeOf tells the shape of a keyword that any supported release has; ok is false for one that none
// has, and for Include and Match.
func ShapeOf(name string) (shape Shape, ok bool) {
	for _, v := range []Version{{10, 0}, {8, 6}, {7, 2}} {
		for _, o := range otherNames() {
			if strings.EqualFold(o.name, name) && v.within(o.since, o.until) {
				name = o.of
				break
			}
		}
		for _, k := range table(v) {
			if !strings.EqualFold(k.name, name) {
				continue
			}
			if k.form == formInclude || k.form == formMatch {
				return "", false
			}
			return k.shape(), true
		}
	}
	return "", false
}

func (k *keyword) shape() Shape {
	switch k.form {
	case formInt, formLimitOrNone:
		return ShapeNumber
	case formTime, formTimeOrNone:
		return ShapeTime
	case formStartups:
		return ShapeStartups
	case formAlgorithms:
		return ShapeAlgorithms
	}
	if k.combine == accumulates {
		return ShapeList
	}
	return ShapeText
}

// Unlimited reports whether a number or time means that there is no limit at all.
func (c *Config) Unlimited(name, value string) bool {
	switch strings.ToLower(name) {
	case "logingracetime", "clientaliveinterval":
		return value == "0"
	case "clientalivecountmax":
		// Since 8.2 zero turns the check off; before, it ended a session at the first silence.
		return value == "0" && c.Server.Version.AtLeast(8, 2)
	}
	return value == "none"
}
