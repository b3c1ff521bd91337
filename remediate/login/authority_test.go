//go:build authority

package login

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// cell.sh is a machine of its own for logins: private mount, network and process namespaces, with this
// machine's programs and another /etc. $1 is the folder that holds it; the rest is what runs inside.
const cell = `set -e
dir=$1; shift
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd /run/faillock /run/sudo
mount --bind "$dir/etc" /etc
mount --bind "$dir/home" /home
ip link set lo up
mount -t proc proc /proc
/usr/sbin/sshd -D -e -p 2222 -o PidFile=none -o ListenAddress=127.0.0.1 2>"$dir/sshd.log" &
for i in $(seq 100); do
	if (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; then break; fi
	kill -0 $! 2>/dev/null || break
	sleep 0.05
done
"$@"
kill $! 2>/dev/null || true
`

// tries logs in with the key, with the password, and uses sudo as the account would over ssh.
const tries = `
opts="-F none -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10 -o NumberOfPasswordPrompts=1 -o LogLevel=ERROR"
if timeout 20 ssh $opts -i "$1/key" -o IdentitiesOnly=yes -o BatchMode=yes -o PreferredAuthentications=publickey alice@127.0.0.1 'echo in' 2>>"$1/key.log" | grep -qx in; then echo key; fi
if SSH_ASKPASS=$1/askpass SSH_ASKPASS_REQUIRE=force timeout 20 ssh $opts -o PubkeyAuthentication=no -o PreferredAuthentications=password alice@127.0.0.1 'echo in' 2>>"$1/pass.log" </dev/null | grep -qx in; then echo password; fi
if timeout 20 setpriv --reuid alice --regid alice --init-groups env -i PATH=$PATH setsid sudo -n id -u 2>>"$1/sudo.log" </dev/null | grep -qx 0; then echo sudo; fi
`

// machine is the folder of one cell, and its reading by the package.
type machine struct {
	t   *testing.T
	dir string
}

