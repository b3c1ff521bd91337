package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func kubeletTree(t *testing.T, exec string, files map[string]string) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/system/kubelet.service", "[Service]\nEnvironmentFile=-/etc/default/kubelet\nExecStart="+exec+"\n")
	for p, text := range files {
		f.Write(p, text)
	}
	return f
}

func TestKubeletArgumentRefusesWhatMakesNoSense(t *testing.T) {
	for _, src := range []string{
		`kubelet_argument "no-such-flag" { value = "1" }`, `kubelet_argument "event-qps" {}`,
		`kubelet_argument "event-qps" { value = "many" }`, `kubelet_argument "client-ca-file" { min = "1" }`,
		"kubelet_argument \"event-qps\" {\n min = \"5\"\n set = \"1\"\n}",
	} {
		if _, err := parseBlock(t, kubeletArgumentKind(), src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}

func TestKubeProxyArgument(t *testing.T) {
	const local = "kube_proxy_argument \"metrics-bind-address\" {\n one_of = [\"127.0.0.1:10249\", \"[::1]:10249\"]\n}"
	for name, c := range map[string]struct {
		exec, file string
		pass       bool
	}{
		"the default":                          {"/bin/kube-proxy", "", true},
		"a flag":                               {"/bin/kube-proxy --metrics-bind-address=0.0.0.0:10249", "", false},
		"a flag in two words":                  {"/bin/kube-proxy --metrics-bind-address 10.0.0.4", "", false},
		"every address by the port alone":      {"/bin/kube-proxy --metrics-bind-address=:10249", "", false},
		"another port of the loopback":         {"/bin/kube-proxy --metrics-bind-address=localhost:9999", "", true},
		"the other loopback":                   {"/bin/kube-proxy --metrics-bind-address=[::1]:10249", "", true},
		"the file, whatever the flag says":     {"/bin/kube-proxy --config=/etc/k.yaml --metrics-bind-address=127.0.0.1:10249", "metricsBindAddress: 0.0.0.0:10249\n", false},
		"the file's default over the flag":     {"/bin/kube-proxy --config=/etc/k.yaml --metrics-bind-address=0.0.0.0:10249", "mode: iptables\n", true},
		"an empty field, as kubeadm leaves it": {"/bin/kube-proxy --config=/etc/k.yaml", "metricsBindAddress: \"\"\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/systemd/system/kube-proxy.service", "[Service]\nExecStart="+c.exec+"\n")
			if c.file != "" {
				f.Write("/etc/k.yaml", c.file)
			}
			r := mustBlock(t, kubeProxyArgumentKind(), local)
			o := observe(t, f, r)
			if pass := len(r.Diff(o)) == 0; pass != c.pass {
				t.Errorf("%+v", o)
			}
			if !c.pass && c.file == "" {
				settle(t, f, r)
			}
		})
	}
	if o := observe(t, hosttest.Tree(t, ""), mustBlock(t, kubeProxyArgumentKind(), local)); !strings.Contains(o.NotApplicable, "kube-proxy") {
		t.Errorf("without the service: %+v", o)
	}
	if _, err := parseBlock(t, kubeProxyArgumentKind(), "kube_proxy_argument \"event-qps\" {\n value = \"1\"\n}"); err == nil {
		t.Error("a flag of the kubelet is accepted")
	}
}

func TestKubeletArgument(t *testing.T) {
	const idle = `kubelet_argument "streaming-connection-idle-timeout" { not = ["0"] }`
	file := func(s string) map[string]string { return map[string]string{"/etc/k.yaml": s} }
	for name, c := range map[string]struct {
		exec  string
		files map[string]string
		rule  string
		pass  bool
	}{
		"the default passes":                  {"/bin/kubelet", nil, idle, true},
		"zero seconds is zero":                {"/bin/kubelet --streaming-connection-idle-timeout=0s", nil, idle, false},
		"a flag beats the file":               {"/bin/kubelet --config=/etc/k.yaml --streaming-connection-idle-timeout=5m", file("streamingConnectionIdleTimeout: 0s\n"), idle, true},
		"a flag of the environment file":      {"/bin/kubelet $F", map[string]string{"/etc/default/kubelet": "F=\"--x --streaming-connection-idle-timeout=0\"\n"}, idle, false},
		"a bound that holds":                  {"/bin/kubelet --event-qps=10", nil, `kubelet_argument "event-qps" { min = "5" }`, true},
		"a bound that does not":               {"/bin/kubelet --event-qps=1", nil, `kubelet_argument "event-qps" { min = "5" }`, false},
		"every member of a list counts":       {"/bin/kubelet --tls-cipher-suites=A,B", nil, `kubelet_argument "tls-cipher-suites" { one_of = ["A"] }`, false},
		"a loose default of the flags":        {"/bin/kubelet", nil, `kubelet_argument "anonymous-auth" { value = "false" }`, false},
		"the strict default of the file":      {"/bin/kubelet --config=/etc/k.yaml", file("kind: K\n"), `kubelet_argument "anonymous-auth" { value = "false" }`, true},
		"a flag in two words":                 {"/bin/kubelet --event-qps 1", nil, `kubelet_argument "event-qps" { min = "5" }`, false},
		"a field below one that is not there": {"/bin/kubelet --config=/etc/k.yaml", file("kind: K\n"), `kubelet_argument "client-ca-file" { value = "/etc/ca.crt" }`, false},
		"a list that a block of the file has": {"/bin/kubelet --config=/etc/k.yaml", file("tlsCipherSuites:\n- A\n- B\nkind: K\n"), `kubelet_argument "tls-cipher-suites" { one_of = ["A", "C"] }`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := kubeletTree(t, c.exec, c.files)
			r := mustBlock(t, kubeletArgumentKind(), c.rule)
			o := observe(t, f, r)
			if got := len(r.Diff(o)) == 0; got != c.pass {
				t.Errorf("got %v: %s", got, o.Message)
			}
			settle(t, f, r)
		})
	}
}

func TestKubeletArgumentWithoutAKubelet(t *testing.T) {
	r := mustBlock(t, kubeletArgumentKind(), `kubelet_argument "event-qps" { value = "5" }`)
	if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
		t.Errorf("got %+v", o)
	}
	if o := observe(t, kubeletTree(t, "/bin/kubelet --config=/etc/none", nil), r); o.NotObservable == "" {
		t.Errorf("a file that the node makes later: got %+v", o)
	}
	if _, err := r.Observe(t.Context(), kubeletTree(t, "/bin/kubelet --event-qps=lots", nil)); err == nil {
		t.Error("a value that the kubelet refuses is no error")
	}
}

func TestKubeletArgumentThatAVariableHoldsInPartIsLeftAlone(t *testing.T) {
	f := kubeletTree(t, "/bin/kubelet --event-qps=${QPS}", map[string]string{"/etc/default/kubelet": "QPS=1\n"})
	r := mustBlock(t, kubeletArgumentKind(), `kubelet_argument "event-qps" { min = "5" }`)
	if _, ok := r.Diff(observe(t, f, r))[0].(rule.Unfixable); !ok {
		t.Error("it is changed")
	}
}
