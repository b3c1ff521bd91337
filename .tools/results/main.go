// Command results reads `go test -json` events, shows what failed and a line a package, and counts
// tests. A skipped test fails the tier: a tier that could not run must not look green.
//
//	go test -json ./... | results TIER EVENTS   keeps the events in a file
//	results EVENTS...                           adds up what was kept
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type tally struct{ passed, failed, skipped int }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && !strings.HasSuffix(args[0], ".json") {
		return tier(args[0], args[1])
	}
	var total tally
	for _, name := range args {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		t, err := read(f, io.Discard)
		f.Close()
		if err != nil {
			return err
		}
		total.passed += t.passed
		total.failed += t.failed
		total.skipped += t.skipped
	}
	fmt.Printf("%d passed, %d failed\n", total.passed, total.failed)
	return total.verdict()
}

func tier(name, keep string) error {
	f, err := os.Create(keep)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := read(io.TeeReader(os.Stdin, f), os.Stdout)
	if err != nil {
		return err
	}
	fmt.Printf("tier %s: %d passed, %d failed, %d skipped\n", name, t.passed, t.failed, t.skipped)
	return t.verdict()
}

func (t tally) verdict() error {
	switch {
	case t.failed > 0:
		return errors.New("tests failed")
	case t.skipped > 0:
		return errors.New("tests were skipped: what they need is missing")
	case t.passed == 0:
		return errors.New("no test ran")
	}
	return nil
}

// read counts tests and prints the output of those that failed, and of packages that did not build.
func read(r io.Reader, w io.Writer) (tally, error) {
	var t tally
	output := map[string][]string{}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			fmt.Fprintln(w, in.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
		case "pass", "fail", "skip":
			t.count(e)
			if e.Action == "fail" || e.Action == "skip" && e.Test != "" {
				fmt.Fprint(w, strings.Join(output[key], ""))
			} else if e.Test == "" && e.Action == "pass" {
				fmt.Fprintf(w, "ok   %s %.1fs\n", e.Package, e.Elapsed)
			}
			delete(output, key)
		case "build-fail":
			fmt.Fprint(w, strings.Join(output[key], ""))
		}
	}
	return t, in.Err()
}

func (t *tally) count(e event) {
	if e.Test == "" {
		// A package without tests says "skip" of itself; one that failed outside any test says "fail".
		if e.Action == "fail" {
			t.failed++
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "fail":
		t.failed++
	case "skip":
		t.skipped++
	}
}
