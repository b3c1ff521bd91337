package login

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

const (
	someKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnzFD6nOS3yv0ucPnPoCjcVyYGfEBr9tT9+7VqsxPME test\n"
	keyFile = "/home/azureuser/.ssh/authorized_keys"
)

var now = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// node is a machine on which azureuser gets in with a key and a password, and becomes root without one.
func node(t testing.TB) *hosttest.Fake {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nazureuser:x:1000:1000::/home/azureuser:/bin/bash\nother:x:1001:1001::/home/other:/bin/bash\n")
	f.Write("/etc/group", "root:x:0:\nazureuser:x:1000:\nsudo:x:27:azureuser\nother:x:1001:\nadm:x:4:\n")
	f.Write("/etc/shadow", "root:*:20000:0:99999:7:::\nazureuser:$6$salt$hash:20000:0:99999:7:::\nother:!:20000:0:99999:7:::\n")
	f.Write("/etc/shells", "/bin/sh\n/bin/bash\n")
	f.Write("/etc/hostname", "node\n")
	f.Write("/etc/security/access.conf", "")
	f.Write("/bin/bash", "")
	f.Chattr("/bin/bash", 0o755, 0, 0)
	f.Write("/etc/ssh/sshd_config", "UsePAM yes\n")
	for _, service := range []string{"sshd", "sudo"} {
		f.Write("/etc/pam.d/"+service, "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n")
	}
	for _, m := range []string{"unix", "nologin", "access", "time", "shells", "listfile", "succeed_if", "deny", "permit"} {
		f.Write("/usr/lib/security/pam_"+m+".so", "")
	}
	f.Write("/etc/sudoers", "Defaults env_reset\nazureuser ALL=(ALL) NOPASSWD: ALL\n")
	f.Chattr("/etc/sudoers", 0o440, 0, 0)
	f.Write(keyFile, someKey)
	f.Chattr("/home/azureuser", 0o755, 1000, 1000)
	f.Chattr("/home/azureuser/.ssh", 0o700, 1000, 1000)
	f.Chattr(keyFile, 0o600, 1000, 1000)
	return f
}

func azureuser() Account {
	return Account{User: "azureuser", Groups: []string{"azureuser", "sudo"}, Addr: "10.0.0.4", Role: "the account that is running the build"}
}

