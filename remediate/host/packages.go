package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrOfflinePackages says why packages stay as they are in an offline root: their scripts are programs
// of that system.
var ErrOfflinePackages = errors.New("packages cannot be installed or removed in a root that does not run")

// ProtectedPackages can never be removed: without them nobody gets in, or the next boot does not end.
func ProtectedPackages() []string {
	return []string{"WALinuxAgent", "cloud-init", "openssh", "openssh-server", "sudo", "systemd", "systemd-sysv", "walinuxagent"}
}

// manager is how a machine's package manager is asked.
type manager struct {
	programs Programs
	name     string // apt-get, tdnf or dnf
	wait     time.Duration
}

// lockWait is for how long another run of the package manager is waited for: an image's own unattended
// upgrades take minutes.
const lockWait = 10 * time.Minute

func findManager(files Files, programs Programs) (manager, error) {
	for _, name := range []string{"apt-get", "tdnf", "dnf"} {
		if _, err := files.Stat("/usr/bin/" + name); err == nil {
			return manager{programs: programs, name: name, wait: 5 * time.Second}, nil
		}
	}
	return manager{}, errors.New("there is no apt-get, tdnf or dnf here")
}

func (m manager) install(ctx context.Context, names []string) error {
	if m.name != "apt-get" {
		_, err := m.run(ctx, append([]string{m.name, "-y", "install"}, names...)...)
		return err
	}
	args := append([]string{"install", "--no-install-recommends"}, names...)
	said, err := m.apt(ctx, append([]string{"-s"}, args...)...)
	if err != nil {
		// Images are made without the lists that say where packages are.
		if _, err := m.apt(ctx, "update"); err != nil {
			return err
		}
		if said, err = m.apt(ctx, append([]string{"-s"}, args...)...); err != nil {
			return err
		}
	}
	if gone := simulated(said, "Remv", "Purg"); len(gone) > 0 {
		return fmt.Errorf("refused: it would remove %s", strings.Join(gone, ", "))
	}
	if _, err = m.apt(ctx, args...); err == nil {
		return nil
	}
	// Lists that are too old name files that are gone from the archive.
	if _, err := m.apt(ctx, "update"); err != nil {
		return err
	}
	_, err = m.apt(ctx, args...)
	return err
}

func (m manager) remove(ctx context.Context, names, along []string) error {
	for _, n := range names {
		if slices.Contains(ProtectedPackages(), bareName(n)) {
			return fmt.Errorf("refused: without %s nobody gets in, or nothing boots", n)
		}
	}
	if m.name != "apt-get" {
		return m.eraseRPM(ctx, names, along)
	}
	args := append([]string{"remove"}, names...)
	said, err := m.apt(ctx, append([]string{"-s"}, args...)...)
	if err != nil {
		return err
	}
	if err := judge(simulated(said, "Remv", "Purg"), names, along); err != nil {
		return err
	}
	if more := simulated(said, "Inst"); len(more) > 0 {
		return fmt.Errorf("refused: it would install %s in their place", strings.Join(more, ", "))
	}
	_, err = m.apt(ctx, args...)
	return err
}

// eraseRPM removes with rpm itself, which never takes anything along, where tdnf and dnf do so without
// a way to ask beforehand that both have.
func (m manager) eraseRPM(ctx context.Context, names, along []string) error {
	for _, n := range along {
		if slices.Contains(ProtectedPackages(), n) || slices.Contains(names, n) {
			continue
		}
		if _, status, err := m.programs.Run(ctx, "rpm", "-q", n); err == nil && status == 0 {
			names = append(slices.Clip(names), n)
		}
	}
	if _, err := m.run(ctx, append([]string{"rpm", "-e", "--test"}, names...)...); err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	_, err := m.run(ctx, append([]string{"rpm", "-e"}, names...)...)
	return err
}

// judge refuses a removal that takes more along than is allowed.
func judge(gone, names, along []string) error {
	var more []string
	for _, g := range gone {
		bare := bareName(g)
		named := slices.ContainsFunc(names, func(n string) bool { return bareName(n) == bare })
		if !named && (!slices.Contains(along, bare) || slices.Contains(ProtectedPackages(), bare)) {
			more = append(more, g)
		}
	}
	if len(more) > 0 {
		return fmt.Errorf("refused: it would also remove %s", strings.Join(more, ", "))
	}
	return nil
}

// bareName is a package's name without its architecture.
func bareName(name string) string {
	name, _, _ = strings.Cut(name, ":")
	return name
}

// simulated lists the packages of the lines that apt-get -s prints for an action: "Remv telnet [0.17]".
func simulated(output []byte, actions ...string) []string {
	var names []string
	for line := range strings.Lines(string(output)) {
		if words := strings.Fields(line); len(words) >= 2 && slices.Contains(actions, words[0]) {
			names = append(names, words[1])
		}
	}
	return names
}

// apt runs apt-get so that it never asks: maintainer scripts and changed configuration files get their
// defaults, the administrator's files stay, and nothing is restarted by needrestart.
func (m manager) apt(ctx context.Context, args ...string) ([]byte, error) {
	argv := []string{
		"env", "DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true", "APT_LISTCHANGES_FRONTEND=none",
		"NEEDRESTART_SUSPEND=1", "UCF_FORCE_CONFFOLD=1",
		"apt-get", "-q", "-y",
		"-o", "DPkg::Lock::Timeout=600",
		"-o", "Dpkg::Options::=--force-confdef",
		"-o", "Dpkg::Options::=--force-confold",
		"-o", "APT::Get::AutomaticRemove=false",
		"-o", "APT::Get::Show-User-Simulation-Note=false",
		"-o", "Acquire::Retries=3",
	}
	return m.run(ctx, append(argv, args...)...)
}

// run runs a program until it gets the lock that another run holds: before apt 1.9.11 there is no
// option that waits.
func (m manager) run(ctx context.Context, argv ...string) ([]byte, error) {
	until := time.Now().Add(lockWait)
	for {
		output, status, err := m.programs.Run(ctx, argv...)
		switch {
		case err != nil:
			return output, err
		case status == 0:
			return output, nil
		case !locked(string(output)) || time.Now().After(until):
			return output, fmt.Errorf("%s ended with status %d: %s", program(argv), status, lastLines(string(output)))
		}
		select {
		case <-ctx.Done():
			return output, ctx.Err()
		case <-time.After(m.wait):
		}
	}
}

func locked(output string) bool {
	return strings.Contains(output, "Could not get lock") || strings.Contains(output, "Unable to acquire the dpkg frontend lock") ||
		strings.Contains(output, "can't create transaction lock")
}

// program names what was run, without the options that every run has.
func program(argv []string) string {
	if argv[0] != "env" {
		return strings.Join(argv[:min(2, len(argv))], " ")
	}
	for i := len(argv) - 1; i > 0; i-- {
		if argv[i-1] == "Acquire::Retries=3" {
			return "apt-get " + argv[i]
		}
	}
	return "apt-get"
}

// lastLines keeps the end of what a program printed, where errors stand.
func lastLines(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	text := strings.Join(lines[max(0, len(lines)-4):], "; ")
	if len(text) > 500 {
		text = "..." + text[len(text)-500:]
	}
	return text
}
