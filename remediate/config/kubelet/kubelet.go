// Package kubelet is how a kubelet under systemd gets its configuration: the command line of its
// unit, with drop-ins and environment files, and the file and directory that --config and
// --config-dir name. It holds no opinions and changes nothing.
//
// Flags win over the configuration file, and the last of a repeated flag wins; see
// kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file.
package kubelet

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Units that every distribution of the two programs uses.
const (
	UnitName      = "kubelet.service"
	ProxyUnitName = "kube-proxy.service"
)

// ErrNoKubelet and ErrNoProxy say that the machine has no unit that could start the program.
var (
	ErrNoKubelet = errors.New("no kubelet unit")
	ErrNoProxy   = errors.New("no kube-proxy unit")
)

// Flag is one flag of the command line.
type Flag struct {
	Name  string          // with dashes
	Value string          // "true" for a flag without a value
	Bare  bool            // no value was given
	Words []unitfile.Word // of the command line that it takes, one or two
}

// Config is one configuration file.
type Config struct {
	Path   string
	Text   string
	Exists bool
	values map[string]any
}

// Kubelet is how the kubelet starts next.
type Kubelet struct {
	Unit  *unitfile.Unit
	Flags []Flag
	// Configs has the file of --config first and then the drop-ins of --config-dir, each of which
	// overrides the ones before it. Empty when the kubelet gets no file.
	Configs []Config
}

// Setting is one argument as it is in force.
type Setting struct {
	Argument Argument
	Value    string
	Set      bool // false: the default holds
	// Flag is set when the command line decides.
	Flag *Flag
	// File is set when a configuration file decides, with the line of the field.
	File *Config
	Line int
}

// Read finds the kubelet's unit and everything it leads to.
func Read(f host.Files) (*Kubelet, error) {
	return host.Once(f, readKey{}, func() (*Kubelet, error) { return read(f, "kubelet", UnitName, ErrNoKubelet) })
}

type readKey struct{}

// ReadProxy does the same for a kube-proxy that is a service of the machine. Its flags and its file work
// as the kubelet's do, except that the file, where one is named, decides alone; see
// kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy.
func ReadProxy(f host.Files) (*Kubelet, error) {
	k, err := read(f, "kube-proxy", ProxyUnitName, ErrNoProxy)
	if err == nil && len(k.Configs) > 0 {
		k.Flags = nil
	}
	return k, err
}

func read(f host.Files, name, unit string, none error) (*Kubelet, error) {
	u, err := unitfile.Load(f, unit)
	if errors.Is(err, unitfile.ErrNotFound) {
		return nil, fmt.Errorf("%w: %s does not exist", none, unit)
	}
	if err != nil {
		return nil, err
	}
	if u.Masked {
		return nil, fmt.Errorf("%w: %s is masked", none, unit)
	}
	vars, err := unitfile.Environment(f, u)
	if err != nil {
		return nil, err
	}
	cmds, err := unitfile.Commands(u.List("Service", "ExecStart"), vars)
	if err != nil {
		return nil, err
	}
	for _, c := range cmds {
		if i := program(c.Words, name); i >= 0 {
			k := &Kubelet{Unit: u, Flags: flags(c.Words[i+1:])}
			return k, k.readConfigs(f, workingDir(u))
		}
	}
	return nil, fmt.Errorf("cannot tell how %s starts the %s: no ExecStart= in %s runs a program of that name directly", unit, name, u.Fragment)
}

// program finds the program of a name among the words of a command: the program itself, or one that a wrapper
// such as /usr/bin/env is given as a word of its own.
func program(words []unitfile.Word, name string) int {
	for i, w := range words {
		if path.Base(w.Text) == name && (i == 0 || path.IsAbs(w.Text)) {
			return i
		}
		if strings.HasPrefix(w.Text, "-") {
			return -1
		}
	}
	return -1
}

func workingDir(u *unitfile.Unit) string {
	if a, ok := u.Last("Service", "WorkingDirectory"); ok {
		if d := strings.TrimPrefix(a.Value, "-"); path.IsAbs(d) {
			return d
		}
	}
	return "/"
}

// flags reads a command line as pflag does with the kubelet's normalisation (underscores are
// dashes). A flag that is not known to be boolean takes the next word when it has no value of its own.
func flags(words []unitfile.Word) []Flag {
	var list []Flag
	for i := 0; i < len(words); i++ {
		text := words[i].Text
		if text == "--" {
			break
		}
		name, ok := strings.CutPrefix(text, "--")
		if !ok || name == "" {
			continue
		}
		name, value, has := strings.Cut(name, "=")
		fl := Flag{Name: strings.ReplaceAll(name, "_", "-"), Value: value, Words: words[i : i+1]}
		if !has {
			a, known := Find(fl.Name)
			boolean := known && a.Type == Bool || otherBool(fl.Name)
			// An unknown flag before something that looks like a flag is taken to be boolean.
			guess := !known && (i+1 == len(words) || strings.HasPrefix(words[i+1].Text, "--"))
			switch {
			case boolean || guess || i+1 == len(words):
				fl.Value, fl.Bare = "true", true
			default:
				fl.Words = words[i : i+2]
				fl.Value = words[i+1].Text
				i++
			}
		}
		list = append(list, fl)
	}
	return list
}

func otherBool(flag string) bool {
	switch flag {
	case "enable-server", "register-node", "fail-swap-on", "cgroups-per-qos", "runonce",
		"enable-controller-attach-detach", "enable-debugging-handlers", "serialize-image-pulls", "help", "version":
		return true
	}
	return false
}

// Lookup works out one argument.
func (k *Kubelet) Lookup(a Argument) (Setting, error) {
	s := Setting{Argument: a, Value: a.FlagDefault}
	if len(k.Configs) > 0 {
		s.Value = a.Default
	}
	if a.Field != "" {
		for i := range k.Configs {
			c := &k.Configs[i]
			v, ok, err := c.get(a.Field)
			if err != nil {
				return s, err
			}
			if ok {
				s.Value, s.Set, s.File, s.Line = v, true, c, c.LineOf(a.Field)
			}
		}
	}
	first := true
	for i := range k.Flags {
		fl := &k.Flags[i]
		if fl.Name != a.Flag {
			continue
		}
		value := fl.Value
		if a.Type == List && !first {
			// pflag adds to a list that an earlier flag set.
			value = s.Value + "," + value
		}
		s.Value, s.Set, s.Flag, s.File, s.Line = value, true, fl, nil, 0
		first = false
	}
	return s, nil
}

// last gives the value of the last flag of a name.
func (k *Kubelet) last(name string) string {
	v := ""
	for _, fl := range k.Flags {
		if fl.Name == name {
			v = fl.Value
		}
	}
	return v
}
