//go:build authority

package rsyslog_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// A real rsyslogd creates its files with the modes that Logs tells.
func TestLogsAgreeWithRsyslogd(t *testing.T) {
	for name, module := range map[string]string{"": "", "a module's parameter": "module(load=\"builtin:omfile\" fileCreateMode=\"0660\")\n", "a mask": "$umask 0007\n"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			listener, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := listener.LocalAddr().(*net.UDPAddr).Port
			listener.Close()
			conf := fmt.Sprintf("global(workDirectory=%q)\nmodule(load=\"imudp\")\n%sinput(type=\"imudp\" address=\"127.0.0.1\" port=\"%d\")\n", dir, module, port) +
				"template(name=\"m\" type=\"string\" string=\"%msg%\\n\")\n$ActionFileDefaultTemplate m\n" +
				strings.ReplaceAll("*.* DIR/a0\n$FileCreateMode 0640\n*.* DIR/a1\n*.* action(type=\"omfile\" file=\"DIR/a2\")\n*.* action(type=\"omfile\" file=\"DIR/a3\" fileCreateMode=\"0606\")\n$FileCreateMode 0666\n& DIR/a4\nif $msg contains \"x\" then DIR/a5\n:msg, contains, \"x\" DIR/a6\n*.* DIR/last\n", "DIR", dir)
			file := filepath.Join(dir, "rsyslog.conf")
			if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			old := syscall.Umask(0o022)
			defer syscall.Umask(old)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, "rsyslogd", "-n", "-f", file, "-i", filepath.Join(dir, "pid"))
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { cancel(); _ = cmd.Wait() }()
			conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for range 100 {
				_, _ = conn.Write([]byte("<13>tag: x y"))
				time.Sleep(100 * time.Millisecond)
				if _, err := os.Stat(filepath.Join(dir, "last")); err == nil {
					break
				}
			}
			f := hosttest.Tree(t, "")
			f.Write("/etc/rsyslog.conf", conf)
			c, err := rsyslog.Load(f)
			if err != nil {
				t.Fatal(err)
			}
			logs := c.Logs()
			if len(logs) != 8 {
				t.Errorf("%d logs", len(logs))
			}
			for _, l := range logs {
				info, err := os.Stat(l.File)
				if err != nil {
					t.Error(err)
				} else if info.Mode().Perm() != l.Mode {
					t.Errorf("%s: rsyslogd makes %o, and Logs says %o", l.Statement.Text, info.Mode().Perm(), l.Mode)
				}
			}
		})
	}
}
