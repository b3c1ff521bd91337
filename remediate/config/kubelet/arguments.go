package kubelet

// Type is how the text of an argument is read and compared.
type Type string

const (
	String   Type = "string"
	Bool     Type = "bool"
	Int      Type = "int"
	Duration Type = "duration" // a Go duration, or 0
	List     Type = "list"     // separated by commas
	Address  Type = "address"  // host:port, of which the host alone counts
)

// Argument is one setting of the kubelet: its flag, its field in the configuration file, and what
// holds when neither is given. The kubelet has two sets of defaults: those of the v1beta1
// configuration type when it reads a file, and the older, looser ones of its flags when it does not.
type Argument struct {
	Flag string
	// Field is a path with dots into KubeletConfiguration; empty for settings that are flags only.
	Field string
	Type  Type
	// Default holds with a configuration file, FlagDefault without one.
	Default, FlagDefault string
}

// Known gives the arguments that a rule can be about, in order of flag. Sources: the kubelet's
// cmd/kubelet/app/options and pkg/kubelet/apis/config/v1beta1/defaults.go.
func Known() []Argument {
	return []Argument{
		{"anonymous-auth", "authentication.anonymous.enabled", Bool, "false", "true"},
		{"authentication-token-webhook", "authentication.webhook.enabled", Bool, "true", "false"},
		{"authorization-mode", "authorization.mode", String, "Webhook", "AlwaysAllow"},
		{"client-ca-file", "authentication.x509.clientCAFile", String, "", ""},
		{"event-burst", "eventBurst", Int, "100", "100"},
		{"event-qps", "eventRecordQPS", Int, "50", "50"},
		{"hostname-override", "", String, "", ""},
		{"kubeconfig", "", String, "", ""},
		{"make-iptables-util-chains", "makeIPTablesUtilChains", Bool, "true", "true"},
		{"pod-max-pids", "podPidsLimit", Int, "-1", "-1"},
		{"protect-kernel-defaults", "protectKernelDefaults", Bool, "false", "false"},
		{"read-only-port", "readOnlyPort", Int, "0", "10255"},
		{"rotate-certificates", "rotateCertificates", Bool, "false", "false"},
		{"rotate-server-certificates", "serverTLSBootstrap", Bool, "false", "false"},
		{"seccomp-default", "seccompDefault", Bool, "false", "false"},
		{"streaming-connection-idle-timeout", "streamingConnectionIdleTimeout", Duration, "4h0m0s", "4h0m0s"},
		{"tls-cert-file", "tlsCertFile", String, "", ""},
		{"tls-cipher-suites", "tlsCipherSuites", List, "", ""},
		{"tls-min-version", "tlsMinVersion", String, "", ""},
		{"tls-private-key-file", "tlsPrivateKeyFile", String, "", ""},
	}
}

// KnownProxy gives those of kube-proxy. Source: pkg/proxy/apis/config/v1alpha1/defaults.go.
func KnownProxy() []Argument {
	return []Argument{
		{"metrics-bind-address", "metricsBindAddress", Address, "127.0.0.1:10249", "127.0.0.1:10249"},
	}
}

// Find gives a known argument by its flag.
func Find(flag string) (Argument, bool) {
	for _, a := range Known() {
		if a.Flag == flag {
			return a, true
		}
	}
	return Argument{}, false
}
