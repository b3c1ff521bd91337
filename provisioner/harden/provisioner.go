package harden

import (
	"context"
	"errors"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// Provisioner is "harden".
type Provisioner struct{ config Config }

var _ packersdk.Provisioner = (*Provisioner)(nil)

// ConfigSpec is the HCL2 form of the configuration.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Prepare reads and checks the configuration.
func (p *Provisioner) Prepare(raws ...any) error {
	if err := decode(&p.config, &p.config.ctx, raws); err != nil {
		return err
	}
	p.config.complete()
	p.config.KeepAccounts = present(p.config.KeepAccounts)
	if p.config.OnLockout == "" {
		p.config.OnLockout = "stop"
	}
	errs := p.config.validate(nil)
	errs = p.config.validateAccounts(errs)
	if p.config.ReloadSSHD && p.config.DeprovisionCommand != "" {
		errs = packersdk.MultiErrorAppend(errs, errors.New("reload_sshd: it is of no use with deprovision_command, which takes away the login"))
	}
	if p.config.DeprovisionCommand != "" && p.config.KeepRemote {
		errs = packersdk.MultiErrorAppend(errs, errors.New("keep_remote: nothing can be kept with deprovision_command, which takes away the login"))
	}
	if errs != nil && len(errs.Errors) > 0 {
		return errs
	}
	return nil
}

// Provision hardens the machine and attests it. It may run again after a failure.
func (p *Provisioner) Provision(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]any) error {
	var second secondLogin
	if p.config.ReloadSSHD {
		second = secondLoginOf(data)
	}
	return (&job{
		Options: p.config.Options,
		ui:      ui, comm: comm,
		second:      second,
		build:       buildOf(p.config.PackerConfig, data),
		apply:       true,
		deprovision: p.config.DeprovisionCommand,
		kept:        p.config.KeepAccounts, onLockout: p.config.OnLockout,
	}).run(ctx)
}

// Attestor is "harden-attest".
type Attestor struct{ config AttestConfig }

var _ packersdk.Provisioner = (*Attestor)(nil)

// ConfigSpec is the HCL2 form of the configuration.
func (p *Attestor) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Prepare reads and checks the configuration.
func (p *Attestor) Prepare(raws ...any) error {
	if err := decode(&p.config, &p.config.ctx, raws); err != nil {
		return err
	}
	p.config.complete()
	if errs := p.config.validate(nil); errs != nil && len(errs.Errors) > 0 {
		return errs
	}
	return nil
}

// Provision attests the machine and changes nothing.
func (p *Attestor) Provision(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, data map[string]any) error {
	return (&job{
		Options: p.config.Options,
		ui:      ui, comm: comm,
		build: buildOf(p.config.PackerConfig, data),
	}).run(ctx)
}
