// Package rule is the vocabulary of the project: outcomes, observations, changes and waivers, as
// plain data. It imports nothing of ours and does no I/O, so every other package can speak it.
package rule

// Ref names one resource of a rule, as the profile wrote it: sysctl "net.ipv4.ip_forward".
type Ref struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func (r Ref) String() string { return r.Kind + " " + r.Name }
