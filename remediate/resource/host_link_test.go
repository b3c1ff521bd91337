package resource

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestLinksAreSeenOnARunningMachineOnly(t *testing.T) {
	for _, kind := range []Kind{wirelessKind(), promiscuousLinkKind(), listeningSocketKind()} {
		f := hosttest.Tree(t, "")
		r, err := parseBlock(t, kind, kind.Name+` "all" {}`)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := r.Observe(t.Context(), f); err != nil || o.NotObservable == "" {
			t.Errorf("%s: %+v, %v", kind.Name, o, err)
		}
	}
}

func TestLinks(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{LinkNames: []string{"cbr0", "eth0", "eth1", "wlan0"}}
	f.Write("/sys/class/net/eth0/flags", "0x1003\n")
	f.Write("/sys/class/net/eth1/flags", "0x1103\n")
	f.Write("/sys/class/net/cbr0/flags", "0x1103\n")
	f.Write("/sys/class/net/wlan0/flags", "0x1003\n")
	f.Write("/sys/class/net/wlan0/phy80211/name", "phy0\n")
	for src, want := range map[string]string{
		"promiscuous_link \"all\" {\n allow = [\"cbr*\"]\n}": "eth1",
		`promiscuous_link "all" {}`:                          "cbr0, eth1",
		`wireless "all" {}`:                                  "wlan0",
		"wireless \"all\" {\n allow = [\"wl*\"]\n}":          "",
	} {
		kind := wirelessKind()
		if strings.HasPrefix(src, "promiscuous") {
			kind = promiscuousLinkKind()
		}
		r, err := parseBlock(t, kind, src)
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.Observe(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(o.Evidence, ", "); got != want || len(r.Diff(o)) != len(o.Evidence) {
			t.Errorf("%s: %q, %v", src, got, r.Diff(o))
		}
	}
	f.Write("/sys/class/net/eth0/flags", "many\n")
	r, _ := parseBlock(t, promiscuousLinkKind(), `promiscuous_link "all" {}`)
	if _, err := r.Observe(t.Context(), f); err == nil {
		t.Error("flags that are no number: no error")
	}
}

const procTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0500000A:0016 0600000A:C000 01 00000000:00000000 00:00000000 00000000     0        0 3
`

func TestListeningSockets(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{}
	f.Write("/proc/net/tcp", procTCP)
	f.Write("/proc/net/tcp6", "header\n 0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0\n 1: 000080FE00000000FF005450B6AD1DFE:1F90 00000000000000000000000000000000:0000 0A 0\n")
	f.Write("/proc/net/udp", "header\n 0: 00000000:0044 00000000:0000 07 0\n 1: 00000000:0045 0100000A:0035 01 0\n")
	want := []string{"tcp/22 on 0.0.0.0", "tcp/8080 on fe80::5054:ff:fe1d:adb6", "udp/68 on 0.0.0.0"}
	r, err := parseBlock(t, listeningSocketKind(), `listening_socket "all" {}`)
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Observe(t.Context(), f)
	if err != nil || !slices.Equal(o.Evidence, want) || o.Manual == "" {
		t.Errorf("%q, %v", o.Evidence, err)
	}
	r, err = parseBlock(t, listeningSocketKind(), "listening_socket \"all\" {\n allow = [\"tcp/22\", \"udp/68\"]\n}")
	if err != nil {
		t.Fatal(err)
	}
	if o, err = r.Observe(t.Context(), f); err != nil || o.Manual != "" || len(r.Diff(o)) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
}

func FuzzListeningSockets(f *testing.F) {
	f.Add(procTCP)
	f.Fuzz(func(t *testing.T, content string) {
		for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
			found, err := listeningSockets(table, content)
			if err != nil {
				continue
			}
			for _, s := range found {
				if !s.addr.IsValid() || s.addr.Addr().IsLoopback() {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

func TestKindsOfLogsAndNetworksRefuseWhatMakesNoSense(t *testing.T) {
	for src, kind := range map[string]Kind{
		`audit_rule "x" { lines = [] }`:                                auditRuleKind(),
		`audit_rule "x" { lines = ["-w"] }`:                            auditRuleKind(),
		`audit_rule "x" { lines = ["-a never,exit -S mount"] }`:        auditRuleKind(),
		`audit_control "x" { value = 1 }`:                              auditControlKind(),
		`audit_control "enabled" {}`:                                   auditControlKind(),
		`audit_setting "colour" { min = 1 }`:                           auditSettingKind(),
		`audit_setting "num_logs" {}`:                                  auditSettingKind(),
		`audit_file "cat" { mode = "0640" }`:                           auditFileKind(),
		`audit_file "log" {}`:                                          auditFileKind(),
		`audit_privileged "x" { directories = ["bin"] }`:               auditPrivilegedKind(),
		`rsyslog_setting "x" { mode = "0640" }`:                        rsyslogSettingKind(),
		`rsyslog_setting "FileCreateMode" { mode = "9" }`:              rsyslogSettingKind(),
		`rsyslog_network "x" {}`:                                       rsyslogNetworkKind(),
		`rsyslog_network "receive" { targets = ["x"] }`:                rsyslogNetworkKind(),
		`logrotate "x" { create_mode = "rw" }`:                         logrotateKind(),
		`time_source "sundial" {}`:                                     timeSourceKind(),
		`time_source "ntp" { users = ["x"] }`:                          timeSourceKind(),
		`time_source "any" { restrict = true }`:                        timeSourceKind(),
		`mail_local "sendmail" {}`:                                     mailLocalKind(),
		`firewall "ufw" { aspect = "pretty" }`:                         firewallKind(),
		`firewall "wall" { aspect = "single" }`:                        firewallKind(),
		`aide "x" {}`:                                                  aideKind(),
		`kubelet_file "x" { mode = "0600" }`:                           kubeletFileKind(),
		`kubelet_file "config" {}`:                                     kubeletFileKind(),
		`listening_socket "all" { allow = ["22"] }`:                    listeningSocketKind(),
		`wireless "all" { allow = ["["] }`:                             wirelessKind(),
		`ipv6_status "all" { state = "off" }`:                          ipv6StatusKind(),
		"audit_setting \"num_logs\" {\n min = 1\n one_of = [\"a\"]\n}": auditSettingKind(),
		"audit_control \"failure\" {\n value = 1\n min = 1\n}":         auditControlKind(),
	} {
		if _, err := parseBlock(t, kind, src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}