func (m machine) write(name, content string, mode fs.FileMode) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) run(argv ...string) string {
	m.t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

const aliceID = 54321

// build makes a machine on which alice gets in by every way. What is shared by all is made once.
func build(t *testing.T, keys, hash string) machine {
	t.Helper()
	m := machine{t, filepath.Join(t.TempDir(), "cell")}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for d := m.dir; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.run("cp", "-a", keys, m.dir+"/etc")
	m.write("etc/passwd", fmt.Sprintf("root:x:0:0:root:/root:/bin/bash\nsshd:x:104:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\nalice:x:%d:%d::/home/alice:/bin/bash\nbob:x:54322:54322::/:/bin/bash\n", aliceID, aliceID), 0o644)
	m.write("etc/group", fmt.Sprintf("root:x:0:\nnogroup:x:65534:\nshadow:x:42:\nwheel:x:54000:alice\nstaff:x:50:bob\nalice:x:%d:\nbob:x:54322:\n", aliceID), 0o644)
	m.write("etc/shadow", "root:*:20000:0:99999:7:::\nsshd:!:20000::::::\nnobody:*:20000::::::\nalice:"+hash+":20000:0:99999:7:::\nbob:*:20000:0:99999:7:::\n", 0o640)
	m.write("etc/shells", "/bin/sh\n/bin/bash\n", 0o644)
	m.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n", 0o644)
	m.write("etc/hosts", "127.0.0.1 localhost\n", 0o644)
	m.write("etc/hostname", "cell\n", 0o644)
	m.write("etc/login.defs", "", 0o644)
	m.write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", 0o644)
	m.write("etc/ssh/sshd_config", "UsePAM yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nUseDNS no\n", 0o644)
	for _, service := range []string{"sshd", "sudo"} {
		m.write("etc/pam.d/"+service, "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n", 0o644)
	}
	m.write("etc/pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_deny.so\npassword required pam_deny.so\n", 0o644)
	m.write("etc/security/access.conf", "", 0o644)
	m.write("etc/security/time.conf", "", 0o644)
	m.write("etc/sudoers", "Defaults env_reset\nDefaults !lecture\nalice ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	m.write("askpass", "#!/bin/sh\necho right\n", 0o755)
	m.run("mv", m.dir+"/etc/key", m.dir+"/etc/key.pub", m.dir)
	public, err := os.ReadFile(m.dir + "/key.pub")
	if err != nil {
		t.Fatal(err)
	}
	m.write("home/alice/.ssh/authorized_keys", string(public), 0o600)
	for _, p := range []string{"home/alice", "home/alice/.ssh", "home/alice/.ssh/authorized_keys"} {
		if err := os.Chown(filepath.Join(m.dir, p), aliceID, aliceID); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(m.dir, "home/alice/.ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.run("chown", "-R", "root:root", m.dir+"/etc")
	m.run("chgrp", "42", m.dir+"/etc/shadow")
	return m
}

// predict reads the cell's files over this machine's programs.
func (m machine) predict() Answer {
	m.t.Helper()
	base, err := host.OpenRoot("/")
	if err != nil {
		m.t.Fatal(err)
	}
	defer base.Close()
	read := &cellReader{Offline: base, dir: m.dir}
	read.etc, err = host.OpenRoot(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	defer read.etc.Close()
	machine, err := Read(read, time.Now())
	if err != nil {
		m.t.Fatal(err)
	}
	groups := []string{"alice", "wheel"}
	answer, err := machine.Try(Account{User: "alice", Groups: groups, Addr: "127.0.0.1"})
	if err != nil {
		m.t.Fatal(err)
	}
	return answer
}

// cellReader is this machine with /etc and /home of the cell.
type cellReader struct {
	*host.Offline
	etc *host.Offline
	dir string
}

func (r *cellReader) of(path string) *host.Offline {
	for _, own := range []string{"/etc", "/home"} {
		if path == own || strings.HasPrefix(path, own+"/") {
			return r.etc
		}
	}
	return r.Offline
}

func (r *cellReader) Info() host.Info { return host.Info{OS: "debian", Version: "12"} }
func (r *cellReader) ReadFile(p string) ([]byte, error) {
	if p == "/var/run/nologin" {
		return nil, fs.ErrNotExist
	}
	return r.of(p).ReadFile(p)
}
func (r *cellReader) ReadDir(p string) ([]fs.DirEntry, error) { return r.of(p).ReadDir(p) }
func (r *cellReader) Stat(p string) (host.FileInfo, error) {
	if p == "/var/run/nologin" {
		return host.FileInfo{}, fs.ErrNotExist
	}
	return r.of(p).Stat(p)
}
func (r *cellReader) Lstat(p string) (host.FileInfo, error) { return r.of(p).Lstat(p) }
func (r *cellReader) Readlink(p string) (string, error)     { return r.of(p).Readlink(p) }
func (r *cellReader) Resolve(p string) (string, error)      { return r.of(p).Resolve(p) }

// happens runs the real programs.
func (m machine) happens() map[string]bool {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--uts", "bash", "-c", cell, "bash", m.dir, "bash", "-c", tries, "bash", m.dir)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	got := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		got[strings.TrimSpace(line)] = true
	}
	if err != nil && len(got) == 0 && complaints.Len() > 0 {
		m.t.Logf("cell: %v: %s", err, complaints.String())
	}
	return got
}

// twists are what makes or breaks a login, one line each.
func twists() []func(m machine) string {
	line := func(file, text string) func(machine) string {
		return func(m machine) string {
			path := filepath.Join(m.dir, file)
			old, err := os.ReadFile(path)
			if err != nil {
				m.t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				m.t.Fatal(err)
			}
			m.write(file, string(old)+text+"\n", info.Mode().Perm())
			return file + ": " + text
		}
	}
	swap := func(file, old, text string) func(machine) string {
		return func(m machine) string {
			content, err := os.ReadFile(filepath.Join(m.dir, file))
			if err != nil {
				m.t.Fatal(err)
			}
			info, err := os.Stat(filepath.Join(m.dir, file))
			if err != nil {
				m.t.Fatal(err)
			}
			m.write(file, strings.Replace(string(content), old, text, 1), info.Mode().Perm())
			return file + ": " + old + " -> " + text
		}
	}
	mode := func(path string, mode fs.FileMode, uid, gid int) func(machine) string {
		return func(m machine) string {
			full := filepath.Join(m.dir, path)
			if err := errors.Join(os.Chown(full, uid, gid), os.Chmod(full, mode)); err != nil {
				m.t.Fatal(err)
			}
			return fmt.Sprintf("%s: %04o %d:%d", path, mode, uid, gid)
		}
	}
	both := func(a, b func(machine) string) func(machine) string {
		return func(m machine) string { return a(m) + "; " + b(m) }
	}
	const config = "etc/ssh/sshd_config"
	var list []func(machine) string
	for _, text := range []string{
		"DenyUsers bob", "DenyUsers al*", "AllowUsers alice", "AllowUsers bob", "AllowUsers alice@127.0.0.0/8", "AllowUsers alice@10.0.0.0/8",
		"AllowGroups wheel", "AllowGroups staff", "DenyGroups wheel", "DenyGroups staff", "PubkeyAuthentication no",
		"AuthenticationMethods publickey,password", "AuthenticationMethods publickey", "AuthenticationMethods password publickey",
		"AuthorizedKeysFile /etc/keys/%u", "AuthorizedKeysFile %h/.ssh/authorized_keys", "StrictModes no",
		"PubkeyAcceptedAlgorithms rsa-sha2-512", "PubkeyAcceptedAlgorithms ssh-ed25519", "Ciphers aes256-ctr", "Ciphers aes128-cbc",
		"KexAlgorithms curve25519-sha256", "KexAlgorithms diffie-hellman-group1-sha1", "MACs hmac-md5", "HostKeyAlgorithms rsa-sha2-512",
		"Match User alice\n\tPasswordAuthentication no", "Match Group staff\n\tDenyUsers *", "Match Address 127.0.0.1\n\tDenyUsers alice",
		"Match User bob\n\tPubkeyAuthentication no", "MaxAuthTries 3", "PermitRootLogin no",
	} {
		list = append(list, line(config, text))
	}
	list = append(list,
		swap(config, "PasswordAuthentication yes", "PasswordAuthentication no"),
		swap(config, "UsePAM yes", "UsePAM no"),
		both(swap(config, "UsePAM yes", "UsePAM no"), swap("etc/shadow", "alice:$", "alice:!$")),
		both(swap(config, "UsePAM yes", "UsePAM no"), swap("etc/shadow", ":99999:7:::\nbob", ":99999:7::19000:\nbob")),
		swap("etc/shadow", "alice:$", "alice:!$"),
		swap("etc/shadow", ":20000:0:99999:7:::\nbob", ":20000:0:30:7:::\nbob"),
		swap("etc/shadow", ":20000:0:99999:7:::\nbob", ":20000:0:30:7:10::\nbob"),
		swap("etc/shadow", ":20000:0:99999:7:::\nbob", ":0:0:99999:7:::\nbob"),
		swap("etc/shadow", ":20000:0:99999:7:::\nbob", "::0:30:7:::\nbob"),
		swap("etc/shadow", ":99999:7:::\nbob", ":99999:7::19000:\nbob"),
		swap("etc/shadow", ":99999:7:::\nbob", ":99999:7::90000:\nbob"),
		swap("etc/passwd", "/home/alice:/bin/bash", "/home/alice:/bin/sh"),
		swap("etc/passwd", "/home/alice:/bin/bash", "/home/alice:/usr/sbin/nologin"),
		swap("etc/passwd", "/home/alice:/bin/bash", "/home/alice:/bin/no-such-shell"),
		mode("home/alice", 0o775, aliceID, aliceID), mode("home/alice", 0o775, aliceID, 50), mode("home/alice", 0o757, aliceID, aliceID),
		mode("home/alice/.ssh", 0o755, 0, 0), mode("home/alice/.ssh", 0o700, 0, 0), mode("home/alice/.ssh/authorized_keys", 0o644, 0, 0),
		mode("home/alice/.ssh/authorized_keys", 0o600, 0, 0), mode("home/alice/.ssh/authorized_keys", 0o664, aliceID, 54000),
		mode("home/alice/.ssh/authorized_keys", 0o666, aliceID, aliceID), mode("home/alice/.ssh", 0o700, 54322, aliceID),
		swap("home/alice/.ssh/authorized_keys", "ssh-ed25519", `from="127.0.0.1" ssh-ed25519`),
		swap("home/alice/.ssh/authorized_keys", "ssh-ed25519", `from="10.0.0.0/8,!127.*" ssh-ed25519`),
		swap("home/alice/.ssh/authorized_keys", "ssh-ed25519", `command="true" ssh-ed25519`),
		swap("home/alice/.ssh/authorized_keys", "ssh-ed25519", `expiry-time="20200101" ssh-ed25519`),
		swap("home/alice/.ssh/authorized_keys", "ssh-ed25519", `expiry-time="20990101",no-pty ssh-ed25519`),
		func(m machine) string { m.write("etc/nologin", "", 0o644); return "etc/nologin" },
	)
	for _, service := range []string{"sshd", "sudo"} {
		file := "etc/pam.d/" + service
		for _, text := range []string{
			"account required pam_deny.so", "session required pam_deny.so", "session optional pam_deny.so", "auth required pam_deny.so",
			"account required pam_nologin.so", "account required pam_shells.so", "account required pam_succeed_if.so user ingroup wheel",
			"account required pam_succeed_if.so user ingroup staff", "account required pam_succeed_if.so uid < 1000", "account required pam_succeed_if.so user in bob:alice quiet",
			"account required pam_succeed_if.so shell !~ */nologin", "account required pam_no_such_module.so", "-account required pam_no_such_module.so",
			"session [success=1 default=ignore] pam_permit.so\nsession required pam_deny.so\nsession required pam_permit.so",
			"account sufficient pam_permit.so\naccount required pam_deny.so",
		} {
			list = append(list, line(file, text))
		}
		for _, access := range []string{
			"+:alice:ALL\n-:ALL:ALL", "+:wheel:ALL\n-:ALL:ALL", "+:(staff):ALL\n-:ALL:ALL", "-:ALL EXCEPT root alice:ALL", "-:ALL EXCEPT root:ALL",
			"-:alice:127.0.0.0/8", "-:alice:10.0.0.0/8", "-:alice:LOCAL", "-:ALL EXCEPT (wheel):ALL EXCEPT LOCAL", "+ : alice : 127.\n- : ALL : ALL", "-:alice@127.0.0.1:ALL", "garbage",
		} {
			list = append(list, both(line(file, "account required pam_access.so"), line("etc/security/access.conf", access)))
		}
		for _, hours := range []string{
			service + ";*;alice;Al0000-2400", service + ";*;!alice;!Al0000-2400", service + ";*;alice|bob;!Al0000-2400", "login;*;*;!Al0000-2400",
			"*;*;!root;Wk0000-2400 | Wd0000-2400", service + ";tty*;alice;!Al0000-2400",
		} {
			list = append(list, both(line(file, "account required pam_time.so"), line("etc/security/time.conf", hours)))
		}
		for _, names := range []string{"alice", "bob"} {
			for _, sense := range []string{"allow", "deny"} {
				list = append(list, func(m machine) string {
					m.write("etc/names", names+"\n", 0o644)
					return line(file, "account required pam_listfile.so onerr=fail item=user sense="+sense+" file=/etc/names")(m) + " " + names
				})
			}
		}
	}
	for _, text := range []string{
		"Defaults requiretty", "Defaults:bob requiretty", "Defaults requiretty\nDefaults:alice !requiretty", "Defaults use_pty", "alice ALL=(ALL) PASSWD: ALL",
		"alice ALL=(ALL) !ALL", "Defaults:alice !authenticate\nalice ALL=(ALL) PASSWD: ALL", "%wheel ALL=(ALL) PASSWD: ALL", "User_Alias X = alice, bob\nX ALL=(ALL) PASSWD: ALL",
		"alice other=(ALL) PASSWD: ALL", "alice ALL=(bob) PASSWD: ALL", "Defaults exempt_group=wheel\nalice ALL=(ALL) PASSWD: ALL", "this is no line",
	} {
		list = append(list, line("etc/sudoers", text))
	}
	return list
}

// TestPredictionsComeTrue compares what the package says of machines, each changed in one to three
// ways that are drawn from a fixed seed, with what the real sshd, libpam and sudo do to a real client.
// It needs root and the Debian packages openssh-server, openssh-client, sudo, libpam-modules, iproute2
// and util-linux.
func TestPredictionsComeTrue(t *testing.T) {
	keys := t.TempDir()
	for _, argv := range [][]string{
		{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys + "/key"},
		{"mkdir", "-p", keys + "/etc/ssh"},
		{"ssh-keygen", "-A", "-f", keys},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", argv, err, out)
		}
	}
	if out, err := exec.Command("mv", keys+"/etc/ssh", keys+"/ssh").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.Remove(keys + "/etc"); err != nil {
		t.Fatal(err)
	}
	hash, err := exec.Command("perl", "-e", `print crypt("right", "\$6\$saltsalt\$")`).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := twists()
	random := rand.New(rand.NewPCG(20261121, 5))
	plans := [][]int{{}}
	for i := range all {
		plans = append(plans, []int{i})
	}
	for range 60 {
		plans = append(plans, random.Perm(len(all))[:2+random.IntN(2)])
	}
	var mu sync.Mutex
	agreed := map[string]int{}
	one := func(t *testing.T, picks []int) {
		m := build(t, keys, string(hash))
		var what []string
		for _, i := range picks {
			what = append(what, all[i](m))
		}
		p := m.predict()
		heard := len(p.Deaf) == 0 || p.Deaf[OpenSSHClient].Reason == ""
		want := map[string]bool{"key": false, "password": false, "sudo": p.Sudo.OK() && p.Sudo.Ways[0] == noPassword}
		for _, way := range p.SSH.Ways {
			if way == "publickey" || way == "password" {
				want[map[string]string{"publickey": "key", "password": "password"}[way]] = heard && len(p.SSH.Against) == 0
			}
		}
		got := m.happens()
		for _, can := range []string{"key", "password", "sudo"} {
			mu.Lock()
			agreed[fmt.Sprintf("%s %t", can, got[can])]++
			mu.Unlock()
			if want[can] != got[can] {
				var logs []string
				for _, f := range []string{"sshd.log", "key.log", "pass.log", "sudo.log"} {
					text, _ := os.ReadFile(filepath.Join(m.dir, f))
					logs = append(logs, string(text))
				}
				t.Errorf("%s: predicted %t and got %t with\n%s\n%+v\n%s", can, want[can], got[can], strings.Join(what, "\n"), p, strings.Join(logs, "\n"))
			}
		}
	}
	t.Run("machines", func(t *testing.T) {
		for n, picks := range plans {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				one(t, picks)
			})
		}
	})
	for _, both := range []string{"key true", "key false", "password true", "password false", "sudo true", "sudo false"} {
		if agreed[both] < 20 {
			t.Errorf("only %d cases of %s", agreed[both], both)
		}
	}
	t.Logf("%d machines: %v", len(plans), agreed)
}
