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
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
)

// A real rsyslogd gets one message of every facility and severity, and each selector's file then
// holds those that ParseSelector says.
func TestParseSelectorAgreesWithRsyslogd(t *testing.T) {
	selectors := []string{
		"*.*;auth,authpriv.none", "auth,authpriv.*", "kern.*", "mail.err", "mail.=info", "cron.!err;user.*", "*.emerg",
		"*.*;mail.!warn", "*.*;mail.!=warn", "*.=debug;auth,authpriv.none;news.none;mail.none", "security.notice",
		"*.*,auth,authpriv,mail,cron.none", "uucp,news.crit", "local7.*", "*.info;mail.none;cron.none",
	}
	dir := t.TempDir()
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.LocalAddr().(*net.UDPAddr).Port
	listener.Close()
	var conf strings.Builder
	fmt.Fprintf(&conf, "global(workDirectory=%q)\nmodule(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"%d\")\ntemplate(name=\"m\" type=\"string\" string=\"%%msg%%\\n\")\n$ActionFileDefaultTemplate m\n", dir, port)
	for i, s := range selectors {
		fmt.Fprintf(&conf, "%s %s/out%d\n", s, dir, i)
	}
	fmt.Fprintf(&conf, "*.* %s/all\n", dir)
	file := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("rsyslogd", "-N1", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("rsyslogd refuses the configuration: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
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
	read := func(name string) string {
		content, _ := os.ReadFile(filepath.Join(dir, name))
		return string(content)
	}
	for pri := range 24 * 8 {
		line := fmt.Sprintf(" p%03d.", pri)
		for try := 0; !strings.Contains(read("all"), line); try++ {
			if try == 200 {
				t.Fatalf("message %d does not arrive", pri)
			}
			if try%40 == 0 {
				fmt.Fprintf(conn, "<%d>Jan  1 00:00:00 h t:%s", pri, line)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	for i, s := range selectors {
		m, err := rsyslog.ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		out := read(fmt.Sprintf("out%d", i))
		for pri := range 24 * 8 {
			got := m[pri/8]&(1<<(pri%8)) != 0
			want := strings.Contains(out, fmt.Sprintf(" p%03d.", pri))
			if got != want {
				t.Errorf("%s: facility %d severity %d: got %v, rsyslogd says %v", s, pri/8, pri%8, got, want)
			}
		}
	}
}
