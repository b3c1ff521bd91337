// Command rulesdoc writes the pages of docs/rules from the shipped profiles. `make generate` calls it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/explain"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "rulesdoc: %s\n", err)
		os.Exit(1)
	}
}

// run writes the pages anew, so that the page of a file that is gone goes with it.
func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: rulesdoc FOLDER")
	}
	folder := args[0]
	library, err := profile.ReadLibrary(profiles.FS)
	if err != nil {
		return err
	}
	if err := removePages(folder); err != nil {
		return err
	}
	for _, page := range explain.Pages(library) {
		path := filepath.Join(folder, filepath.FromSlash(page.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("cannot make the folder of a page: %w", err)
		}
		if err := os.WriteFile(path, page.Text, 0o644); err != nil {
			return fmt.Errorf("cannot write a page: %w", err)
		}
	}
	return nil
}

func removePages(folder string) error {
	for _, pattern := range []string{"*.md", "benchmarks/*.md"} {
		pages, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return fmt.Errorf("cannot list the pages in %s: %w", folder, err)
		}
		for _, page := range pages {
			if err := os.Remove(page); err != nil {
				return fmt.Errorf("cannot remove an old page: %w", err)
			}
		}
	}
	return nil
}
