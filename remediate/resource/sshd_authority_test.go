//go:build authority

package resource

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
)

// ownPrograms runs the programs of this machine. Debian package: openssh-server.
type ownPrograms struct{ t *testing.T }

func (p ownPrograms) Stage(files func(dir string) map[string][]byte) (string, func(), error) {
	dir := p.t.TempDir()
	for name, content := range files(dir) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return "", nil, err
		}
	}
	return dir, func() {}, nil
}

func (p ownPrograms) Run(ctx context.Context, argv ...string) ([]byte, int, error) {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out, exit.ExitCode(), nil
	}
	return out, 0, err
}

// realServer puts this machine's server program in the tree.
func realServer(t *testing.T, f *hosttest.Fake) {
	t.Helper()
	binary, err := os.ReadFile(sshd.Program)
	if err != nil {
		t.Fatalf("these tests need the Debian package openssh-server: %v", err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	f.Write(sshd.Program, string(binary))
}

func TestTheServerAgreesWithWhatTheGuardReads(t *testing.T) {
	before := sshdHost(t, map[string]string{sshd.ConfigPath: ""})
	after := sshdHost(t, map[string]string{
		sshd.ConfigPath: "Include /etc/ssh/sshd_config.d/*.conf\n\nMaxAuthTries 6\nMACs +hmac-md5\n" +
			"AcceptEnv LANG LC_*\nRekeyLimit 1G 1h\nMatch User root\n\tInclude more\\ files/*\n\tX11Forwarding no\n",
		"/etc/ssh/sshd_config.d/00-harden.conf": "MaxAuthTries 4\nCiphers -*-cbc\nMatch Group root\nBanner /etc/issue.net\n",
		"/etc/ssh/more files/a[1].conf":         "AllowUsers root nobody\n",
	})
	realServer(t, before)
	realServer(t, after)
	p := Proposal{Before: before, After: after, Programs: ownPrograms{t}, Accounts: []login.Account{{User: "root", Groups: []string{"root"}, Addr: "10.0.0.4"}}}
	if err := guardSSHD(context.Background(), p); err != nil {
		t.Error(err)
	}
}

func TestTheServerRefusesWithThePathsOfTheTarget(t *testing.T) {
	after := sshdHost(t, map[string]string{
		sshd.ConfigPath:                 "Include /etc/ssh/sshd_config.d/*.conf\n",
		"/etc/ssh/sshd_config.d/a.conf": "UsePAM yes\nVersionAddendum a\n# The next line is wrong only to the server.\nListenAddress not..a..host\n",
	})
	realServer(t, after)
	err := guardSSHD(context.Background(), Proposal{Before: after, After: after, Programs: ownPrograms{t}})
	if err == nil || !strings.Contains(err.Error(), "not..a..host") || strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("error = %v", err)
	}
}

// TestTreesAreTakenByTheServer lets sshd judge what a plan makes of every tree whose server is new
// enough to be compared with this one.
func TestTreesAreTakenByTheServer(t *testing.T) {
	cases, err := filepath.Glob("testdata/trees/sshd/*/out")
	if err != nil || len(cases) == 0 {
		t.Fatal("no trees", err)
	}
	for _, out := range cases {
		t.Run(filepath.Base(filepath.Dir(out)), func(t *testing.T) {
			f := hosttest.Tree(t, out)
			realServer(t, f)
			err := guardSSHD(context.Background(), Proposal{Before: f, After: f, Programs: ownPrograms{t},
				Accounts: []login.Account{{User: "nobody", Groups: []string{"nogroup"}, Addr: "10.0.0.4"}}})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
