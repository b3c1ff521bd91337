//go:build authority

// These tests compare with the OpenSSH server of the machine (Debian package openssh-server). They
// need root, for sshd refuses to test without its privilege separation directory.
package sshd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// authority is a directory for trees and the means to ask the real server about them.
type authority struct {
	dir    string
	key    string
	binary []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	binary, err := os.ReadFile(sshd.Program)
	if err != nil {
		t.Fatalf("these tests need the Debian package openssh-server: %v", err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	a := &authority{dir: t.TempDir(), binary: binary}
	a.key = filepath.Join(a.dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", a.key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	return a
}

// tree is a configuration: file contents by name, "main" for the main file. Includes say @DIR@.
type tree map[string]string

// ask runs sshd -T on a tree; ok is false when it refuses.
func (a *authority) ask(t fataler, files tree, conn sshd.Conn) (lines []string, message string, ok bool) {
	dir, err := os.MkdirTemp(a.dir, "tree")
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer os.RemoveAll(dir)
	for name, content := range files {
		content = strings.ReplaceAll(content, "@DIR@", dir)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatalf("%v", err)
		}
	}
	args := []string{"-T", "-f", filepath.Join(dir, "main"), "-h", a.key}
	var spec []string
	add := func(name, value string) {
		if value != "" {
			spec = append(spec, name+"="+value)
		}
	}
	add("user", conn.User)
	add("host", conn.Host)
	add("addr", conn.Addr)
	add("laddr", conn.LAddr)
	if conn.LPort != 0 {
		add("lport", fmt.Sprint(conn.LPort))
	}
	if spec != nil {
		args = append(args, "-C", strings.Join(spec, ","))
	}
	cmd := exec.Command(sshd.Program, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Dir = "/"
	if err := cmd.Run(); err != nil {
		return nil, stderr.String(), false
	}
	lines = strings.Split(strings.TrimSpace(strings.ReplaceAll(stdout.String(), dir, "@DIR@")), "\n")
	// -h adds the key of the test to those of the configuration.
	// A ChannelTimeout of none is printed or not, depending on where it comes from.
	lines = slices.DeleteFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "hostkey ") || l == "channeltimeout none"
	})
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	slices.Sort(lines)
	return lines, stderr.String(), true
}

type fataler interface{ Fatalf(string, ...any) }

func (a *authority) oursIn(t fataler, f writer, files tree, conn sshd.Conn) ([]string, *sshd.Config, error) {
	for name, content := range files {
		path := "/etc/ssh/tree/" + name
		if name == "main" {
			path = sshd.ConfigPath
		}
		f.Write(path, strings.ReplaceAll(content, "@DIR@", "/etc/ssh/tree"))
	}
	f.Write(sshd.Program, string(a.binary))
	server, ok, err := sshd.Find(f, host.Info{})
	if err != nil || !ok {
		t.Fatalf("cannot find the server: %v", err)
	}
	c, err := sshd.Load(f, server)
	if err != nil {
		return nil, nil, err
	}
	lines, err := c.Dump(conn)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out []string
	for _, l := range lines {
		word, value, _ := strings.Cut(l, " ")
		if word == "channeltimeout" && value == "none" {
			continue
		}
		switch word {
		case "hostkey", "debianbanner", "rdomain", "kerberosgetafstoken":
			// Not asked for here, or not printed by this build.
			continue
		}
		out = append(out, strings.ReplaceAll(strings.TrimRight(l, " "), "/etc/ssh/tree", "@DIR@"))
	}
	return out, c, nil
}

type writer interface {
	host.Files
	Write(path, content string)
}

// agree compares acceptance and, where both accept, every keyword.
func (a *authority) agree(t fataler, f writer, files tree, conn sshd.Conn) (accepted bool) {
	theirs, message, accepted := a.ask(t, files, conn)
	ours, c, err := a.oursIn(t, f, files, conn)
	if !accepted {
		if strings.Contains(message, "bad addr or host") {
			return false // whether a name resolves is no matter of the configuration
		}
		if err == nil && len(c.Problems) == 0 {
			t.Fatalf("sshd refuses and we do not:\n%s\n%s", message, files.show())
		}
		return false
	}
	if err != nil {
		t.Fatalf("sshd accepts and we do not: %v\n%s", err, files.show())
	}
	if len(c.Problems) > 0 {
		t.Fatalf("sshd accepts and we do not: %v\n%s", c.Problems, files.show())
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Fatalf("sshd -T (-) and we (+) differ for %+v:\n%s\n%s", conn, diff, files.show())
	}
	return true
}

