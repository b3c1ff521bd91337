package rule

// Outcome is the answer to "is this rule satisfied?". An error is never a fail, a fail is never
// not_applicable, and nothing unknown is ever a pass.
type Outcome string

const (
	Pass          Outcome = "pass"
	Fail          Outcome = "fail"
	Error         Outcome = "error"          // could not be determined: unreadable, malformed, or not converged after apply
	NotApplicable Outcome = "not_applicable" // what the rule is about does not exist here
	NotObservable Outcome = "not_observable" // cannot be seen from here, for instance running state of an offline root
	Manual        Outcome = "manual"         // evidence is collected, a person decides
	Waived        Outcome = "waived"         // deviates, and the deviation is accepted; the outcome beneath is kept
)

// Outcomes lists every outcome in the order in which reports count them.
func Outcomes() []Outcome {
	return []Outcome{Pass, Fail, Error, NotApplicable, NotObservable, Manual, Waived}
}

// severity orders outcomes from the least to the most telling when several resources make one rule.
func (o Outcome) severity() int {
	switch o {
	case Error:
		return 6
	case Fail:
		return 5
	case NotObservable:
		return 4
	case Manual:
		return 3
	case Pass:
		return 2
	case NotApplicable:
		return 1
	}
	return 0
}

// Worst combines the outcomes of a rule's resources: the most severe one is the rule's. A rule is
// not applicable only when none of its resources is.
func Worst(outcomes ...Outcome) Outcome {
	worst := NotApplicable
	for _, o := range outcomes {
		if o.severity() > worst.severity() {
			worst = o
		}
	}
	return worst
}
