package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPagesAreWrittenAnew(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"gone.md": "old", "sshd.md": "old", "image.png": "kept"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{folder}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "gone.md")); !os.IsNotExist(err) {
		t.Errorf("the page of a file that is gone is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "image.png")); err != nil {
		t.Errorf("what is no page was removed: %v", err)
	}
	for name, want := range map[string]string{"sshd.md": "## ssh-max-auth-tries", "README.md": "(sshd.md#ssh-max-auth-tries)", "benchmarks/cis-ubuntu-24.04.md": "| 5.1.16 |"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q", name, want)
		}
	}
}

// TestPagesOfTheRepositoryAreCurrent says so before check-generate does.
func TestPagesOfTheRepositoryAreCurrent(t *testing.T) {
	folder := t.TempDir()
	if err := run([]string{folder}); err != nil {
		t.Fatal(err)
	}
	want, got := tree(t, folder), tree(t, filepath.Join("..", "..", "..", "docs", "rules"))
	for name, text := range want {
		if got[name] != text {
			t.Errorf("docs/rules/%s is out of date: run make generate", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("docs/rules/%s is no page of any rules: run make generate", name)
		}
	}
}

func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "benchmarks/*.md"} {
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(folder, name)
			if err != nil {
				t.Fatal(err)
			}
			pages[filepath.ToSlash(rel)] = string(text)
		}
	}
	return pages
}

func TestAMissingFolderIsAnError(t *testing.T) {
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "usage") {
		t.Errorf("without a folder it says %v", err)
	}
}