func (files tree) show() string {
	var b strings.Builder
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, "--- %s\n%s", n, files[n])
	}
	return b.String()
}

func TestTheDefaultsAreThoseOfTheServer(t *testing.T) {
	a := newAuthority(t)
	a.agree(t, hosttest.Tree(t, ""), tree{"main": ""}, sshd.Conn{})
}

func TestTheShippedConfigurationReadsAsTheServerReadsIt(t *testing.T) {
	a := newAuthority(t)
	content, err := os.ReadFile("/usr/share/openssh/sshd_config")
	if err != nil {
		t.Fatal(err)
	}
	a.agree(t, hosttest.Tree(t, ""), tree{"main": string(content)}, sshd.Conn{})
}

// connections are those that the written and the drawn trees are asked about. The groups of root on a
// Debian machine are just root.
func connections() []sshd.Conn {
	root := []string{"root"}
	// Every connection has a local port: sshd -T refuses Match LocalPort without one.
	return []sshd.Conn{
		{LPort: 1},
		{User: "root", Groups: root, Host: "client.example", Addr: "10.1.2.3", LAddr: "192.0.2.1", LPort: 22},
		{User: "root", Groups: root, Host: "other.example", Addr: "2001:db8::7", LAddr: "2001:db8::1", LPort: 2222},
		{User: "nobody", Groups: []string{"nogroup"}, Host: "client.example", Addr: "192.0.2.77", LAddr: "192.0.2.1", LPort: 22},
		{User: "nobody", Groups: []string{"nogroup"}, LPort: 1},
		{User: "absent", Addr: "10.0.0.1", Host: "10.0.0.1", LAddr: "127.0.0.1", LPort: 22},
	}
}

