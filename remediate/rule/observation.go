package rule

// Source is a place that speaks about a setting. Wins marks the one that decides the effective value.
type Source struct {
	Path string `json:"path"`           // absolute path on the target
	Line int    `json:"line,omitempty"` // 1-based; 0 when the whole file is meant
	Text string `json:"text,omitempty"` // the line as it stands; never set for files that hold secrets
	Wins bool   `json:"wins"`
}

// Observation is what a resource found. The exported strings are for people and reports; State is
// what Diff works from.
type Observation struct {
	// Expected is the desired state in words: "not loadable and not loaded", "net.ipv4.ip_forward = 0".
	Expected string
	// Persisted is what the next boot, login or start of the program will see.
	Persisted string
	// Running is what is in force now; empty where nothing runs or it cannot be seen.
	Running string
	// Sources lists the places that were decisive or in the way, in the program's own order.
	Sources []Source
	// Message says, in a sentence, why the resource passes or what deviates.
	Message string
	// NotApplicable and NotObservable, when not empty, are the reason for that outcome; Diff is then
	// not asked.
	NotApplicable string
	NotObservable string
	// Manual, when not empty, says what a person has to decide from Evidence; Diff is then not asked.
	Manual string
	// Evidence lists what was found, one item a line, sorted: the set-uid programs, the open ports.
	Evidence []string
	// State is the kind's own finding, read by its Diff. It never reaches a report.
	State any
}
