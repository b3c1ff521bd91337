package profile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/json"
)

// didYouMean suggests the closest known name for a misspelt one, as the end of a sentence.
func didYouMean(got string, known []string) string {
	best, bestDistance := "", 1+max(1, len(got)/3)
	for _, k := range known {
		if d := levenshtein.Distance(got, k, nil); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func listing(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

func sortedAttributes(attrs hclsyntax.Attributes) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(attrs))
	for _, a := range attrs {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return list
}

// text writes a variable's value as a person would: plain for scalars, JSON for collections.
func text(v cty.Value) string {
	if v.Type() == cty.String {
		return v.AsString()
	}
	data, err := json.Marshal(v, v.Type())
	if err != nil {
		return v.GoString()
	}
	return string(data)
}