func TestWrittenTrees(t *testing.T) {
	a := newAuthority(t)
	trees := []struct {
		name  string
		files tree
	}{
		{"the first value wins", tree{"main": "MaxAuthTries 3\nMaxAuthTries 5\n"}},
		{"an include stands where it is", tree{
			"main": "Include @DIR@/*.conf\nMaxAuthTries 5\nX11Forwarding yes\n", "b.conf": "MaxAuthTries 2\n", "a.conf": "LogLevel VERBOSE\n"}},
		{"includes are sorted bytewise", tree{
			"main": "Include @DIR@/*.conf\n", "B.conf": "MaxAuthTries 2\n", "a.conf": "MaxAuthTries 3\n", "00.conf": "LogLevel DEBUG1\n"}},
		{"several files of one line are read in the order of the line", tree{
			"main": "Include @DIR@/b.conf @DIR@/a.conf\n", "b.conf": "MaxAuthTries 2\n", "a.conf": "MaxAuthTries 3\n"}},
		{"a match in an include ends with the file", tree{
			"main": "Include @DIR@/a.conf\nMaxAuthTries 5\n", "a.conf": "Match User root\nMaxAuthTries 2\n"}},
		{"an include in a block", tree{
			"main": "Match User root\nInclude @DIR@/a.conf\nBanner /b\n", "a.conf": "MaxAuthTries 2\nMatch Address 10.0.0.0/8\nLogLevel DEBUG2\n"}},
		{"an include in a block that does not match", tree{
			"main": "Match User other\nInclude @DIR@/a.conf\n", "a.conf": "MaxAuthTries 2\nMatch all\nLogLevel DEBUG2\n"}},
		{"a global keyword in a block is refused", tree{"main": "Match User root\nUsePAM yes\n"}},
		{"a global keyword below match all is not", tree{"main": "Match all\nUsePAM yes\nMaxStartups 3\nX11Forwarding yes\n"}},
		{"match all overrides the global value", tree{"main": "MaxAuthTries 3\nMatch all\nMaxAuthTries 5\n"}},
		{"the first matching block wins", tree{"main": "Match User ro*\nMaxAuthTries 3\nMatch User root\nMaxAuthTries 5\n"}},
		{"blocks replace lists as a whole", tree{"main": "AllowUsers a b\nMatch User root\nAllowUsers c\nAllowUsers d e\nMatch Address 10.0.0.0/8\nAllowUsers f\n"}},
		{"lists add up", tree{"main": "DenyUsers a b\nDenyUsers c@10.0.0.0/8\nAcceptEnv A B\nAcceptEnv C\nPort 22\nPort 2222\n"}},
		{"negation wins", tree{"main": "Match Address *,!10.1.2.3\nMaxAuthTries 3\nMatch User root,!root\nLogLevel ERROR\n"}},
		{"networks and patterns", tree{"main": "Match Address 192.0.2.0/24,2001:db8::/32\nMaxAuthTries 3\nMatch Host *.EXAMPLE\nLogLevel ERROR\nMatch LocalPort 2222\nBanner /x\nMatch LocalAddress 192.0.2.1\nMaxSessions 3\n"}},
		{"groups", tree{"main": "Match Group root,!wheel\nMaxAuthTries 3\nMatch Group no*\nMaxAuthTries 4\n"}},
		{"a network with host bits is refused", tree{"main": "Match Address 10.1.2.3/8\nMaxAuthTries 3\n"}},
		{"an unknown keyword is refused", tree{"main": "MaxAuthTriess 3\n"}},
		{"an empty value is refused", tree{"main": "Banner\n"}},
		{"an empty quoted value is refused", tree{"main": "Banner \"\"\n"}},
		{"an extra argument is refused", tree{"main": "MaxAuthTries 3 4\n"}},
		{"an unclosed quote is refused", tree{"main": "Banner \"/etc/issue\n"}},
		{"comments may follow a value", tree{"main": "MaxAuthTries 3 # three\n Banner /a#b\n\t#X11Forwarding yes\n"}},
		{"an equals sign may separate", tree{"main": "MaxAuthTries=3\nLogLevel = VERBOSE\nMaxSessions= 4\nBanner =/etc/issue\n"}},
		{"keywords have no case, and may be quoted", tree{"main": "MAXAUTHTRIES 3\n\"LogLevel\" verbose\npermitrootlogin NO\n"}},
		{"escapes", tree{"main": "Banner /a\\ b\nForceCommand echo \"a  b\" # c\nAuthorizedKeysFile \"a b\" 'c d' e\\\\f\n"}},
		{"carriage returns", tree{"main": "MaxAuthTries 3\r\nLogLevel VERBOSE\r\n"}},
		{"times", tree{"main": "LoginGraceTime 1h30m\nClientAliveInterval 5M\nRekeyLimit 1G 1h\n"}},
		{"a rekey interval of none is set by a later line", tree{"main": "RekeyLimit 2M none\nRekeyLimit 1G 1h\n"}},
		{"the last MaxStartups wins", tree{"main": "MaxStartups 10:40:60\nMaxStartups 5\n"}},
		{"the last of a few others wins", tree{"main": "IPQoS ef\nIPQoS cs1 cs2\nStreamLocalBindMask 0111\nStreamLocalBindMask 077\nFingerprintHash md5\nFingerprintHash sha512\nPerSourceNetBlockSize 24:64\nPerSourceNetBlockSize 16:48\nPerSourceMaxStartups 5\nPerSourceMaxStartups none\n"}},
		{"algorithms are added", tree{"main": "Ciphers +aes256-cbc,3des-cbc\nMACs +hmac-md5\nKexAlgorithms +diffie-hellman-group1-sha1\nHostKeyAlgorithms +ssh-rsa\n"}},
		{"algorithms are removed by pattern", tree{"main": "Ciphers -aes*,chacha*\nMACs -*etm*,umac*\nKexAlgorithms -*sha1,sntrup*\nPubkeyAcceptedAlgorithms -ecdsa*,*cert*\n"}},
		{"algorithms are put first", tree{"main": "Ciphers ^aes256-gcm@openssh.com\nMACs ^hmac-sha2-512,hmac-md5\nKexAlgorithms ^ecdh-sha2-nistp521\nCASignatureAlgorithms ^rsa-sha2-256\n"}},
		{"key types may be patterns", tree{"main": "PubkeyAcceptedAlgorithms ssh-ed25519*,rsa-sha2-*\nHostbasedAcceptedAlgorithms +ssh-rsa*\n"}},
		{"cipher patterns are refused", tree{"main": "Ciphers aes*\n"}},
		{"an unknown cipher is refused", tree{"main": "Ciphers aes256-ctr,aes512-ctr\n"}},
		{"key types of a block are relative to the defaults", tree{"main": "PubkeyAcceptedAlgorithms ssh-ed25519\nMatch User root\nPubkeyAcceptedAlgorithms +ssh-rsa\n"}},
		{"old names", tree{"main": "ChallengeResponseAuthentication yes\nPubkeyAcceptedKeyTypes ssh-ed25519\nKeepAlive no\nUsePrivilegeSeparation sandbox\nProtocol 2\nSkeyAuthentication no\n"}},
		{"listen addresses", tree{"main": "ListenAddress 127.0.0.1\nListenAddress [::1]:2022\nPort 2200\nPort 2201\n"}},
		{"an address family", tree{"main": "AddressFamily inet\nPort 2200\n"}},
		{"forwards", tree{"main": "PermitOpen a:22 b:*\nPermitListen 8080 localhost:99\nAllowTcpForwarding all\n"}},
		{"environment", tree{"main": "SetEnv A=1 B=2 A=3\nSetEnv C=4\nPermitUserEnvironment LANG,LC_*\n"}},
		{"methods", tree{"main": "AuthenticationMethods publickey,password publickey,keyboard-interactive:pam\nMatch User root\nAuthenticationMethods any\n"}},
		{"an unknown method is refused", tree{"main": "AuthenticationMethods telepathy\n"}},
		{"commands", tree{"main": "AuthorizedPrincipalsCommandUser nobody\nAuthorizedPrincipalsCommand /bin/p %u\nAuthorizedKeysCommand /bin/a  %u # x\nAuthorizedPrincipalsCommand /bin/q\nAuthorizedKeysCommandUser nobody\nVersionAddendum hello # there\n"}},
		{"timeouts", tree{"main": "UnusedConnectionTimeout 5m\nChannelTimeout session:*=1h direct-tcpip=2m\nMatch User root\nUnusedConnectionTimeout none\nChannelTimeout none\n"}},
		{"a subsystem that is defined twice is refused", tree{"main": "Subsystem sftp internal-sftp -f AUTH\nSubsystem sftp /bin/x\n"}},
		{"subsystems", tree{"main": "Subsystem sftp internal-sftp -f AUTH\nSubsystem other /bin/x\n"}},
		{"an include that matches nothing", tree{"main": "Include @DIR@/none/*.conf\nMaxAuthTries 2\n"}},
		{"a match with a comment", tree{"main": "Match User root # and only root\nMaxAuthTries 2\n"}},
		{"all with another condition is refused", tree{"main": "Match all User root\n"}},
		{"a match with no argument is refused", tree{"main": "Match User\n"}},
		{"an included file with a wrong line is refused", tree{"main": "Match User other\nInclude @DIR@/a.conf\n", "a.conf": "MaxAuthTries many\n"}},
		{"a global keyword in a file included in a block is refused", tree{"main": "Match User other\nInclude @DIR@/a.conf\n", "a.conf": "Port 22\n"}},
		{"the same file included twice", tree{"main": "Include @DIR@/a.conf\nInclude @DIR@/a.conf\n", "a.conf": "DenyUsers x\nMaxAuthTries 2\n"}},
		{"a file that includes itself is refused", tree{"main": "Include @DIR@/a.conf\n", "a.conf": "Include @DIR@/a.conf\n"}},
	}
	for _, tt := range trees {
		t.Run(tt.name, func(t *testing.T) {
			for _, conn := range connections() {
				a.agree(t, hosttest.Tree(t, ""), tt.files, conn)
			}
		})
	}
}

