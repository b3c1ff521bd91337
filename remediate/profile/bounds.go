package profile

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Bounds on what a file can cost. HCL's parser and evaluation recurse, and a stack overflow cannot be caught; and
// expressions multiply: a template of a template, a loop over a list.
const (
	maxDepth     = 100     // brackets, templates and quotes within each other
	maxOperators = 10_000  // in a file: operators nest without any bracket
	maxLines     = 10_000  // of here-documents: the parser's work grows with their square
	maxWork      = 1 << 24 // of all expressions of a file: about one for each node that is evaluated and byte that is made
)

// Bounded parses HCL that may come from anybody, and refuses what would cost too much to parse, or to evaluate
// without variables.
func Bounded(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if diags := shallow(src, name); diags.HasErrors() {
		return nil, diags
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return file, diags
	}
	w := &work{}
	return file, append(diags, w.allow(file.Body.(*hclsyntax.Body), nil)...)
}

// shallow looks at the tokens, which takes no recursion.
func shallow(src []byte, name string) hcl.Diagnostics {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // what is no token is for the parser to say
	depth, operators, lines := 0, 0, 0
	heredoc, before := false, hclsyntax.TokenNewline
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			depth++
		case hclsyntax.TokenOBrack:
			depth++
			if slices.Contains([]hclsyntax.TokenType{hclsyntax.TokenIdent, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCBrace, hclsyntax.TokenCQuote}, before) {
				operators++
			}
		case hclsyntax.TokenStringLit:
			if heredoc {
				lines++
			}
		case hclsyntax.TokenTemplateControl:
			depth++
			operators++ // a directive ends long before what it governs
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenQuestion, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
			hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
			operators++
		}
		heredoc = t.Type == hclsyntax.TokenOHeredoc || heredoc && t.Type != hclsyntax.TokenCHeredoc
		before = t.Type
		switch {
		case depth > maxDepth:
			return refuse(t.Range, "Nested too deeply", "Brackets nest more than %d levels.", maxDepth)
		case lines > maxLines:
			return refuse(t.Range, "Too many lines", "The here-documents of a file have more than %d lines.", maxLines)
		case operators > maxOperators:
			return refuse(t.Range, "Too many operators", "A file has more than %d operators.", maxOperators)
		}
	}
	return nil
}

func refuse(at hcl.Range, summary, detail string, args ...any) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at}}
}

// work estimates, from above, what evaluating expressions takes. It is one sum for many expressions.
type work struct {
	spent int

	ctx    *hcl.EvalContext
	times  int            // how often the expression at hand is evaluated
	locals map[string]int // how large the variables of a loop are
	loop   bool           // within a loop
}

// allow adds a node's work, and says no where it gets too much.
func (w *work) allow(node hclsyntax.Node, ctx *hcl.EvalContext) hcl.Diagnostics {
	w.ctx, w.times, w.locals, w.loop = ctx, 1, nil, false
	return hclsyntax.Walk(node, w)
}

// Enter counts one node before those in it.
func (w *work) Enter(node hclsyntax.Node) hcl.Diagnostics {
	if w.spent > maxWork {
		return nil // it has been said
	}
	cost := 1
	switch n := node.(type) {
	case *hclsyntax.LiteralValueExpr:
		cost = size(n.Val)
	case *hclsyntax.ScopeTraversalExpr:
		if local, ok := w.locals[n.Traversal.RootName()]; ok {
			cost = local
		} else if w.ctx != nil {
			if v, diags := n.Traversal.TraverseAbs(w.ctx); !diags.HasErrors() {
				cost = size(v)
			}
		}
	case *hclsyntax.ForExpr:
		return w.enterLoop(n.CollExpr, n.SrcRange)
	case *hclsyntax.SplatExpr:
		return w.enterLoop(n.Source, n.SrcRange)
	case hclsyntax.ChildScope:
		for name := range n.LocalNames {
			w.locals[name] = w.locals[""]
		}
	}
	w.spent += cost * w.times
	if w.spent > maxWork {
		return refuse(node.Range(), "Too much work", "The expressions of this file make too much of what they are given.")
	}
	return nil
}

// enterLoop looks at what a loop goes over. A loop within a loop is refused: no profile needs one, and what it would
// take cannot be told before.
func (w *work) enterLoop(over hclsyntax.Expression, at hcl.Range) hcl.Diagnostics {
	if w.loop {
		w.spent = maxWork + 1
		return refuse(at, "A loop within a loop", "An expression goes over the elements of one list, not of lists in lists.")
	}
	w.loop = true
	inner := &work{spent: w.spent, ctx: w.ctx, times: 1, loop: true}
	if diags := hclsyntax.Walk(over, inner); diags.HasErrors() {
		w.spent = inner.spent
		return diags
	}
	v, diags := over.Value(w.ctx)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return nil // evaluating it says what is wrong
	}
	largest := 1
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		largest = max(largest, size(key), size(value))
	}
	w.times, w.locals = max(1, v.LengthInt()), map[string]int{"": largest}
	return nil
}

// Exit ends what Enter began.
func (w *work) Exit(node hclsyntax.Node) hcl.Diagnostics {
	switch node.(type) {
	case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
		w.times, w.locals, w.loop = 1, nil, false
	}
	return nil
}

// size is about how many bytes a value takes to make.
func size(v cty.Value) int {
	if !v.IsKnown() || v.IsNull() {
		return 1
	}
	switch {
	case v.Type() == cty.String:
		return 1 + len(v.AsString())
	case v.CanIterateElements():
		sum := 1
		for it := v.ElementIterator(); it.Next(); {
			key, value := it.Element()
			sum += size(key) + size(value)
		}
		return sum
	}
	return 1
}
