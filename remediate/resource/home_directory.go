package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// homeDirectoryKind is the home directories of the accounts that can log in.
func homeDirectoryKind() Kind { return Kind{Name: "home_directory", New: newHomeDirectory} }

type homeDirectory struct {
	name   string
	exist  bool
	owned  bool
	mode   *fs.FileMode
	except []string
}

func newHomeDirectory(name string, decode Decode) (Resource, error) {
	var body struct {
		Exist  bool      `hcl:"exist,optional"`
		Owned  bool      `hcl:"owned,optional"`
		Mode   string    `hcl:"mode,optional"`
		Except *[]string `hcl:"except,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	d := homeDirectory{name: name, exist: body.Exist, owned: body.Owned}
	if body.Mode != "" {
		mode, err := parseMode(body.Mode)
		if err != nil {
			return nil, err
		}
		d.mode = &mode
	}
	if !d.exist && !d.owned && d.mode == nil {
		return nil, errors.New("at least one of exist, owned and mode is needed")
	}
	if body.Except != nil {
		d.except = *body.Except
	}
	return d, accountNames(d.except)
}

func (d homeDirectory) Ref() rule.Ref { return rule.Ref{Kind: "home_directory", Name: d.name} }

// homeOf is the home directory of an account that can log in.
type homeOf struct {
	user    accounts.User
	info    host.FileInfo
	exists  bool
	private string // why nothing may be changed there, or empty
}

// loginHomes lists the homes of the accounts that can log in, in the order of passwd.
func loginHomes(h host.Reader, except []string) ([]homeOf, error) {
	v, err := viewAccounts(h, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	var homes []homeOf
	for _, u := range v.Users {
		if u.Legacy || !v.interactive(u) || slices.Contains(except, u.Name) {
			continue
		}
		home := homeOf{user: u}
		if u.Home == "" || !path.IsAbs(u.Home) {
			homes = append(homes, home)
			continue
		}
		info, err := h.Stat(u.Home)
		switch {
		case err == nil:
			home.info, home.exists = info, info.Mode.IsDir()
		case !noSuchPath(err):
			return nil, fmt.Errorf("cannot look at the home of %q: %w", u.Name, err)
		}
		if home.exists {
			if home.private, err = sharedHome(h, v, u); err != nil {
				return nil, err
			}
		}
		homes = append(homes, home)
	}
	return homes, nil
}

// sharedHome says why a directory is more than one account's home, so that its owner and mode are
// not the account's alone.
func sharedHome(h host.Reader, v accountsView, u accounts.User) (string, error) {
	real, err := h.Resolve(u.Home)
	if err != nil {
		return "", fmt.Errorf("cannot look at the home of %q: %w", u.Name, err)
	}
	for _, o := range v.Users {
		if o.Name == u.Name || o.UID == u.UID || o.Legacy || !v.interactive(o) || !path.IsAbs(o.Home) {
			continue
		}
		if other, err := h.Resolve(o.Home); err == nil && other == real {
			return fmt.Sprintf("it is the home of %q too", o.Name), nil
		}
	}
	parts := strings.Split(strings.Trim(real, "/"), "/")
	system := []string{"bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "sys", "run", "tmp", "boot"}
	if real != "/root" && (len(parts) < 2 || slices.Contains(system, parts[0]) || slices.Contains([]string{"/var/lib", "/var/log", "/var/tmp", "/var/run", "/var/spool", "/var/cache"}, real)) {
		return "it is a directory of the system", nil
	}
	return "", nil
}

func (d homeDirectory) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: d.expected()}
	homes, err := loginHomes(h, d.except)
	if err != nil {
		return o, err
	}
	var flaws []accountsFlaw
	var seen []string
	for _, home := range homes {
		u := home.user
		where := strconv.Quote(u.Home) + " of " + strconv.Quote(u.Name)
		if !home.exists {
			seen = append(seen, where+" is no directory")
			if d.exist {
				flaws = append(flaws, accountsFlaw{what: "home " + where + " is no directory", path: accounts.PasswdFile, line: u.Line, stuck: "what belongs there is for a person to say; mkhomedir_helper makes one"})
			}
			continue
		}
		seen = append(seen, fmt.Sprintf("%s is owned by %d, %s", where, home.info.UID, octal(home.info.Mode)))
		f := accountsFlaw{path: u.Home, stuck: home.private}
		set := rule.SetAttr{Path: u.Home}
		var what []string
		if uid := int(u.UID); d.owned && home.info.UID != uid {
			what = append(what, fmt.Sprintf("is owned by %d", home.info.UID))
			set.UID = &uid
		}
		if d.mode != nil && home.info.Mode&modeBits&^(*d.mode|fs.ModeSetgid|fs.ModeSticky) != 0 {
			what = append(what, fmt.Sprintf("has mode %s", octal(home.info.Mode)))
			mode := home.info.Mode & modeBits & (*d.mode | fs.ModeSetgid | fs.ModeSticky)
			set.Mode = &mode
		}
		if len(what) == 0 {
			continue
		}
		f.what = "home " + where + " " + strings.Join(what, " and ")
		if f.stuck == "" {
			f.changes = []rule.Change{set}
		}
		flaws = append(flaws, f)
	}
	o.State, o.Evidence = flaws, seen
	slices.Sort(o.Evidence)
	o.Persisted = fmt.Sprintf("%d accounts can log in", len(homes))
	describeFlaws(&o, flaws, fmt.Sprintf("the homes of the %d accounts that can log in are as they should be", len(homes)))
	return o, nil
}

func (d homeDirectory) expected() string {
	var parts []string
	if d.exist {
		parts = append(parts, "exist")
	}
	if d.owned {
		parts = append(parts, "belong to their account")
	}
	if d.mode != nil {
		parts = append(parts, "have mode "+octal(*d.mode)+" or stricter")
	}
	return "home directories of accounts that can log in " + strings.Join(parts, " and ")
}

func (d homeDirectory) Diff(o rule.Observation) []rule.Change {
	flaws, _ := o.State.([]accountsFlaw)
	return flawChanges(flaws)
}
