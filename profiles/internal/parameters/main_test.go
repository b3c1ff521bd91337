package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../../docs/aks-and-baselines.md"

func TestThePageIsUpToDate(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := filled(string(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("run make generate (-want +got):\n%s", diff)
	}
	for _, row := range []string{"| `ssh_max_auth_tries`", "| `umask`", "| `password_age_except`"} {
		if !strings.Contains(want, row) {
			t.Errorf("the table lacks %s", row)
		}
	}
}

func TestOnlyTheTableIsReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{file}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(data)
	if !strings.HasPrefix(got, "before\n"+begin+"| parameter |") || !strings.HasSuffix(got, end+"after\n") || strings.Contains(got, "old") {
		t.Errorf("the page is %q", got)
	}
	if err := os.WriteFile(file, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{file}); err == nil {
		t.Error("a page without marks is filled")
	}
}

func TestCell(t *testing.T) {
	for want, said := range map[string][]saying{
		"not asked":               nil,
		"`4`":                     {{"a", "4"}, {"b", "4"}},
		"`4` (a, c); `none` (b)":  {{"a", "4"}, {"b", "none"}, {"c", "4"}},
		"none (a); `x, y` (b)":    {{"a", "[]"}, {"b", `["x","y"]`}},
		"`[not` (a); `a\\|b` (b)": {{"a", "[not"}, {"b", "a|b"}},
	} {
		if got := cell(said); got != want {
			t.Errorf("%v is %q, want %q", said, got, want)
		}
	}
}
