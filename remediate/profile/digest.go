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
	form := struct {
		Name      string     `json:"name"`
		Version   string     `json:"version"`
		Benchmark string     `json:"benchmark"`
		Level     int        `json:"level"`
		Platforms []Platform `json:"platforms"`
		Variables []Variable `json:"variables"`
		Controls  []Control  `json:"controls"`
		Rules     []ruleForm `json:"rules"`
	}{p.Name, p.Version, p.Benchmark, p.Level, p.Platforms, p.Variables, p.Controls, nil}
	for _, r := range p.Rules {
		form.Rules = append(form.Rules, ruleForm{r.ID, string(s.rules[r.ID].text)})
	}
	// Plain strings, numbers and slices always marshal.
	data, err := json.Marshal(form)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
