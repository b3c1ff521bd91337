//go:build linux && node

package verdicts

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
)

// TestAnAppliedNodeHasNoErrorAndNoUnexplainedFail measures the shapes that no template is run on.
func TestAnAppliedNodeHasNoErrorAndNoUnexplainedFail(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"ubuntu-22.04", "azurelinux-2.0"} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			if _, err := Platform(t.Context(), platform, "../../build/harden", "../../profiles/testdata/published", t.Output()); err != nil {
				t.Error(err)
			}
		})
	}
}
