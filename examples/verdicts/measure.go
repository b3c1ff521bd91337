//go:build linux

package verdicts

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Measure boots a node of a shape, checks, applies, boots again and checks again. What is persisted decides, as in an
// image build: a container has no kernel of its own to set.
func Measure(ctx context.Context, shape, harden string, log io.Writer) (_ Runs, err error) {
	n, err := lab.Start(ctx, lab.Options{Shape: shape, Log: log})
	if err != nil {
		return Runs{}, err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	var runs Runs
	if runs.Before, err = look(ctx, n, harden); err != nil {
		return Runs{}, err
	}
	if _, err := Run(ctx, n, harden, "apply", "--profile", "aks-"+shape, "--require", "persisted"); err != nil {
		return Runs{}, err
	}
	if err := n.Reboot(ctx); err != nil {
		return Runs{}, err
	}
	if runs.After, err = look(ctx, n, harden); err != nil {
		return Runs{}, err
	}
	return runs, nil
}

func look(ctx context.Context, n *lab.Node, harden string) (p Pair, err error) {
	p.AKS, err = Run(ctx, n, harden, "check", "--profile", "aks-"+n.Shape, "--require", "persisted")
	if err != nil {
		return Pair{}, err
	}
	p.CIS, err = Run(ctx, n, harden, "check", "--profile", "cis-"+n.Shape, "--require", "persisted")
	return p, err
}

// Run runs harden on a node and gives its report. That something fails or is in error is for the caller to see in it.
func Run(ctx context.Context, n *lab.Node, harden string, args ...string) (*report.Report, error) {
	res, err := n.Harden(ctx, harden, append(args, "--format", "json")...)
	if err != nil {
		return nil, err
	}
	r, err := report.Parse([]byte(res.Stdout))
	if err != nil {
		return nil, fmt.Errorf("cannot run harden %s: status %d: %w: %s", args[0], res.Code, err, res.Stderr)
	}
	return r, nil
}

//go:embed differences
var differences embed.FS

// Platform measures a platform and gives its page.
func Platform(ctx context.Context, platform, harden, published string, log io.Writer) ([]byte, error) {
	// Before the node boots: mistakes in what is written need none.
	list, err := ReadPublished(os.DirFS(published), "aks-"+platform+".tsv")
	if err != nil {
		return nil, err
	}
	name := "differences/" + platform + ".hcl"
	src, err := differences.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read explanations: %w", err)
	}
	e, err := ParseExplanations(name, src)
	if err != nil {
		return nil, err
	}
	runs, err := Measure(ctx, platform, harden, log)
	if err != nil {
		return nil, fmt.Errorf("cannot measure %s: %w", platform, err)
	}
	return Page(platform, list, runs, e)
}
