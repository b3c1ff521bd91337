//go:build browser

package page_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/nodeimage/packer-plugin-harden/remediate/page"
)

//go:embed testdata/contrast.js
var contrastJS string

// tab is a page in a real browser, with what it complained about and asked the network for.
type tab struct {
	*testing.T
	ctx       context.Context
	mu        sync.Mutex
	complains []string
	requests  []string
}

func (b *tab) run(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// eval runs a script that is not the page's.
func eval[T any](b *tab, script string) T {
	b.Helper()
	var out T
	b.run(chromedp.Evaluate(script, &out))
	return out
}

// open shows a file in a new browser. before runs ahead of loading it.
func open(t *testing.T, file string, before ...chromedp.Action) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{T: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			b.complains = append(b.complains, fmt.Sprint(e.Type))
		case *runtime.EventExceptionThrown:
			b.complains = append(b.complains, e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			b.complains = append(b.complains, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		}
	})
	b.run(log.Enable(), network.Enable(), runtime.Enable())
	b.run(before...)
	b.run(chromedp.Navigate("file://" + file))
	return b
}

func file(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	html := render(t, sample(), page.Options{Compared: compared(), Against: "last-release.json"})
	if err := os.WriteFile(name, []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const visible = `[...document.querySelectorAll(".rule")].filter(r => r.checkVisibility()).map(r => r.dataset.outcome).join(" ")`

func TestAPageLoadsQuietlyAndAsksForNothing(t *testing.T) {
	name := file(t)
	b := open(t, name)
	b.run(chromedp.Sleep(300 * time.Millisecond))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complains {
		t.Errorf("the console says %s", c)
	}
	for _, r := range b.requests {
		if r != "file://"+name && r != "data:," {
			t.Errorf("it asks for %s", r)
		}
	}
	if len(b.requests) == 0 {
		t.Error("no request was seen: the test does not see any")
	}
}

func TestHostileTextIsShownAsText(t *testing.T) {
	b := open(t, file(t))
	if eval[bool](b, `"pwned" in window`) {
		t.Error("a script of the target ran")
	}
	if n := eval[int](b, `document.querySelectorAll("script, img, iframe, object").length`); n != 1 {
		t.Errorf("%d elements could load something", n)
	}
	if !strings.Contains(eval[string](b, `document.querySelector("#rule-issue-banner").textContent`), "<script>window.pwned=1</script>") {
		t.Error("what the machine holds is not shown")
	}
	// Even if something slipped through, the page's policy stops it.
	b.run(chromedp.Evaluate(`(() => {
		const s = document.createElement("script"); s.textContent = "window.pwned = 3"; document.body.append(s);
		const i = document.createElement("img"); i.src = "http://127.0.0.1:9/x"; document.body.append(i);
		const d = document.createElement("div"); d.setAttribute("onclick", "window.pwned = 4"); document.body.append(d); d.click();
	})()`, nil), chromedp.Sleep(200*time.Millisecond))
	if eval[bool](b, `"pwned" in window`) {
		t.Error("the policy lets another script run")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	blocked := 0
	for _, c := range b.complains {
		if strings.Contains(c, "Content Security Policy") {
			blocked++
		}
	}
	if blocked < 3 {
		t.Errorf("only %d attempts were blocked: %q", blocked, b.complains)
	}
}

func TestFiltersAndSearch(t *testing.T) {
	b := open(t, file(t))
	const all = 9
	count := func(want int, what string) {
		t.Helper()
		if got := len(strings.Fields(eval[string](b, visible))); got != want {
			t.Errorf("%s: %d rules are visible, want %d", what, got, want)
		}
	}
	count(all, "at first")
	b.run(chromedp.Click(`.chip[data-outcome="fail"]`))
	count(1, "failures")
	b.run(chromedp.Click(`.chip[data-outcome="error"]`))
	if got := eval[string](b, visible); got != "fail error" {
		t.Errorf("failures and errors are %q", got)
	}
	if got := eval[string](b, `document.getElementById("found").textContent`); got != "2 of 9 rules" {
		t.Errorf("the count says %q", got)
	}
	b.run(chromedp.Click(`#clear`))
	count(all, "after clearing")
	b.run(chromedp.SendKeys(`#q`, "CRAMFS modprobe.d"))
	count(1, "two words of a rule")
	b.run(chromedp.SendKeys(`#q`, " zebra"))
	count(0, "words of none")
	if !eval[bool](b, `document.getElementById("none").checkVisibility()`) {
		t.Error("nothing says that no rule matches")
	}
	b.run(chromedp.SendKeys(`#q`, kb.Escape))
	count(all, "after escape")
	b.run(chromedp.SetValue(`#level`, "2"), chromedp.Evaluate(`document.getElementById("level").dispatchEvent(new Event("change"))`, nil))
	count(2, "level 2")
	b.run(chromedp.Click(`#clear`), chromedp.SetValue(`#section`, "1"), chromedp.Evaluate(`document.getElementById("section").dispatchEvent(new Event("change"))`, nil))
	count(3, "section 1")
	b.run(chromedp.Click(`#clear`), chromedp.SetValue(`#severity`, "low"), chromedp.Evaluate(`document.getElementById("severity").dispatchEvent(new Event("change"))`, nil))
	count(2, "severity low")
	// A link to a rule that is filtered out shows it, opened.
	b.run(chromedp.Click(`#waivers a[href="#rule-ip-forwarding-off"]`))
	// The page hears of its new address a moment after the click.
	if err := chromedp.Run(b.ctx, chromedp.Poll(`(r => r.open && r.checkVisibility())(document.getElementById("rule-ip-forwarding-off"))`, nil, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
		t.Errorf("a link does not lead to its rule: %v", err)
	}
}

func TestKeyboard(t *testing.T) {
	b := open(t, file(t))
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	if got := eval[string](b, `location.hash`); got != "#rules" {
		t.Errorf("the first stop is not the link that skips: %q", got)
	}
	b.run(chromedp.KeyEvent("/"))
	if got := eval[string](b, `document.activeElement.id`); got != "q" {
		t.Errorf("/ leads to %q", got)
	}
	stops := `document.activeElement.closest("summary") ? "summary" : document.activeElement.tagName`
	for range 40 {
		b.run(chromedp.KeyEvent(kb.Tab))
		if eval[string](b, stops) == "summary" {
			break
		}
	}
	before := eval[bool](b, `document.activeElement.parentElement.open`)
	b.run(chromedp.KeyEvent(kb.Enter))
	if eval[bool](b, `document.activeElement.parentElement.open`) == before {
		t.Error("a rule cannot be opened by keyboard")
	}
	if eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`) == "none" {
		t.Error("the focus is not shown")
	}
}

func TestScreenReaders(t *testing.T) {
	b := open(t, file(t))
	var nodes []*accessibility.Node
	b.run(accessibility.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		nodes, err = accessibility.GetFullAXTree().Do(ctx)
		return err
	}))
	roles := map[string]int{}
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role := strings.Trim(string(n.Role.Value), `"`)
		name := ""
		if n.Name != nil {
			name = strings.Trim(string(n.Name.Value), `"`)
		}
		roles[role]++
		switch role {
		case "button", "link", "searchbox", "combobox", "region", "navigation", "img", "image", "table", "DisclosureTriangle":
			if name == "" && role != "table" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for role, want := range map[string]int{"main": 1, "banner": 1, "navigation": 1, "search": 1, "status": 1} {
		if roles[role] != want {
			t.Errorf("there are %d of the landmark %s, want %d: %v", roles[role], role, want, roles)
		}
	}
	headings := eval[string](b, `[...document.querySelectorAll("h1,h2,h3,h4")].map(h => h.tagName[1]).join("")`)
	last := '0'
	for i, h := range headings {
		if h > last+1 {
			t.Errorf("heading %d skips a level: %s", i, headings)
		}
		last = h
	}
	if eval[string](b, `document.documentElement.lang`) != "en" {
		t.Error("the language is not said")
	}
	if dup := eval[string](b, `[...document.querySelectorAll("[id]")].map(e => e.id).filter((x, i, a) => a.indexOf(x) !== i).join()`); dup != "" {
		t.Errorf("identifiers stand twice: %s", dup)
	}
}

func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := open(t, file(t), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
			b.run(chromedp.Click(`#toggle`), chromedp.Click(`.chip[data-outcome="fail"]`), chromedp.Click(`.chip[data-outcome="pass"]`))
			for _, bad := range eval[[]string](b, contrastJS) {
				t.Error(bad)
			}
		})
	}
}

func TestSmallScreens(t *testing.T) {
	b := open(t, file(t), chromedp.EmulateViewport(360, 740))
	b.run(chromedp.Click(`#toggle`))
	if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("the page is %d wide on a screen of 360: %s", wide, eval[string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 361 && !e.closest("pre")).map(e => e.tagName + "." + e.className).join(" ")`))
	}
	small := eval[string](b, `[...document.querySelectorAll("button, select, input, summary")].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80)).join("\n")`)
	if small != "" {
		t.Errorf("too small to touch:\n%s", small)
	}
}

func TestWithoutScriptsAllIsThere(t *testing.T) {
	b := open(t, file(t), emulation.SetScriptExecutionDisabled(true))
	b.run(emulation.SetScriptExecutionDisabled(false))
	if eval[bool](b, `document.getElementById("tools").checkVisibility()`) {
		t.Error("tools that do nothing are shown")
	}
	if got := len(strings.Fields(eval[string](b, visible))); got != 9 {
		t.Errorf("%d rules are visible", got)
	}
	if !eval[bool](b, `document.querySelector("#rule-issue-banner .because").checkVisibility()`) {
		t.Error("the evidence of a failure is not visible")
	}
}

func TestPrintShowsEveryRule(t *testing.T) {
	b := open(t, file(t), emulation.SetEmulatedMedia().WithMedia("print"))
	hidden := eval[int](b, `[...document.querySelectorAll(".rule .values")].filter(e => e.textContent.trim() && e.getBoundingClientRect().height === 0).length`)
	if hidden > 0 {
		t.Errorf("%d rules are closed in print", hidden)
	}
	if eval[bool](b, `document.getElementById("tools").checkVisibility()`) {
		t.Error("tools are printed")
	}
}
