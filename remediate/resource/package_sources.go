package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apt"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/yum"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// packageSourcesKind is where packages come from and how fresh they are: what a person has to judge,
// or a list that the profile gives.
func packageSourcesKind() Kind { return Kind{Name: "package_sources", New: newPackageSources} }

type packageSources struct {
	what  string
	allow []string
}

func newPackageSources(name string, decode Decode) (Resource, error) {
	var body struct {
		Allow []string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch name {
	case "repositories", "keys":
	case "updates":
		if len(body.Allow) > 0 {
			return nil, errors.New("allow is for repositories and keys")
		}
	default:
		return nil, fmt.Errorf("%q is not one of repositories, keys, updates", name)
	}
	return packageSources{name, body.Allow}, nil
}

func (p packageSources) Ref() rule.Ref { return rule.Ref{Kind: "package_sources", Name: p.what} }

func (p packageSources) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	var o rule.Observation
	var list []string
	var err error
	switch p.what {
	case "repositories":
		list, err = packageRepositories(h)
		o.Expected = "only repositories that are meant to be there"
		o.Manual = "a person decides whether these repositories are the right ones"
	case "keys":
		list, err = packageKeys(h)
		o.Expected = "only keys that are meant to sign packages"
		o.Manual = "a person decides whether packages may be signed by these keys"
	default:
		list, err = packageUpdates(h)
		o.Expected = "updates are installed as they come out"
		o.Manual = "whether newer packages exist can be told only by asking the repositories"
	}
	if err != nil {
		return o, err
	}
	slices.Sort(list)
	o.Evidence = slices.Compact(list)
	if len(o.Evidence) == 0 {
		o.NotApplicable, o.Manual = "none are configured", ""
		if p.what == "updates" {
			o.NotApplicable = "there is no package manager here"
		}
		return o, nil
	}
	if len(p.allow) == 0 {
		return o, nil
	}
	var more []string
	for _, item := range o.Evidence {
		if !slices.ContainsFunc(p.allow, func(pattern string) bool { return packageSourceMatch(pattern, item) }) {
			more = append(more, item)
		}
	}
	o.Manual = ""
	o.Persisted = strings.Join(o.Evidence, "; ")
	o.Message = "all are on the profile's list"
	if len(more) > 0 {
		o.Message = "not on the profile's list: " + strings.Join(more, "; ")
	}
	o.State = more
	return o, nil
}

// packageSourceMatch matches a pattern in which * stands for anything with an item.
func packageSourceMatch(pattern, item string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	if !more {
		return pattern == item
	}
	if !strings.HasPrefix(item, first) {
		return false
	}
	item = item[len(first):]
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(item, part)
		if at < 0 {
			return false
		}
		item = item[at+len(part):]
	}
	return strings.HasSuffix(item, parts[len(parts)-1])
}

func (p packageSources) Diff(o rule.Observation) []rule.Change {
	more, _ := o.State.([]string)
	if len(more) == 0 {
		return nil
	}
	return []rule.Change{rule.Unfixable{Subject: p.what, Reason: "which of them are meant to be there is not for a program to say", Of: rule.Persisted}}
}

func packageRepositories(h host.Reader) ([]string, error) {
	var out []string
	sources, err := apt.Sources(h)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if !s.Enabled {
			continue
		}
		key, _ := s.Option("signed-by")
		for _, uri := range s.URIs {
			for _, suite := range s.Suites {
				text := strings.Join(append([]string{strings.Join(s.Types, "+"), packageWithoutSecret(uri), suite}, s.Components...), " ")
				out = append(out, text+packageSignedBy(key.Value))
			}
		}
	}
	repos, err := packageYumRepos(h)
	if err != nil {
		return nil, err
	}
	for _, r := range repos {
		where := "nowhere"
		for _, k := range []string{"baseurl", "metalink", "mirrorlist"} {
			if a, ok := r.Setting(k); ok {
				where = strings.Join(strings.Fields(a.Value), " ")
				break
			}
		}
		key, _ := r.Setting("gpgkey")
		out = append(out, r.ID+" "+packageWithoutSecret(where)+packageSignedBy(key.Value))
	}
	return out, nil
}

