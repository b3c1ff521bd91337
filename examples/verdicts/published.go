package verdicts

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Published is what the owner of the images says of one control.
type Published struct{ Control, Status string }

// agreeing lists the outcomes that say the same as a published status. A deviation that is known is waived, so a
// published Fail agrees with a waiver as well as with a fail.
var agreeing = map[string][]rule.Outcome{
	"Pass":                   {rule.Pass},
	"Fail":                   {rule.Fail, rule.Waived},
	"Covered elsewhere":      {rule.Fail, rule.Waived},
	"Depends on Environment": {rule.Fail, rule.Waived},
	"Manual":                 {rule.Manual},
	"Not applicable":         {rule.NotApplicable},
	"N/A":                    {rule.NotApplicable},
}

// ReadPublished reads a table such as aks-ubuntu-24.04.tsv, whose first line names its columns.
func ReadPublished(fsys fs.FS, name string) ([]Published, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is published: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	id, word := slices.Index(columns, "control"), slices.Index(columns, "status")
	if id < 0 || word < 0 {
		return nil, fmt.Errorf("cannot read %s: line 1 names no control and status", name)
	}
	var list []Published
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		if len(fields) != len(columns) || fields[id] == "" {
			return nil, fmt.Errorf("cannot read %s:%d: want a control and a status", name, i+2)
		}
		control, status := fields[id], fields[word]
		switch {
		case agreeing[status] == nil:
			return nil, fmt.Errorf("cannot read %s:%d: unknown status %q", name, i+2, status)
		case seen[control]:
			return nil, fmt.Errorf("cannot read %s:%d: %s stands there twice", name, i+2, control)
		}
		seen[control] = true
		list = append(list, Published{control, status})
	}
	return list, nil
}
