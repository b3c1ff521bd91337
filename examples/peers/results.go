package peers

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// results are the scanner's words by rule, without the prefix that all rules share. What it did not select is left out.
type results map[string]string

const rulePrefix = "xccdf_org.ssgproject.content_rule_"

// parseResults reads an XCCDF file that holds the results of one run.
func parseResults(r io.Reader) (results, error) {
	found := results{}
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the scanner's results: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "rule-result" {
			continue
		}
		var one struct {
			Rule   string `xml:"idref,attr"`
			Result string `xml:"result"`
		}
		if err := d.DecodeElement(&one, &start); err != nil {
			return nil, fmt.Errorf("cannot read the scanner's results: %w", err)
		}
		if one.Result != "notselected" {
			found[strings.TrimPrefix(one.Rule, rulePrefix)] = one.Result
		}
	}
	if len(found) == 0 {
		return nil, errors.New("cannot read the scanner's results: there are none")
	}
	return found, nil
}

// sameAs maps the scanner's words to ours. A word that is not here agrees with nothing.
var sameAs = map[string]rule.Outcome{
	"pass":          rule.Pass,
	"fail":          rule.Fail,
	"notapplicable": rule.NotApplicable,
}