func TestDrawnTrees(t *testing.T) {
	a := newAuthority(t)
	f := hosttest.Tree(t, "")
	names := []string{"main", "a.conf", "b.conf", "c.conf"}
	rapid.Check(t, func(r *rapid.T) {
		files := tree{}
		for i, name := range names {
			files[name] = drawFile(r, i, name)
		}
		conns := connections()
		a.agree(r, f, files, conns[rapid.IntRange(0, len(conns)-1).Draw(r, "conn")])
	})
}

func drawFile(r *rapid.T, level int, name string) string {
	var b strings.Builder
	lines := rapid.IntRange(0, 9).Draw(r, name+" lines")
	inMatch := false
	for range lines {
		what := rapid.IntRange(0, 19).Draw(r, "what")
		switch {
		case what == 0:
			b.WriteString(drawMatch(r) + "\n")
			inMatch = true
		case what == 1 && level < 3:
			b.WriteString("Include " + rapid.SampledFrom(includesFrom(level)).Draw(r, "include") + "\n")
		case what == 2:
			b.WriteString("# " + rapid.StringMatching(`[ -~]{0,12}`).Draw(r, "comment") + "\n")
		case what == 3:
			b.WriteString(rapid.StringMatching(`(Banner|AllowUsers|AcceptEnv|AuthorizedKeysFile|MaxAuthTries|ForceCommand)[ =\t]{1,3}["'\\ a-c0-9#=/,]{0,9}`).Draw(r, "odd") + "\n")
		default:
			b.WriteString(drawSetting(r, inMatch && rapid.IntRange(0, 9).Draw(r, "stay") > 0) + "\n")
		}
	}
	return b.String()
}

