package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// digest identifies what is asked of a host: the selected controls with their waivers, the source of
// their rules, and the variables in force. Where the files stand does not matter.
func (s *sources) digest(p *Profile) string {
	type ruleForm struct {
		ID     string `json:"id"`
		Source string `json:"source"`
	}
	// Without invariants the form is the one from before there were any.
	form := struct {
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		Benchmark  string     `json:"benchmark"`
		Level      int        `json:"level"`
		Platforms  []Platform `json:"platforms"`
		Variables  []Variable `json:"variables"`
		Controls   []Control  `json:"controls"`
		Rules      []ruleForm `json:"rules"`
		Invariants []ruleForm `json:"invariants,omitempty"`
	}{p.Name, p.Version, p.Benchmark, p.Level, p.Platforms, p.Variables, p.Controls, nil, nil}
	for _, r := range p.Rules {
		form.Rules = append(form.Rules, ruleForm{r.ID, string(s.rules[r.ID].text)})
	}
	for _, v := range p.Invariants {
		form.Invariants = append(form.Invariants, ruleForm{v.Name, string(s.invariants[v.Name].text)})
	}
	// Plain strings, numbers and slices always marshal.
	data, err := json.Marshal(form)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
