//go:build linux

package peers

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/examples/verdicts"
)

// content is the scanner's, for the system that the node's shape is of.
const content = "/usr/share/xml/scap/ssg/content/ssg-ubuntu2204-ds.xml"

var scannerPackages = []string{"openscap-scanner", "ssg-debderived"}

// Measure runs both over a node, hardens it, boots it again, runs both again, and gives the page.
func Measure(ctx context.Context, harden string, log io.Writer) (_ []byte, err error) {
	pairs, err := parseMap("map.tsv", mapping)
	if err != nil {
		return nil, err
	}
	why, err := parseExplanations("disagreements.hcl", disagreementsSource)
	if err != nil {
		return nil, err
	}
	n, err := lab.Start(ctx, lab.Options{Shape: shape, Log: log})
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	archives, err := n.Unpack(ctx, log, scannerPackages...)
	if err != nil {
		return nil, err
	}
	before, err := look(ctx, n, harden, log)
	if err != nil {
		return nil, err
	}
	if _, err := verdicts.Run(ctx, n, harden, "apply", "--profile", "aks-"+shape, "--require", "persisted"); err != nil {
		return nil, err
	}
	if err := n.Reboot(ctx); err != nil {
		return nil, err
	}
	after, err := look(ctx, n, harden, log)
	if err != nil {
		return nil, err
	}
	list, err := rows(pairs, before, after)
	if err != nil {
		return nil, err
	}
	if err := prove(ctx, n, why.Disagreements); err != nil {
		return nil, err
	}
	return page(versions(archives), list, why, len(after.ours.Results))
}

// look has both look at the node as it is, at what runs as well as at what is persisted.
func look(ctx context.Context, n *lab.Node, harden string, log io.Writer) (l Look, err error) {
	fmt.Fprintln(log, "peers: the scanner looks; this takes a minute")
	if l.level1, err = scan(ctx, n, "cis_level1_server"); err != nil {
		return Look{}, err
	}
	if l.level2, err = scan(ctx, n, "cis_level2_server"); err != nil {
		return Look{}, err
	}
	l.ours, err = verdicts.Run(ctx, n, harden, "check", "--profile", "cis-"+shape, "--require", "both")
	return l, err
}

// scan runs the scanner in the node, as a user of it would.
func scan(ctx context.Context, n *lab.Node, profile string) (results, error) {
	const file = "/root/oscap-results.xml"
	res, err := n.Exec(ctx, "oscap", "xccdf", "eval", "--profile", "xccdf_org.ssgproject.content_profile_"+profile,
		"--results", file, content)
	if err != nil {
		return nil, err
	}
	if res.Code != 0 && res.Code != 2 { // 2 says that a rule failed
		return nil, fmt.Errorf("cannot scan: oscap ends with %d: %s", res.Code, res.Stderr)
	}
	path := filepath.Join(n.Root, file)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the scanner's results: %w", err)
	}
	defer os.Remove(path)
	defer f.Close()
	return parseResults(f)
}

// prove runs the command of each explanation: what is claimed must be what the node says.
func prove(ctx context.Context, n *lab.Node, list []Disagreement) error {
	for _, d := range list {
		if d.Command == "" {
			continue
		}
		res, err := n.Exec(ctx, "/bin/bash", "-c", d.Command)
		if err != nil {
			return err
		}
		if said := res.Stdout + res.Stderr; !strings.Contains(said, d.Says) {
			return fmt.Errorf("cannot show that %s is right about %q: %q says %q, without %q",
				d.Right, d.Name, d.Command, said, d.Says)
		}
	}
	return nil
}

// versions picks the scanner's own packages from the archives, as "name version".
func versions(archives []string) []string {
	var list []string
	for _, file := range archives {
		name, rest, _ := strings.Cut(file, "_")
		for _, pkg := range scannerPackages {
			if name == pkg {
				version, _, _ := strings.Cut(rest, "_")
				list = append(list, name+" "+version)
			}
		}
	}
	return list
}
