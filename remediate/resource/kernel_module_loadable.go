package resource

import (
	"context"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// loadableModule is a kernel module that modprobe loads when something asks for it by name. Whether a
// kernel has it is not asked.
type loadableModule struct{ kernelModule }

func (m loadableModule) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o, err := m.kernelModule.Observe(ctx, h)
	if err != nil {
		return o, err
	}
	o.Expected = "not kept from being loaded"
	if found := o.State.(moduleFound); len(found.builtIn) == 0 && !found.stopped() {
		o.Message = "nothing keeps modprobe from loading " + m.label
	}
	return o, nil
}

// Diff changes nothing: whose line it is that blocks the module is for a person to say.
func (m loadableModule) Diff(o rule.Observation) []rule.Change {
	found := o.State.(moduleFound)
	if len(found.builtIn) > 0 || !found.stopped() || len(found.softdeps) > 0 {
		return nil
	}
	return []rule.Change{rule.Unfixable{Subject: found.install.Path, Reason: "a line blocks the module: " + found.install.Text(), Of: rule.Persisted}}
}
