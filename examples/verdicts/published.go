package verdicts

import (
	"fmt"
	"io/fs"
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

const publishedHeader = "control\tstatus"

// ReadPublished reads the table of a platform, such as ubuntu-24.04.tsv.
func ReadPublished(fsys fs.FS, name string) ([]Published, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("cannot read what is published: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if lines[0] != publishedHeader {
		return nil, fmt.Errorf("cannot read %s: line 1 is %q, want %q", name, lines[0], publishedHeader)
	}
	var list []Published
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		control, status, ok := strings.Cut(line, "\t")
		switch {
		case !ok || control == "":
			return nil, fmt.Errorf("cannot read %s:%d: want a control and a status", name, i+2)
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
