package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// ConfFile is the configuration of the daemon.
const ConfFile = "/etc/audit/auditd.conf"

// Setting is one line of auditd.conf. Names are in lower case: auditd compares without it.
type Setting struct {
	Line        int
	Text        string
	Name, Value string
}

// settings of auditd.conf(5) of releases 2.4 to 4.0.
func settings() []string {
	return []string{"action_mail_acct", "admin_space_left", "admin_space_left_action", "disk_error_action", "disk_full_action",
		"disp_qos", "dispatcher", "distribute_network", "enable_krb5", "end_of_event_timeout", "flush", "freq", "krb5_key_file",
		"krb5_principal", "local_events", "log_file", "log_format", "log_group", "max_log_file", "max_log_file_action",
		"max_restarts", "name", "name_format", "num_logs", "overflow_action", "plugin_dir", "priority_boost", "q_depth",
		"report_interval", "space_left", "space_left_action", "tcp_client_max_idle", "tcp_client_ports", "tcp_listen_port",
		"tcp_listen_queue", "tcp_max_per_addr", "transport", "use_libwrap", "verify_email", "write_logs"}
}

// KnownSetting reports whether auditd knows a setting.
func KnownSetting(name string) bool { return slices.Contains(settings(), strings.ToLower(name)) }

// Default is what auditd takes where no line speaks, as far as rules ask; from auditd-config.c.
func Default(name string) string {
	switch name {
	case "log_file":
		return "/var/log/audit/audit.log"
	case "max_log_file", "num_logs", "space_left", "admin_space_left":
		return "0"
	case "max_log_file_action", "space_left_action", "admin_space_left_action", "disk_full_action", "disk_error_action":
		return "ignore"
	case "log_group", "action_mail_acct":
		return "root"
	}
	return ""
}

// ParseConf reads the file as auditd does: NAME = VALUE, the last line of a name counts, and what it
// does not understand keeps it from starting.
func ParseConf(content []byte) ([]Setting, error) {
	var out []Setting
	for i, text := range strings.Split(string(content), "\n") {
		t := strings.TrimSpace(text)
		if t == "" || t[0] == '#' {
			continue
		}
		fail := func(why string) ([]Setting, error) { return nil, fmt.Errorf("%s:%d: %s", ConfFile, i+1, why) }
		name, value, ok := strings.Cut(t, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok || name == "" || value == "":
			return fail("the line is not NAME = VALUE")
		case !KnownSetting(name):
			return fail(fmt.Sprintf("auditd knows no setting %q", name))
		}
		// An action that runs a program takes the program as a second word.
		words := strings.Fields(value)
		if len(words) > 2 || len(words) == 2 && !strings.EqualFold(words[0], "exec") && !strings.HasPrefix(words[1], "#") && name != "dispatcher" {
			return fail("the line has too many words")
		}
		out = append(out, Setting{i + 1, strings.TrimRight(text, "\r"), name, value})
	}
	return out, nil
}

// ConfigFiles lists the files of /etc/audit and its rules directory that hold configuration.
func ConfigFiles(f host.Files) ([]string, error) {
	var out []string
	for _, dir := range []string{"/etc/audit", Dir} {
		entries, err := f.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if n := e.Name(); strings.HasSuffix(n, ".conf") || strings.HasSuffix(n, ".rules") {
				out = append(out, path.Join(dir, n))
			}
		}
	}
	return out, nil
}

// Tools lists where the programs of the audit system are, each once.
func Tools(f host.Files) ([]string, error) {
	var out []string
	for _, n := range []string{"auditctl", "auditd", "augenrules", "aureport", "ausearch", "autrace"} {
		for _, dir := range []string{"/usr/sbin", "/sbin"} {
			p := path.Join(dir, n)
			if _, err := f.Stat(p); err == nil {
				out = append(out, p)
				break
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("cannot read %s: %w", p, err)
			}
		}
	}
	return out, nil
}

// LogPaths lists the log and its rotated files (audit.log.1, ...), or the directory that holds it.
func LogPaths(f host.Files, log string, dir bool) ([]string, error) {
	if !path.IsAbs(log) {
		return nil, fmt.Errorf("log_file %q is not an absolute path", log)
	}
	if dir {
		return []string{path.Dir(log)}, nil
	}
	entries, err := f.ReadDir(path.Dir(log))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", path.Dir(log), err)
	}
	var out []string
	for _, e := range entries {
		if n := e.Name(); n == path.Base(log) || strings.HasPrefix(n, path.Base(log)+".") {
			out = append(out, path.Join(path.Dir(log), n))
		}
	}
	return out, nil
}
