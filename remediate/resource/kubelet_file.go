package resource

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/kubelet"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// kubeletFileKind is the owner and mode of the files that the kubelet is started with, wherever its
// unit and arguments put them.
func kubeletFileKind() Kind { return Kind{Name: "kubelet_file", New: newKubeletFile} }

type kubeletFile struct {
	which string
	want  fileWant
}

func newKubeletFile(name string, decode Decode) (Resource, error) {
	var body struct {
		Owner string `hcl:"owner,optional"`
		Group string `hcl:"group,optional"`
		Mode  string `hcl:"mode,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch name {
	case "service", "kubeconfig", "config", "client-ca":
	default:
		return nil, fmt.Errorf("%q is none of service, kubeconfig, config, client-ca", name)
	}
	w := fileWant{Owner: body.Owner, Mode: body.Mode}
	if body.Group != "" {
		w.Groups = []string{body.Group}
	}
	if w.Mode != "" {
		var err error
		if w.mode, err = parseMode(w.Mode); err != nil {
			return nil, err
		}
	}
	if w.Owner == "" && w.Mode == "" && len(w.Groups) == 0 {
		return nil, errors.New("a kubelet_file needs at least one of owner, group, mode")
	}
	return kubeletFile{name, w}, nil
}

func (k kubeletFile) Ref() rule.Ref { return rule.Ref{Kind: "kubelet_file", Name: k.which} }

type kubeletFileFound struct {
	files []file
	seen  []rule.Observation
}

func (k kubeletFile) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: file{want: k.want}.expected()}
	kl, err := kubelet.Read(h)
	if errors.Is(err, kubelet.ErrNoKubelet) {
		o.NotApplicable = err.Error()
		return o, nil
	}
	if err != nil {
		return o, err
	}
	paths, err := k.paths(kl)
	if err != nil {
		return o, err
	}
	if len(paths) == 0 {
		o.NotApplicable = "the kubelet is not told a " + k.which + " file"
		return o, nil
	}
	var found kubeletFileFound
	var wrong, absent []string
	for _, p := range paths {
		f := file{path: p, want: k.want}
		seen, err := f.Observe(ctx, h)
		if err != nil {
			return o, err
		}
		if seen.NotApplicable != "" {
			absent = append(absent, p)
			continue
		}
		found.files, found.seen = append(found.files, f), append(found.seen, seen)
		o.Sources = append(o.Sources, seen.Sources...)
		o.Persisted = seen.Persisted
		if len(f.Diff(seen)) > 0 {
			wrong = append(wrong, seen.Message)
		}
	}
	if len(found.files) == 0 {
		o.NotObservable = strings.Join(absent, ", ") + " is not there yet: it is made when the node starts"
		return o, nil
	}
	o.Message = strings.Join(paths, ", ") + " is as it should be"
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = found
	return o, nil
}

func (k kubeletFile) paths(kl *kubelet.Kubelet) ([]string, error) {
	switch k.which {
	case "service":
		return append([]string{kl.Unit.Fragment}, kl.Unit.DropIns...), nil
	case "config":
		var out []string
		for _, c := range kl.Configs {
			out = append(out, c.Path)
		}
		return out, nil
	}
	flag := map[string]string{"kubeconfig": "kubeconfig", "client-ca": "client-ca-file"}[k.which]
	arg, ok := kubelet.Find(flag)
	if !ok {
		return nil, fmt.Errorf("the kubelet has no argument %s", flag)
	}
	s, err := kl.Lookup(arg)
	if err != nil {
		return nil, err
	}
	if s.Value == "" {
		return nil, nil
	}
	if !strings.HasPrefix(s.Value, "/") {
		return nil, fmt.Errorf("cannot tell where %s %q of the kubelet is: it is not an absolute path", flag, s.Value)
	}
	return []string{s.Value}, nil
}

func (k kubeletFile) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(kubeletFileFound)
	var changes []rule.Change
	for i, f := range found.files {
		changes = append(changes, f.Diff(found.seen[i])...)
	}
	return changes
}
