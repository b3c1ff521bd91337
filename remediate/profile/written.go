package profile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// written is a rule's resources as their author wrote them, and the values that their parameters have.
type written struct {
	blocks hclsyntax.Blocks
	files  map[string]*hcl.File
	ctx    *hcl.EvalContext
}

// HCL is the rule's resources in the profile language, with the parameters filled in: the state that is wanted.
func (r Rule) HCL() string {
	var out []string
	for _, b := range r.written.blocks {
		file := r.written.files[b.Range().Filename]
		if file == nil {
			continue
		}
		text := fillIn(b, file.Bytes, r.written.ctx)
		out = append(out, strings.TrimSpace(string(hclwrite.Format(text))))
	}
	return strings.Join(out, "\n\n")
}

// filled is a value that takes the place of an expression.
type filled struct {
	at   hcl.Range
	text []byte
}

func fillIn(b *hclsyntax.Block, src []byte, ctx *hcl.EvalContext) []byte {
	var values []filled
	fillBody(b.Body, ctx, &values)
	slices.SortFunc(values, func(a, b filled) int { return a.at.Start.Byte - b.at.Start.Byte })
	whole := b.Range()
	var out bytes.Buffer
	at := whole.Start.Byte
	for _, v := range values {
		out.Write(src[at:v.at.Start.Byte])
		out.Write(v.text)
		at = v.at.End.Byte
	}
	out.Write(src[at:whole.End.Byte])
	return out.Bytes()
}

func fillBody(body *hclsyntax.Body, ctx *hcl.EvalContext, values *[]filled) {
	for _, a := range sortedAttributes(body.Attributes) {
		fillExpression(a.Expr, ctx, values)
	}
	for _, b := range body.Blocks {
		fillBody(b.Body, ctx, values)
	}
}

// fillExpression keeps what has no parameter in it as it was written: lists and objects are filled in by element.
func fillExpression(e hclsyntax.Expression, ctx *hcl.EvalContext, values *[]filled) {
	if len(hclsyntax.Variables(e)) == 0 {
		return
	}
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			fillExpression(x, ctx, values)
		}
		return
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			fillExpression(item.ValueExpr, ctx, values)
		}
		return
	}
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return // the place is shown as it was written; loading the profile said what is wrong
	}
	*values = append(*values, filled{e.Range(), hclText(v)})
}

// hclText writes a value as HCL: a long list has one element a line.
func hclText(v cty.Value) []byte {
	const long = 80
	text := hclwrite.TokensForValue(v).Bytes()
	if len(text) <= long || v.IsNull() || !(v.Type().IsTupleType() || v.Type().IsListType()) {
		return text
	}
	var out bytes.Buffer
	out.WriteString("[\n")
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		out.Write(hclwrite.TokensForValue(element).Bytes())
		out.WriteString(",\n")
	}
	out.WriteString("]")
	return out.Bytes()
}
