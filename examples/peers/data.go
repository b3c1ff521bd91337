package peers

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsimple"
)

// shape is the lab's that both look at: the only one that the scanner's content is for.
const shape = "ubuntu-22.04"

//go:embed map.tsv
var mapping string

//go:embed disagreements.hcl
var disagreementsSource []byte

const mapHeader = "scanner\tours"

// pairing is one rule of the scanner, and the rules of ours that ask the same. None has the sign "-".
type pairing struct {
	scanner string
	ours    []string
}

func parseMap(name, text string) ([]pairing, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != mapHeader {
		return nil, fmt.Errorf("cannot read %s: line 1 is %q, want %q", name, lines[0], mapHeader)
	}
	var list []pairing
	for i, line := range lines[1:] {
		scanner, ours, ok := strings.Cut(line, "\t")
		if !ok || scanner == "" || ours == "" {
			return nil, fmt.Errorf("cannot read %s:%d: want a rule of the scanner and rules of ours", name, i+2)
		}
		p := pairing{scanner: scanner}
		if ours != "-" {
			p.ours = strings.Fields(ours)
		}
		if slices.ContainsFunc(list, func(q pairing) bool { return q.scanner == scanner }) {
			return nil, fmt.Errorf("cannot read %s:%d: %s stands there twice", name, i+2, scanner)
		}
		list = append(list, p)
	}
	return list, nil
}

// Disagreement explains why the two do not say the same, for one rule of the scanner or for several that share the
// reason. Command is run on the hardened node as root, and must print Says.
type Disagreement struct {
	Name    string   `hcl:"name,label"`
	Scanner []string `hcl:"scanner"`
	Right   string   `hcl:"right"`
	Why     string   `hcl:"why"`
	Command string   `hcl:"command,optional"`
	Says    string   `hcl:"says,optional"`
}

// Alone says why rules of the scanner have no counterpart.
type Alone struct {
	Scanner []string `hcl:"scanner"`
	Why     string   `hcl:"why"`
}

type explanations struct {
	Disagreements []Disagreement `hcl:"disagreement,block"`
	Alone         []Alone        `hcl:"alone,block"`
}

func parseExplanations(name string, src []byte) (e explanations, err error) {
	if err := hclsimple.Decode(name, src, nil, &e); err != nil {
		return e, fmt.Errorf("cannot read explanations: %w", err)
	}
	for _, d := range e.Disagreements {
		switch {
		case len(d.Scanner) == 0 || d.Why == "":
			return e, fmt.Errorf("cannot read %s: %q needs rules and a reason", name, d.Name)
		case !slices.Contains([]string{"ours", "scanner", "both"}, d.Right):
			return e, fmt.Errorf("cannot read %s: %q: right is ours, scanner or both, not %q", name, d.Name, d.Right)
		case (d.Command == "") != (d.Says == ""):
			return e, fmt.Errorf("cannot read %s: %q: a command needs what it says, and the other way round", name, d.Name)
		case d.Right != "both" && d.Command == "":
			return e, fmt.Errorf("cannot read %s: %q: who says that %s is right needs a command that shows it", name, d.Name, d.Right)
		}
	}
	for _, a := range e.Alone {
		if len(a.Scanner) == 0 || a.Why == "" {
			return e, fmt.Errorf("cannot read %s: rules without a counterpart need a reason: %v, %q", name, a.Scanner, a.Why)
		}
	}
	return e, nil
}