func includesFrom(level int) []string {
	all := []string{"@DIR@/a.conf", "@DIR@/b.conf", "@DIR@/c.conf"}[level:]
	return append(all, "@DIR@/[c].conf", "@DIR@/none*.conf", "@DIR@/?.conx", strings.Join(all, " "))
}

func drawMatch(r *rapid.T) string {
	return "Match " + rapid.SampledFrom([]string{
		"all", "User root", "User nobody", "User r*,!root", "user=root", "Group root", "Group nogroup", "Group !root,*",
		"Address 10.0.0.0/8", "Address 192.0.2.*", "Address !10.1.2.3,*", "Address 2001:db8::/32", "Host *.example",
		"Host !client.example,*", "LocalPort 22", "LocalAddress 192.0.2.1", "User root Address 10.0.0.0/8",
		"User nobody LocalPort 22", `User "root"`, "User * # everyone", "Address 10.1.2.3/8", "User", "RDomain x", "Planet earth",
	}).Draw(r, "match")
}

func drawSetting(r *rapid.T, inMatch bool) string {
	flag := []string{"yes", "no", "NO"}
	choices := []struct {
		keyword string
		values  []string
		global  bool
	}{
		{"X11Forwarding", flag, false}, {"PasswordAuthentication", flag, false}, {"PermitEmptyPasswords", flag, false},
		{"PubkeyAuthentication", flag, false}, {"DisableForwarding", flag, false}, {"challengeresponseauthentication", flag, false},
		{"KbdInteractiveAuthentication", flag, false}, {"HostbasedAuthentication", flag, false},
		{"IgnoreRhosts", []string{"yes", "no", "shosts-only", "maybe"}, false},
		{"PermitRootLogin", []string{"yes", "no", "prohibit-password", "without-password", "forced-commands-only"}, false},
		{"MaxAuthTries", []string{"1", "4", "06", "-1", "4.5"}, false}, {"MaxSessions", []string{"0", "10"}, false},
		{"ClientAliveInterval", []string{"15", "5m", "1h1", "0", "1x"}, false}, {"ClientAliveCountMax", []string{"0", "3"}, false},
		{"LogLevel", []string{"INFO", "verbose", "DEBUG1", "QUIET"}, false},
		{"Banner", []string{"none", "/etc/issue.net", "NONE", `"/a b"`}, false},
		{"AllowUsers", []string{"root", "a b@10.0.0.0/8", "", "c@10.1.1.1/8"}, false}, {"DenyUsers", []string{"x", "y z"}, false},
		{"AllowGroups", []string{"root", "a b"}, false}, {"DenyGroups", []string{"x"}, false},
		{"AcceptEnv", []string{"LANG LC_*", "A", "A=b"}, false}, {"SetEnv", []string{"A=1", "B=2 A=3 B=4"}, false},
		{"AuthorizedKeysFile", []string{"none", ".ssh/a .ssh/b", "/etc/%u"}, false},
		{"AuthenticationMethods", []string{"any", "publickey", "publickey,password", "any publickey"}, false},
		{"PubkeyAcceptedAlgorithms", []string{"+ssh-rsa", "-ecdsa*", "^rsa-sha2-256", "ssh-ed25519,rsa-sha2-512", "ssh-ed*"}, false},
		{"CASignatureAlgorithms", []string{"-rsa*", "ssh-ed25519"}, false},
		{"IPQoS", []string{"ef", "cs1 0x20", "none", "le reliability", "7"}, false}, {"RekeyLimit", []string{"1G 1h", "default none", "0 5m", "16K"}, false},
		{"PermitOpen", []string{"any", "none", "a:1 b:2"}, false}, {"PermitListen", []string{"any", "8080"}, false},
		{"ForceCommand", []string{"none", "echo a  b", `"x y" z`}, false}, {"ChrootDirectory", []string{"none", "/srv"}, false},
		{"UnusedConnectionTimeout", []string{"none", "5m"}, false}, {"ChannelTimeout", []string{"none", "session:*=5m", "a=1 b=2"}, false},
		{"StreamLocalBindMask", []string{"0111", "7"}, false}, {"GatewayPorts", []string{"yes", "clientspecified"}, false},
		{"AllowTcpForwarding", []string{"all", "local", "no"}, false}, {"PermitTunnel", []string{"ethernet", "no"}, false},
		{"RequiredRSASize", []string{"2048"}, false}, {"TrustedUserCAKeys", []string{"/etc/ca", "none"}, false},
		{"AuthorizedKeysCommand", []string{"/bin/a %u", "none"}, false}, {"AuthorizedPrincipalsCommand", []string{"/bin/p", "none"}, false},
		{"PubkeyAuthOptions", []string{"none", "touch-required verify-required"}, false}, {"LogVerbose", []string{"a:b:*", "none"}, false},
		{"Ciphers", []string{"+3des-cbc", "-aes*", "^aes128-ctr", "aes256-ctr,aes128-ctr", "aes256-ctr,aes256-ctr", "aes9-ctr", "+", "-*", "aes256-ctr,"}, true},
		{"MACs", []string{"+hmac-md5", "-*etm*", "hmac-sha2-512", "^hmac-sha1"}, true},
		{"KexAlgorithms", []string{"-*nistp*", "^ecdh-sha2-nistp256", "curve25519-sha256"}, true},
		{"HostKeyAlgorithms", []string{"+ssh-rsa", "ssh-ed25519", "-*cert*"}, true},
		{"MaxStartups", []string{"10:30:60", "5", "60:30:10", "3:50:9"}, true}, {"LoginGraceTime", []string{"60", "1m", "0"}, true},
		{"PermitUserEnvironment", []string{"yes", "no", "LANG,LC_*"}, true}, {"UsePAM", flag, true}, {"UseDNS", flag, true},
		{"Port", []string{"22", "2222"}, true}, {"ListenAddress", []string{"127.0.0.1", "[::1]:99", "0.0.0.0:77"}, true},
		{"SyslogFacility", []string{"AUTHPRIV", "local7"}, true}, {"Compression", []string{"delayed", "no"}, true},
		{"Subsystem", []string{"sftp internal-sftp", "x /bin/x -a"}, true}, {"PerSourceMaxStartups", []string{"3", "none"}, true},
		{"FingerprintHash", []string{"md5", "SHA512"}, true}, {"Protocol", []string{"2"}, true}, {"VersionAddendum", []string{"none", "a # b"}, true},
		{"PrintMotd", flag, true}, {"StrictModes", flag, true}, {"TCPKeepAlive", flag, true},
	}
	for {
		c := choices[rapid.IntRange(0, len(choices)-1).Draw(r, "keyword")]
		if inMatch && c.global {
			continue
		}
		sep := rapid.SampledFrom([]string{" ", " ", " ", "=", " = ", "\t"}).Draw(r, "separator")
		return c.keyword + sep + rapid.SampledFrom(c.values).Draw(r, "value")
	}
}
