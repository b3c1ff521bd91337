package rule

import "time"

// Reason is why a deviation is accepted.
type Reason string

const (
	PotentialOperationalImpact Reason = "potential_operational_impact"
	CoveredElsewhere           Reason = "covered_elsewhere"
	DependsOnEnvironment       Reason = "depends_on_environment"
	EquivalentControl          Reason = "equivalent_control"
	AcceptedRisk               Reason = "accepted_risk"
)

// Reasons lists every waiver reason.
func Reasons() []Reason {
	return []Reason{PotentialOperationalImpact, CoveredElsewhere, DependsOnEnvironment, EquivalentControl, AcceptedRisk}
}

// Origin says who waived: the shipped profile or the operator.
type Origin string

const (
	VendorWaiver   Origin = "vendor"
	OperatorWaiver Origin = "operator"
)

// Waiver is an accepted deviation. It covers its whole day of expiry, in UTC.
type Waiver struct {
	Reason        Reason `json:"reason"`
	Justification string `json:"justification"`
	Owner         string `json:"owner"`
	Expires       string `json:"expires"` // YYYY-MM-DD
	Origin        Origin `json:"origin"`
}

// Expired reports whether the waiver no longer waives at the given time.
func (w Waiver) Expired(now time.Time) bool {
	day, err := time.Parse(time.DateOnly, w.Expires)
	return err != nil || !now.UTC().Before(day.AddDate(0, 0, 1))
}
