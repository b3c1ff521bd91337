package rule

// Outside says why a control is not about the machine at all: it has no rules, nothing looks at it, and
// reports list it as not applicable.
type Outside struct {
	Reason string `json:"reason"`           // in words
	Owner  string `json:"owner"`            // who answers for the control instead
	Status string `json:"status,omitempty"` // what the owner publishes of it, in the owner's words
}

// Message is the reason, and what the owner publishes.
func (o Outside) Message() string {
	if o.Status == "" {
		return o.Reason + " (owner " + o.Owner + ")"
	}
	return o.Reason + " (owner " + o.Owner + ", who publishes " + o.Status + ")"
}
