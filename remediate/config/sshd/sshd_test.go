package sshd_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func load(t testing.TB, v sshd.Version, files map[string]string) *sshd.Config {
	t.Helper()
	f := hosttest.Tree(t, "")
	for path, content := range files {
		f.Write(path, content)
	}
	c, err := sshd.Load(f, sshd.Server{Version: v})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func effective(t testing.TB, c *sshd.Config, keyword string, conn sshd.Conn) sshd.Setting {
	t.Helper()
	s, err := c.Effective(keyword, conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDefaultsFollowTheRelease(t *testing.T) {
	tests := []struct {
		v             sshd.Version
		keyword, want string
	}{
		{sshd.Version{Major: 7, Minor: 2}, "KexAlgorithms", "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha1"},
		{sshd.Version{Major: 8, Minor: 2}, "KexAlgorithms", "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"},
		{sshd.Version{Major: 8, Minor: 9}, "KexAlgorithms", "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,sntrup761x25519-sha512@openssh.com,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"},
		{sshd.Version{Major: 9, Minor: 8}, "KexAlgorithms", "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256"},
		{sshd.Version{Major: 10, Minor: 0}, "KexAlgorithms", "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"},
		{sshd.Version{Major: 7, Minor: 6}, "KbdInteractiveAuthentication", "yes"}, // through ChallengeResponseAuthentication
		{sshd.Version{Major: 9, Minor: 6}, "PermitRootLogin", "without-password"},
		{sshd.Version{Major: 7, Minor: 2}, "Protocol", "2"},
	}
	for _, tt := range tests {
		c := load(t, tt.v, map[string]string{sshd.ConfigPath: ""})
		if s := effective(t, c, tt.keyword, sshd.Conn{}); s.String() != tt.want || !s.Default {
			t.Errorf("%s of %s is %q, want %q", tt.keyword, tt.v, s, tt.want)
		}
	}
}

func TestOlderReleasesReadLinesTheirOwnWay(t *testing.T) {
	tests := []struct {
		name    string
		v       sshd.Version
		content string
		refused bool
	}{
		{"no include before 8.2", sshd.Version{Major: 7, Minor: 6}, "Include /etc/ssh/sshd_config.d/*.conf\n", true},
		{"include since 8.2", sshd.Version{Major: 8, Minor: 2}, "Include /etc/ssh/sshd_config.d/*.conf\n", false},
		{"no comment after a value before 8.7", sshd.Version{Major: 8, Minor: 2}, "MaxAuthTries 4 # four\n", true},
		{"a comment after a value since 8.7", sshd.Version{Major: 8, Minor: 9}, "MaxAuthTries 4 # four\n", false},
		{"a new name of an old keyword", sshd.Version{Major: 8, Minor: 4}, "PubkeyAcceptedAlgorithms ssh-ed25519\n", true},
		{"an old name of an old keyword", sshd.Version{Major: 8, Minor: 4}, "PubkeyAcceptedKeyTypes ssh-ed25519\n", false},
		{"a subsystem in a block before 9.5", sshd.Version{Major: 9, Minor: 4}, "Match User a\nSubsystem sftp /x\n", true},
		{"a subsystem in a block since 9.5", sshd.Version{Major: 9, Minor: 5}, "Match User a\nSubsystem sftp /x\n", false},
		{"a match with equals signs", sshd.Version{Major: 10, Minor: 0}, "Match user=a address=10.0.0.0/8\nX11Forwarding no\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := load(t, tt.v, map[string]string{sshd.ConfigPath: tt.content})
			if refused := len(c.Problems) > 0; refused != tt.refused {
				t.Errorf("refused = %v: %v", refused, c.Problems)
			}
		})
	}
}

func TestTheWinningLineIsNamed(t *testing.T) {
	c := load(t, sshd.Version{Major: 9, Minor: 6}, map[string]string{
		sshd.ConfigPath:                        "Include /etc/ssh/sshd_config.d/*.conf\nMaxAuthTries 6\n",
		"/etc/ssh/sshd_config.d/50-cloud.conf": "\n# first\nMaxAuthTries 3\n",
	})
	got := effective(t, c, "maxauthtries", sshd.Conn{})
	want := sshd.Setting{
		Keyword: "MaxAuthTries", Values: []string{"3"},
		From:       []sshd.Place{{Path: "/etc/ssh/sshd_config.d/50-cloud.conf", Line: 3, Text: "MaxAuthTries 3"}},
		Overridden: []sshd.Place{{Path: sshd.ConfigPath, Line: 2, Text: "MaxAuthTries 6"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBlocksAreListedThroughIncludes(t *testing.T) {
	c := load(t, sshd.Version{Major: 9, Minor: 6}, map[string]string{
		sshd.ConfigPath: "Match User a\nInclude x\nMaxAuthTries 9\nMatch User b\nMaxAuthTries 8\n",
		"/etc/ssh/x":    "MaxAuthTries 7\nMatch Address 10.0.0.0/8\nMaxAuthTries 6\nMaxAuthTries 5\n",
	})
	blocks, err := c.Blocks("MaxAuthTries")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range blocks {
		got = append(got, fmt.Sprintf("%s %s %s", b.Match, b.From[0], strings.Join(b.Values, " ")))
	}
	want := []string{
		"/etc/ssh/sshd_config:1 /etc/ssh/x:1 7",
		"/etc/ssh/x:2 /etc/ssh/x:3 6",
		"/etc/ssh/sshd_config:4 /etc/ssh/sshd_config:5 8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHostileIncludesEnd(t *testing.T) {
	v := sshd.Server{Version: sshd.Version{Major: 9, Minor: 6}}
	t.Run("a file that includes itself", func(t *testing.T) {
		f := hosttest.Tree(t, "")
		f.Write(sshd.ConfigPath, "Include sshd_config\n")
		if _, err := sshd.Load(f, v); err == nil || !strings.Contains(err.Error(), "levels") {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("levels that multiply", func(t *testing.T) {
		f := hosttest.Tree(t, "")
		f.Write(sshd.ConfigPath, "Include l1\n")
		for i := 1; i < 16; i++ {
			f.Write(fmt.Sprintf("/etc/ssh/l%d", i), strings.Repeat(fmt.Sprintf("Include l%d\n", i+1), 8))
		}
		if _, err := sshd.Load(f, v); err == nil {
			t.Error("no error")
		}
	})
	t.Run("an include that dangles keeps sshd from starting", func(t *testing.T) {
		f := hosttest.Tree(t, "")
		f.Write(sshd.ConfigPath, "Include sshd_config.d/*\n")
		f.Mkdir("/etc/ssh/sshd_config.d")
		f.Link("/etc/ssh/sshd_config.d/a.conf", "nowhere")
		c, err := sshd.Load(f, v)
		if err != nil || len(c.Problems) != 1 {
			t.Errorf("%v, %v", c, err)
		}
	})
}

func TestTheServerIsFoundInItsProgram(t *testing.T) {
	f := hosttest.Tree(t, "")
	if _, ok, err := sshd.Find(f, host.Info{}); ok || err != nil {
		t.Errorf("found one in an empty root: %v", err)
	}
	f.Write(sshd.ConfigPath, "")
	if _, _, err := sshd.Find(f, host.Info{OS: "plan9"}); !errors.Is(err, sshd.ErrUnknownVersion) {
		t.Errorf("error = %v", err)
	}
	if s, _, err := sshd.Find(f, host.Info{OS: "azurelinux", Version: "3.0"}); err != nil || s.Version.String() != "9.8" || s.Program != "" {
		t.Errorf("%v, %v", s.Version, err)
	}
	f.Write(sshd.Program, "\x00OpenSSH_7.4*,OpenSSH_5*\x00OpenSSH_9.6p1 Ubuntu-3ubuntu13\x00"+
		"chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr\x00aes256-ctr\x00")
	s, ok, err := sshd.Find(f, host.Info{})
	if err != nil || !ok || s.Version.String() != "9.6" {
		t.Fatalf("%v, %v", s.Version, err)
	}
	c, err := sshd.Load(f, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := effective(t, c, "Ciphers", sshd.Conn{}).String(); got != "chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr" {
		t.Errorf("compiled-in list not found: %s", got)
	}
}

func TestSecondsAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w, d, h, m, s := rapid.IntRange(0, 9).Draw(r, "w"), rapid.IntRange(0, 99).Draw(r, "d"), rapid.IntRange(0, 99).Draw(r, "h"), rapid.IntRange(0, 99).Draw(r, "m"), rapid.IntRange(0, 99).Draw(r, "s")
		got, err := sshd.Seconds(fmt.Sprintf("%dw%dD%dh%dM%d", w, d, h, m, s))
		if want := (((w*7+d)*24+h)*60+m)*60 + s; err != nil || got != want {
			r.Fatalf("got %d, %v; want %d", got, err, want)
		}
	})
}

// A line that comes later changes nothing for a keyword whose first value wins.
func TestLaterLinesChangeNothing(t *testing.T) {
	f := hosttest.Tree(t, "")
	rapid.Check(t, func(r *rapid.T) {
		keyword := rapid.SampledFrom([]string{"MaxAuthTries", "LoginGraceTime", "MaxSessions", "ClientAliveInterval"}).Draw(r, "keyword")
		first, later := rapid.IntRange(0, 500).Draw(r, "first"), rapid.SliceOf(rapid.IntRange(0, 500)).Draw(r, "later")
		content := fmt.Sprintf("%s %d\n", keyword, first)
		for _, n := range later {
			content += fmt.Sprintf("%s %d\n", keyword, n)
		}
		f.Write(sshd.ConfigPath, content)
		c, err := sshd.Load(f, sshd.Server{Version: sshd.Version{Major: 9, Minor: 6}})
		if err != nil {
			r.Fatal(err)
		}
		s, err := c.Effective(keyword, sshd.Conn{})
		if err != nil || s.String() != fmt.Sprint(first) || s.From[0].Line != 1 || len(s.Overridden) != len(later) {
			r.Fatalf("%+v, %v", s, err)
		}
	})
}

// oneFile is a root with a main file and nothing else.
type oneFile []byte

func (f oneFile) ReadFile(path string) ([]byte, error) {
	if path == sshd.ConfigPath {
		return f, nil
	}
	return nil, fs.ErrNotExist
}

func (oneFile) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
func (oneFile) Readlink(string) (string, error)       { return "", fs.ErrNotExist }
func (oneFile) Resolve(path string) (string, error)   { return path, nil }

func (f oneFile) Stat(path string) (host.FileInfo, error) { return f.Lstat(path) }
func (f oneFile) Lstat(path string) (host.FileInfo, error) {
	if path == sshd.ConfigPath {
		return host.FileInfo{Mode: 0o600}, nil
	}
	return host.FileInfo{}, fs.ErrNotExist
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"", "MaxAuthTries 4\n", "Include /etc/ssh/*\nMatch User a Address 10.0.0.0/8,!10.1.*\n\tBanner \"a b\"\n",
		"Ciphers ^-+\nMACs -*\nKexAlgorithms +x,,y\n", "MaxStartups 1:2:3:4\nRekeyLimit 9E 1w\nIPQoS 0x none\n",
		"\"Port\"=22\n=\n\x00\n\xff\xfe\r\n\f", "ListenAddress [::1]:\nPermitOpen :\nPermitListen :\nSubsystem a b\nSubsystem a c\n",
		"Match all\nUsePAM yes\nMatch", "AuthenticationMethods any any\nChannelTimeout =\nSetEnv =\nStreamLocalBindMask 9\n",
	} {
		f.Add([]byte(s), uint8(9), uint8(6))
		f.Add([]byte(s), uint8(7), uint8(2))
	}
	f.Fuzz(func(t *testing.T, content []byte, major, minor uint8) {
		c, err := sshd.Load(oneFile(content), sshd.Server{Version: sshd.Version{Major: 7 + int(major%4), Minor: int(minor % 10)}})
		if err != nil {
			return
		}
		conn := sshd.Conn{User: "a", Groups: []string{"g"}, Addr: "10.1.2.3", Host: "h", LAddr: "::1", LPort: 22}
		if _, err := c.Dump(conn); err != nil {
			return
		}
		if _, err := c.Admits(conn); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Logins(conn); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Blocks("MaxAuthTries"); err != nil {
			t.Fatal(err)
		}
		c.Staged("/stage")
	})
}