// packageYumRepos lists the enabled repositories of dnf and tdnf, which share their files.
func packageYumRepos(h host.Reader) ([]yum.Repo, error) {
	var out []yum.Repo
	for _, program := range []string{"tdnf", "dnf"} {
		c, ok, err := yum.Read(h, program)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		for _, r := range c.Repos {
			if r.Enabled() {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func packageSignedBy(value string) string {
	if strings.Contains(value, "BEGIN PGP") {
		return " (signed by a key in the entry itself)"
	}
	if value = strings.Join(strings.Fields(value), " "); value != "" {
		return " (signed by " + value + ")"
	}
	return ""
}

// packageWithoutSecret hides a user and password of a URL.
func packageWithoutSecret(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return uri
	}
	authority, path, slash := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return uri
	}
	uri = scheme + "://***@" + authority[at+1:]
	if slash {
		uri += "/" + path
	}
	return uri
}

func packageKeys(h host.Reader) ([]string, error) {
	files, err := packageKeyFiles(h)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range files {
		content, err := h.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			out = append(out, "no file "+f)
			continue
		}
		if err != nil {
			return nil, err
		}
		keys, err := apt.Keys(content)
		if err != nil {
			out = append(out, f+": "+err.Error())
		}
		for _, k := range keys {
			out = append(out, strings.TrimSpace(k.Fingerprint+" "+k.User)+" in "+f)
		}
	}
	list, err := openPackages(h)
	if err != nil {
		return nil, err
	}
	defer list.close()
	if list.rpm != nil { // rpm keeps the keys it trusts as packages
		keys, err := list.rpm.Find("gpg-pubkey")
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			out = append(out, k.Version+"-"+k.Release+" "+k.Summary+" in "+list.rpm.Path)
		}
	}
	return out, nil
}

// packageKeyFiles lists the keyrings that apt trusts for every repository, and those that entries and
// repositories name.
func packageKeyFiles(h host.Reader) ([]string, error) {
	var out []string
	add := func(value string) {
		for _, word := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,\t\n", r) }) {
			word = strings.TrimPrefix(word, "file://")
			if strings.HasPrefix(word, "/") && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	if _, err := h.Stat("/etc/apt/trusted.gpg"); err == nil {
		add("/etc/apt/trusted.gpg")
	}
	entries, err := h.ReadDir("/etc/apt/trusted.gpg.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".gpg") || strings.HasSuffix(e.Name(), ".asc") {
			add("/etc/apt/trusted.gpg.d/" + e.Name())
		}
	}
	sources, err := apt.Sources(h)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if key, ok := s.Option("signed-by"); ok && s.Enabled && !strings.Contains(key.Value, "BEGIN PGP") {
			add(key.Value)
		}
	}
	repos, err := packageYumRepos(h)
	if err != nil {
		return nil, err
	}
	for _, r := range repos {
		if key, ok := r.Setting("gpgkey"); ok {
			add(key.Value)
		}
	}
	return out, nil
}

// packageUpdates tells what the machine itself knows of its freshness.
func packageUpdates(h host.Reader) ([]string, error) {
	list, err := openPackages(h)
	if err != nil {
		return nil, err
	}
	defer list.close()
	var out []string
	switch {
	case list.dpkg != nil:
		n := 0
		for _, p := range list.dpkg.Packages {
			if p.Installed() {
				n++
			}
			if p.Installed() && p.Held() {
				out = append(out, p.Name+" "+p.Version+" is on hold")
			}
			if p.Installed() && !p.Configured() {
				out = append(out, p.Name+" "+p.Version+" is not configured: "+p.StatusText())
			}
		}
		out = append(out, fmt.Sprintf("%d packages are installed", n))
		if last := packageLastLine(h, "/var/log/apt/history.log", "End-Date: "); last != "" {
			out = append(out, "apt last changed packages at "+last)
		}
		settings, err := apt.Settings(h)
		if err != nil {
			return nil, err
		}
		for _, key := range []string{"APT::Periodic::Update-Package-Lists", "APT::Periodic::Unattended-Upgrade"} {
			if s, ok := apt.Last(settings, key); ok {
				out = append(out, fmt.Sprintf("%s is %q (%s:%d)", key, s.Value, s.Path, s.Line))
			} else {
				out = append(out, key+" is not set")
			}
		}
	case list.rpm != nil:
		packages, err := list.rpm.Packages()
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%d packages are installed", len(packages)))
		var newest time.Time
		for _, p := range packages {
			if p.Installed.After(newest) {
				newest = p.Installed
			}
		}
		if !newest.IsZero() {
			out = append(out, "rpm last changed packages at "+newest.Format("2006-01-02 15:04:05 UTC"))
		}
	default:
		return nil, nil
	}
	if _, err := h.Stat("/run/reboot-required"); err == nil {
		out = append(out, "a restart is due: /run/reboot-required")
	}
	return out, nil
}

// packageLastLine gives what follows the prefix in the last line that has it.
func packageLastLine(h host.Files, file, prefix string) string {
	content, err := h.ReadFile(file)
	if err != nil {
		return ""
	}
	at := strings.LastIndex(string(content), "\n"+prefix)
	if at < 0 {
		return ""
	}
	text, _, _ := strings.Cut(string(content)[at+1+len(prefix):], "\n")
	return strings.Join(strings.Fields(text), " ")
}
