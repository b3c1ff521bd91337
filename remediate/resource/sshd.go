package resource

import (
	"context"
	"fmt"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sshdKind is one keyword of the OpenSSH server's configuration, in its global section and in every
// Match block.
func sshdKind() Kind {
	return Kind{Name: "sshd", New: newSSHD, Guard: guardSSHD, Guards: []string{"/etc/ssh/"}}
}

type sshdResource struct {
	keyword string
	wish    sshdWish
}

func newSSHD(name string, decode Decode) (Resource, error) {
	var wish sshdWish
	if err := decode(&wish); err != nil {
		return nil, err
	}
	shape, ok := sshd.ShapeOf(name)
	if !ok {
		return nil, fmt.Errorf("%q is not a keyword of sshd_config", name)
	}
	if err := wish.check(name, shape); err != nil {
		return nil, err
	}
	wish.shape = shape
	return sshdResource{keyword: name, wish: wish}, nil
}

func (r sshdResource) Ref() rule.Ref { return rule.Ref{Kind: "sshd", Name: r.keyword} }

// sshdFound is what Diff works from.
type sshdFound struct{ changes []rule.Change }

func (r sshdResource) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.keyword + " " + r.wish.expected()}
	server, installed, err := sshd.Find(h, h.Info())
	if err != nil {
		return o, err
	}
	if !installed {
		o.NotApplicable = "no OpenSSH server is installed"
		return o, nil
	}
	config, err := sshd.Load(h, server)
	if err != nil {
		return o, err
	}
	if len(config.Problems) > 0 {
		return o, fmt.Errorf("cannot tell what sshd does: it would refuse its configuration: %s", config.Problems[0])
	}
	if !config.Knows(r.keyword) {
		r.unknown(&o, server)
		return o, nil
	}
	view, err := r.look(config)
	if err != nil {
		return o, err
	}
	view.describe(&o, r.keyword, config)
	if view.right() {
		o.State = sshdFound{}
		return o, nil
	}
	changes, err := r.plan(h, config, view)
	if err != nil {
		return o, err
	}
	o.State = sshdFound{changes}
	return o, nil
}

// unknown: the server does not have the keyword, or reads it and drops it.
func (r sshdResource) unknown(o *rule.Observation, server sshd.Server) {
	if strings.EqualFold(r.keyword, "Protocol") && r.wish.Value != nil && *r.wish.Value == "2" {
		// 7.4 took the older protocol out of the server.
		o.Persisted = "Protocol 2"
		o.Message = fmt.Sprintf("OpenSSH %s speaks protocol 2 only; the keyword does nothing", server.Version)
		o.State = sshdFound{}
		return
	}
	o.NotApplicable = fmt.Sprintf("OpenSSH %s has no keyword %s", server.Version, r.keyword)
}

func (r sshdResource) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(sshdFound)
	return found.changes
}

// sshdView is what the configuration says of the keyword, judged.
type sshdView struct {
	global sshd.Setting
	wrong  string // what the global section should say instead; empty when it is right
	blocks []sshdBlock
	// hopeless says why no value can satisfy the wish on this server.
	hopeless string
}

type sshdBlock struct {
	sshd.Block
	wrong string
}

func (r sshdResource) look(c *sshd.Config) (sshdView, error) {
	global, err := c.Effective(r.keyword, sshd.Conn{})
	if err != nil {
		return sshdView{}, err
	}
	view := sshdView{global: global}
	j, err := r.wish.judge(c, r.keyword, global.Values)
	if err != nil {
		return sshdView{}, err
	}
	view.wrong, view.hopeless = j.write, j.hopeless
	blocks, err := c.Blocks(r.keyword)
	if err != nil {
		return sshdView{}, err
	}
	for _, b := range blocks {
		j, err := r.wish.judge(c, r.keyword, b.Values)
		if err != nil {
			return sshdView{}, err
		}
		if j.hopeless != "" {
			view.hopeless = j.hopeless
		}
		view.blocks = append(view.blocks, sshdBlock{b, j.write})
	}
	return view, nil
}

func (v sshdView) right() bool {
	if v.wrong != "" || v.hopeless != "" {
		return false
	}
	for _, b := range v.blocks {
		if b.wrong != "" {
			return false
		}
	}
	return true
}

func (v sshdView) describe(o *rule.Observation, keyword string, c *sshd.Config) {
	value := v.global.String()
	if value == "" {
		value = "not set"
	}
	o.Persisted = keyword + " " + value
	where := fmt.Sprintf("the default of OpenSSH %s", c.Server.Version)
	if !v.global.Default {
		var places []string
		for _, p := range v.global.From {
			places = append(places, p.String())
			o.Sources = append(o.Sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text, Wins: true})
		}
		where = strings.Join(places, ", ")
	}
	for _, p := range v.global.Overridden {
		o.Sources = append(o.Sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text})
	}
	o.Message = fmt.Sprintf("%s is %s: %s", keyword, value, where)
	if v.wrong != "" {
		o.Message = fmt.Sprintf("%s is %s, expected %s: %s", keyword, value, strings.TrimPrefix(o.Expected, keyword+" "), where)
	}
	for _, b := range v.blocks {
		for _, p := range b.From {
			o.Sources = append(o.Sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text, Wins: b.wrong != ""})
		}
		if b.wrong != "" {
			text := fmt.Sprintf("%s %s", keyword, strings.Join(b.Values, " "))
			o.Persisted += fmt.Sprintf("; %s for %q", text, strings.TrimSpace(b.Match.Text))
			o.Message += fmt.Sprintf("; %s weakens it at %s: %s", strings.TrimSpace(b.Match.Text), b.From[0], text)
		}
	}
	if v.hopeless != "" {
		o.Message += "; " + v.hopeless
	}
}