func try(t testing.TB, f *hosttest.Fake, a Account) Answer {
	t.Helper()
	m, err := Read(f, now)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := m.Try(a)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// write appends to or replaces files: "path": "content", where "+" in front of the path appends.
func write(f *hosttest.Fake, files map[string]string) {
	for path, content := range files {
		if p, ok := strings.CutPrefix(path, "+"); ok {
			f.Write(p, f.Read(p)+content)
			continue
		}
		f.Write(path, content)
	}
}

func TestTheNodeLetsItsUserIn(t *testing.T) {
	a := try(t, node(t), azureuser())
	if !a.SSH.OK() || !a.Sudo.OK() || !a.Local.OK() || len(a.Deaf) > 0 {
		t.Fatalf("%+v", a)
	}
	if want := []string{"publickey", "password", "keyboard-interactive"}; !slices.Equal(a.SSH.Ways, want) {
		t.Errorf("ways are %v", a.SSH.Ways)
	}
	if !slices.Equal(a.Clients, []string{PackerClient, OpenSSHClient}) {
		t.Errorf("clients are %v", a.Clients)
	}
}

func TestWhatAChangeTakesAway(t *testing.T) {
	const config = "/etc/ssh/sshd_config"
	shadow := func(fields string) map[string]string {
		return map[string]string{"/etc/shadow": "azureuser:$6$salt$hash:" + fields + "\n"}
	}
	pam := func(service, line string, more ...string) map[string]string {
		files := map[string]string{"+/etc/pam.d/" + service: line + "\n"}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	one := func(path, content string) map[string]string { return map[string]string{path: content} }
	tests := []struct {
		name   string
		files  map[string]string
		change func(f *hosttest.Fake)
		lost   string // empty: nothing
		at     string // a place that the message names
	}{
		{name: "a harmless line", files: one("+"+config, "MaxAuthTries 4\n")},
		{name: "sshd would not start", files: one("+"+config, "MaxAuthTries\n"), lost: "would not start", at: config + ":2"},
		{name: "the account is denied", files: one("+"+config, "DenyUsers root azure*\n"), lost: "DenyUsers", at: config + ":2 (DenyUsers root azure*)"},
		{name: "the account is not among those allowed", files: one("+"+config, "AllowUsers root\n"), lost: "AllowUsers does not hold azureuser", at: config + ":2"},
		{name: "it is allowed from its address", files: one("+"+config, "AllowUsers azureuser@10.0.0.0/24\n")},
		{name: "it is allowed from elsewhere", files: one("+"+config, "AllowUsers azureuser@192.0.2.0/24\n"), lost: "AllowUsers"},
		{name: "a group is denied", files: one("+"+config, "DenyGroups sudo\n"), lost: "DenyGroups"},
		{name: "no group is allowed", files: one("+"+config, "AllowGroups wheel\n"), lost: "AllowGroups"},
		{name: "a block denies the address", files: one("+"+config, "Match Address 10.0.0.0/8\n DenyUsers *\n"), lost: "DenyUsers", at: config + ":3"},
		{name: "a block of another address does not", files: one("+"+config, "Match Address 192.0.2.0/24\n DenyUsers *\n")},
		{name: "passwords go and keys stay", files: one("+"+config, "PasswordAuthentication no\nKbdInteractiveAuthentication no\n")},
		{name: "keys go and passwords stay", files: one("+"+config, "PubkeyAuthentication no\n")},
		{name: "nothing is left to log in with", files: one("+"+config, "AuthenticationMethods none\n"), lost: "", at: ""},
		{name: "a second factor is asked for", files: one("+"+config, "AuthenticationMethods publickey,password\n"), lost: "log in over ssh with", at: config + ":2"},
		{name: "keys are looked for elsewhere and passwords go", files: one("+"+config, "AuthorizedKeysFile /etc/keys/%u\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"), lost: "no public key where sshd looks", at: config + ":2"},
		{name: "keys of its type are not taken, and passwords go", files: one("+"+config, "PubkeyAcceptedAlgorithms rsa-sha2-512\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"), lost: "would not take a key of type ssh-ed25519", at: config + ":2"},
		{name: "everybody can write the keys, and passwords go", files: one("+"+config, "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"), change: func(f *hosttest.Fake) { f.Chattr(keyFile, 0o622, 1000, 1000) }, lost: "StrictModes", at: keyFile},
		{name: "the group alone with its owner can write the home", files: one("+"+config, "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"), change: func(f *hosttest.Fake) { f.Chattr("/home/azureuser", 0o775, 1000, 1000) }},
		{name: "another group can write the home", files: one("+"+config, "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"), change: func(f *hosttest.Fake) { f.Chattr("/home/azureuser", 0o775, 1000, 4) }, lost: "StrictModes", at: "/home/azureuser"},
		{name: "root alone can read the keys", files: one("+"+config, "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"), change: func(f *hosttest.Fake) { f.Chattr(keyFile, 0o600, 0, 0) }, lost: "cannot read its keys", at: keyFile},
		{name: "the key is for one command, and passwords go", files: map[string]string{keyFile: `command="true" ` + someKey, "+" + config: "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"}, lost: "for one command", at: keyFile + ":1"},
		{name: "the key is for another address, and passwords go", files: map[string]string{keyFile: `from="192.0.2.*" ` + someKey, "+" + config: "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"}, lost: "other addresses", at: keyFile + ":1"},

		{name: "no cipher of Packer's", files: one("+"+config, "Ciphers aes128-cbc\n"), lost: "log in with " + PackerClient, at: config + ":2"},
		{name: "no key exchange of Packer's", files: one("+"+config, "KexAlgorithms sntrup761x25519-sha512@openssh.com\n"), lost: "no key exchange", at: config + ":2"},
		{name: "no MAC, and a cipher that needs none", files: one("+"+config, "MACs hmac-md5\n")},
		{name: "no MAC, and a cipher that needs one", files: one("+"+config, "Ciphers aes256-ctr\nMACs umac-64@openssh.com\n"), lost: "no MAC for its cipher aes256-ctr", at: config + ":3"},
		{name: "host keys of a type that nobody has", files: map[string]string{"+" + config: "HostKeyAlgorithms ssh-ed25519\n", "/etc/ssh/ssh_host_rsa_key.pub": "ssh-rsa AAAA x\n"}, lost: "type of host key", at: config + ":2"},

		{name: "the account is gone", files: one("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"), lost: "passwd does not have the account", at: "/etc/passwd"},
		{name: "its shell takes no commands", files: one("/etc/passwd", "azureuser:x:1000:1000::/home/azureuser:/usr/sbin/nologin\n"), lost: "takes no commands", at: "/etc/passwd:1"},
		{name: "its shell is not there", files: one("/etc/passwd", "azureuser:x:1000:1000::/home/azureuser:/bin/zsh\n"), lost: "does not exist", at: "/etc/passwd:1"},
		{name: "its shell cannot be run", change: func(f *hosttest.Fake) { f.Chattr("/bin/bash", 0o700, 0, 0) }, lost: "cannot be run", at: "/bin/bash"},
		{name: "the account expires", files: shadow("20000:0:99999:7::20700:"), lost: "the account has expired", at: "/etc/shadow:1"},
		{name: "the password expires", files: shadow("20000:0:90:7:::"), lost: "the password has expired", at: "/etc/shadow:1"},
		{name: "the password must be changed", files: shadow("0:0:90:7:::"), lost: "has to be changed", at: "/etc/shadow:1"},
		{name: "the password is locked and the key stays", files: one("/etc/shadow", "azureuser:!$6$salt$hash:20000:0:99999:7:::\n")},
		{name: "nologin is there and nothing looks for it", files: one("/etc/nologin", "")},
		{name: "nologin is there, and pam_nologin looks", files: pam("sshd", "account required pam_nologin.so", "/etc/nologin", ""), lost: "only root may log in", at: "/etc/nologin"},
		{name: "nologin is there, and PAM is off", files: map[string]string{config: "UsePAM no\n", "/etc/nologin": ""}, lost: "only root may log in", at: "/etc/nologin"},

		{name: "pam_access names others", files: pam("sshd", "account required pam_access.so", "/etc/security/access.conf", "+:root:ALL\n-:ALL:ALL\n"), lost: "pam_access", at: "/etc/security/access.conf:2 (-:ALL:ALL)"},
		{name: "pam_access names its group", files: pam("sshd", "account required pam_access.so", "/etc/security/access.conf", "+:(sudo):10.0.0.0/24\n-:ALL:ALL\n")},
		{name: "pam_time has hours", files: pam("sshd", "account required pam_time.so", "/etc/security/time.conf", "sshd;*;!root;Wk0800-1800\n"), lost: "some times only", at: "/etc/security/time.conf:1"},
		{name: "pam_shells wants its shell listed", files: pam("sshd", "account required pam_shells.so", "/etc/shells", "/bin/sh\n"), lost: "not listed", at: "/etc/shells"},
		{name: "pam_listfile does not hold it", files: pam("sshd", "account required pam_listfile.so item=user sense=allow file=/etc/allowed onerr=fail", "/etc/allowed", "root\n"), lost: "list does not hold it", at: "/etc/allowed"},
		{name: "pam_succeed_if wants another group", files: pam("sshd", "account required pam_succeed_if.so user ingroup wheel"), lost: "conditions", at: "/etc/pam.d/sshd:4"},
		{name: "an account phase that denies", files: pam("sshd", "account required pam_deny.so"), lost: "account phase of sshd", at: "/etc/pam.d/sshd:4"},
		{name: "a session that fails", files: pam("sshd", "session required pam_deny.so"), lost: "session phase of sshd", at: "/etc/pam.d/sshd:4"},
		{name: "sudo's account phase denies", files: pam("sudo", "account required pam_deny.so"), lost: "use sudo", at: "/etc/pam.d/sudo:4"},
		{name: "sudo's session fails, which sudo bears", files: pam("sudo", "session required pam_deny.so")},

		{name: "sudo asks for a password", files: one("/etc/sudoers", "azureuser ALL=(ALL) ALL\n"), lost: "use sudo without a password", at: "/etc/sudoers:1"},
		{name: "sudo is for others", files: one("/etc/sudoers", "root ALL=ALL\n"), lost: "no line of sudoers"},
		{name: "sudo wants a terminal", files: one("+/etc/sudoers", "Defaults requiretty\n"), lost: "want a terminal", at: "/etc/sudoers:3"},
		{name: "sudo wants one of others", files: one("+/etc/sudoers", "Defaults:other requiretty\n")},
		{name: "sudo makes a terminal", files: one("+/etc/sudoers", "Defaults use_pty\n")},
		{name: "sudo cannot read its file", files: one("/etc/sudoers", "azureuser ALL=\n"), lost: "would refuse its configuration", at: "/etc/sudoers:1"},
		{name: "sudo loses its bit", change: func(f *hosttest.Fake) { f.Chattr("/usr/bin/sudo", 0o755, 0, 0) }, lost: "could not become root", at: "/usr/bin/sudo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := node(t), node(t)
			for _, f := range []*hosttest.Fake{before, after} {
				f.Write("/usr/bin/sudo", "")
				f.Chattr("/usr/bin/sudo", fs.ModeSetuid|0o755, 0, 0)
			}
			write(after, tt.files)
			if tt.change != nil {
				tt.change(after)
			}
			lost := Lost(azureuser(), try(t, before, azureuser()), try(t, after, azureuser()))
			var texts []string
			for _, o := range lost {
				texts = append(texts, o.String())
			}
			text := strings.Join(texts, "\n")
			switch {
			case tt.name == "nothing is left to log in with":
				if text == "" {
					t.Error("nothing is lost")
				}
			case tt.lost == "" && text != "":
				t.Errorf("lost: %s", text)
			case tt.lost != "" && (!strings.Contains(text, tt.lost) || !strings.Contains(text, tt.at)):
				t.Errorf("lost %q, expected %q at %q", text, tt.lost, tt.at)
			}
		})
	}
}

func TestWhoHasNothingHasNothingToLose(t *testing.T) {
	before, after := node(t), node(t)
	root := Account{User: "root", Groups: []string{"root"}}
	before.Write("/etc/ssh/sshd_config", "PermitRootLogin no\n")
	after.Write("/etc/ssh/sshd_config", "PermitRootLogin no\nDenyUsers root\n")
	if lost := Lost(root, try(t, before, root), try(t, after, root)); len(lost) > 0 {
		t.Errorf("%v", lost)
	}
	before.Write("/etc/ssh/sshd_config", "PermitRootLogin yes\n")
	before.Write("/root/.ssh/authorized_keys", someKey)
	if lost := Lost(root, try(t, before, root), try(t, after, root)); len(lost) == 0 {
		t.Error("root's login may go")
	}
}

func TestAnAccountOfAnotherDatabaseIsTakenAtItsWord(t *testing.T) {
	f := node(t)
	a := try(t, f, Account{User: "ann@example.org", Groups: []string{"admins"}})
	if !a.SSH.OK() {
		t.Errorf("%+v", a.SSH)
	}
}

// TestPackersClientIsWhatTheGoLibrarySends reads the lists out of the first message of a real client.
func TestPackersClientIsWhatTheGoLibrarySends(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		_, signer, _ := ed25519.GenerateKey(rand.Reader)
		key, err := ssh.NewSignerFromKey(signer)
		if err == nil {
			_, _, _, _ = ssh.NewClientConn(theirs, "x", &ssh.ClientConfig{User: "u", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		}
	}()
	lists := kexInit(t, ours)
	var packer client
	for _, c := range clients(sshd.Server{Version: sshd.Version{Major: 9, Minor: 6}}) {
		if c.name == PackerClient {
			packer = c
		}
	}
	for i, want := range [][]string{packer.kex, packer.hostKeys, packer.ciphers, packer.ciphers, packer.macs} {
		got := slices.DeleteFunc(lists[i], func(n string) bool { return strings.HasPrefix(n, "ext-info") || strings.HasPrefix(n, "kex-strict") })
		if !slices.Equal(got, want) {
			t.Errorf("list %d: the client sends %v and we say %v", i, got, want)
		}
	}
}

// kexInit answers a client's greeting and gives the name lists of its first packet.
func kexInit(t *testing.T, c net.Conn) [][]string {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go fmt.Fprint(c, "SSH-2.0-test\r\n")
	one := make([]byte, 1)
	for one[0] != '\n' {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatal(err)
		}
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, int(head[0])<<24|int(head[1])<<16|int(head[2])<<8|int(head[3])-1)
	if _, err := io.ReadFull(c, packet); err != nil {
		t.Fatal(err)
	}
	rest := packet[1+16:] // the message's number and the cookie
	var lists [][]string
	for range 8 {
		n := int(rest[0])<<24 | int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3])
		lists = append(lists, strings.Split(string(rest[4:4+n]), ","))
		rest = rest[4+n:]
	}
	return lists
}
