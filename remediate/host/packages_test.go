package host

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// scripted answers the last words of a command line, each answer once, and the last one for ever.
type scripted struct {
	t       *testing.T
	answers map[string][]answer
	ran     []string
}

type answer struct {
	output string
	status int
}

func (s *scripted) Stage(func(string) map[string][]byte) (string, func(), error) {
	return "", func() {}, nil
}

func (s *scripted) Run(_ context.Context, argv ...string) ([]byte, int, error) {
	if at := slices.Index(argv, "Acquire::Retries=3"); at >= 0 {
		for _, want := range []string{"DEBIAN_FRONTEND=noninteractive", "Dpkg::Options::=--force-confold", "DPkg::Lock::Timeout=600", "-y", "NEEDRESTART_SUSPEND=1"} {
			if !slices.Contains(argv[:at], want) {
				s.t.Errorf("%q lacks %s", argv, want)
			}
		}
		argv = argv[at+1:]
	}
	line := strings.Join(argv, " ")
	s.ran = append(s.ran, line)
	list := s.answers[line]
	if len(list) == 0 {
		return nil, 0, nil
	}
	if len(list) > 1 {
		s.answers[line] = list[1:]
	}
	return []byte(list[0].output), list[0].status, nil
}

func TestPackagesAreChangedOnlyAsFarAsAllowed(t *testing.T) {
	lock := answer{"E: Could not get lock /var/lib/dpkg/lock-frontend", 100}
	for name, tc := range map[string]struct {
		manager       string
		install       []string
		remove, along []string
		answers       map[string][]answer
		ran           []string
		says          string
	}{
		"a package goes": {"apt-get", nil, []string{"telnet"}, nil,
			map[string][]answer{"-s remove telnet": {{"Reading...\nRemv telnet [0.17]\n", 0}}},
			[]string{"-s remove telnet", "remove telnet"}, ""},
		"what is allowed goes along": {"apt-get", nil, []string{"gdm3"}, []string{"ubuntu-desktop"},
			map[string][]answer{"-s remove gdm3": {{"Remv ubuntu-desktop [1]\nRemv gdm3 [42]\n", 0}}},
			[]string{"-s remove gdm3", "remove gdm3"}, ""},
		"one of another architecture is the same package": {"apt-get", nil, []string{"libx:i386"}, nil,
			map[string][]answer{"-s remove libx:i386": {{"Remv libx:i386 [1]\n", 0}}},
			[]string{"-s remove libx:i386", "remove libx:i386"}, ""},
		"what is not allowed stays": {"apt-get", nil, []string{"rpcbind"}, nil,
			map[string][]answer{"-s remove rpcbind": {{"Remv nfs-common [1]\nRemv rpcbind [1]\n", 0}}},
			[]string{"-s remove rpcbind"}, "refused: it would also remove nfs-common"},
		"the ssh server stays even when it is allowed along": {"apt-get", nil, []string{"libwrap0"}, []string{"openssh-server"},
			map[string][]answer{"-s remove libwrap0": {{"Remv openssh-server [1]\nRemv libwrap0 [1]\n", 0}}},
			[]string{"-s remove libwrap0"}, "refused: it would also remove openssh-server"},
		"the ssh server itself stays": {"apt-get", nil, []string{"openssh-server"}, nil, nil, nil, "refused: without openssh-server"},
		"nothing comes in the place of what goes": {"apt-get", nil, []string{"exim4"}, nil,
			map[string][]answer{"-s remove exim4": {{"Remv exim4 [1]\nInst postfix (3)\n", 0}}},
			[]string{"-s remove exim4"}, "refused: it would install postfix"},
		"a package comes": {"apt-get", []string{"sudo"}, nil, nil, nil,
			[]string{"-s install --no-install-recommends sudo", "install --no-install-recommends sudo"}, ""},
		"lists are fetched when they are missing": {"apt-get", []string{"sudo"}, nil, nil,
			map[string][]answer{"-s install --no-install-recommends sudo": {{"E: Unable to locate package sudo", 100}, {"Inst sudo", 0}}},
			[]string{"-s install --no-install-recommends sudo", "update", "-s install --no-install-recommends sudo", "install --no-install-recommends sudo"}, ""},
		"what comes may push nothing out": {"apt-get", []string{"chrony"}, nil, nil,
			map[string][]answer{"-s install --no-install-recommends chrony": {{"Remv ntp [4]\nInst chrony (4)\n", 0}}},
			[]string{"-s install --no-install-recommends chrony"}, "refused: it would remove ntp"},
		"a lock is waited for": {"apt-get", nil, []string{"telnet"}, nil,
			map[string][]answer{"-s remove telnet": {{"Remv telnet [0.17]\n", 0}}, "remove telnet": {lock, lock, {"", 0}}},
			[]string{"-s remove telnet", "remove telnet", "remove telnet", "remove telnet"}, ""},
		"an error has the end of the output": {"apt-get", nil, []string{"telnet"}, nil,
			map[string][]answer{"-s remove telnet": {{"Reading\nE: dpkg was interrupted\n", 100}}},
			[]string{"-s remove telnet"}, "apt-get -s ended with status 100: Reading; E: dpkg was interrupted"},
		"rpm removes and takes nothing along": {"tdnf", nil, []string{"telnet"}, nil, nil,
			[]string{"rpm -e --test telnet", "rpm -e telnet"}, ""},
		"rpm refuses": {"dnf", nil, []string{"nfs-utils"}, []string{"autofs"},
			map[string][]answer{"rpm -q autofs": {{"not installed", 1}}, "rpm -e --test nfs-utils": {{"nfs-utils is needed by x", 1}}},
			[]string{"rpm -q autofs", "rpm -e --test nfs-utils"}, "refused: rpm -e ended with status 1: nfs-utils is needed by x"},
		"rpm takes along what is allowed and there": {"dnf", nil, []string{"nfs-utils"}, []string{"autofs"}, nil,
			[]string{"rpm -q autofs", "rpm -e --test nfs-utils autofs", "rpm -e nfs-utils autofs"}, ""},
		"tdnf installs": {"tdnf", []string{"sudo"}, nil, nil, nil, []string{"tdnf -y install sudo"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{t: t, answers: tc.answers}
			m := manager{programs: s, name: tc.manager}
			var err error
			if tc.install != nil {
				err = m.install(t.Context(), tc.install)
			} else {
				err = m.remove(t.Context(), tc.remove, tc.along)
			}
			if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
				t.Errorf("error is %v", err)
			}
			if !slices.Equal(s.ran, tc.ran) {
				t.Errorf("ran %q", s.ran)
			}
		})
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	s := &scripted{t: t, answers: map[string][]answer{"rpm -e --test x": {{"can't create transaction lock", 1}}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (manager{programs: s, name: "tdnf", wait: 1 << 40}).remove(ctx, []string{"x"}, nil); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("error is %v", err)
	}
}
