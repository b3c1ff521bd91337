package verdicts

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsimple"
)

// Explanations are a person's words, by control.
type Explanations struct {
	// Differences says why our verdict is not the published one.
	Differences map[string]string
	// Unshown says why the lab cannot show that a control holds after apply.
	Unshown map[string]string
}

type explanation struct {
	Controls []string `hcl:"controls"`
	Why      string   `hcl:"why"`
}

// ParseExplanations reads a file of blocks, each a sentence about one or more controls.
func ParseExplanations(name string, src []byte) (e Explanations, err error) {
	var file struct {
		Differences []explanation `hcl:"difference,block"`
		Unshown     []explanation `hcl:"unshown,block"`
	}
	if err := hclsimple.Decode(name, src, nil, &file); err != nil {
		return Explanations{}, fmt.Errorf("cannot read explanations: %w", err)
	}
	if e.Differences, err = byControl(name, file.Differences); err != nil {
		return Explanations{}, err
	}
	e.Unshown, err = byControl(name, file.Unshown)
	return e, err
}

func byControl(name string, list []explanation) (map[string]string, error) {
	why := map[string]string{}
	for _, e := range list {
		if e.Why == "" || len(e.Controls) == 0 {
			return nil, fmt.Errorf("cannot read %s: an explanation needs controls and a reason: %v, %q", name, e.Controls, e.Why)
		}
		for _, control := range e.Controls {
			if why[control] != "" {
				return nil, fmt.Errorf("cannot read %s: control %s is explained twice", name, control)
			}
			why[control] = e.Why
		}
	}
	return why, nil
}

// unmatched compares what is to be explained with what is. It gives a sentence for each that has no partner.
func unmatched(what string, want []string, have map[string]string) []string {
	var list []string
	left := map[string]bool{}
	for control := range have {
		left[control] = true
	}
	for _, control := range want {
		if !left[control] {
			list = append(list, fmt.Sprintf("%s: %s without an explanation", control, what))
		}
		delete(left, control)
	}
	var gone []string
	for control := range left {
		gone = append(gone, fmt.Sprintf("%s: an explanation without %s", control, what))
	}
	slices.Sort(gone)
	return append(list, gone...)
}
