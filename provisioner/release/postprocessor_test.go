package release

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/receipt"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const runID = "7f0c5a8e-run"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scene is a build whose provisioner is done.
type scene struct {
	dir, image string
	key        []byte // PEM
	public     attest.PublicKey
	config     map[string]any
	out        *bytes.Buffer
	artifact   packersdk.Artifact
}

func newScene(t *testing.T) *scene {
	t.Helper()
	t.Setenv("PACKER_RUN_UUID", runID)
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	pubDER, err := x509.MarshalPKIXPublicKey(pub)
	must(t, err)
	s := &scene{dir: t.TempDir(), out: &bytes.Buffer{}, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})}
	s.public, err = attest.ParsePublicKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pubDER}))
	must(t, err)
	s.image = filepath.Join(s.dir, "image.vhd")
	must(t, os.WriteFile(s.image, []byte("an image"), 0o600))
	file := filepath.Join(s.dir, "key.pem")
	must(t, os.WriteFile(file, s.key, 0o600))
	s.config = map[string]any{
		"packer_build_name": "node", "packer_builder_type": "qemu", "report_dir": s.dir, "private_key_file": file,
	}
	s.artifact = &packersdk.MockArtifact{BuilderIdValue: "b", IdValue: "i", FilesValue: []string{s.image}}
	return s
}

// attest leaves what a provisioner leaves behind.
func (s *scene) attest(t *testing.T, run string, outcome rule.Outcome) {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Second)
	r := &report.Report{
		Schema: report.Schema, Action: report.Attest, Nonce: "n1", RunID: run, Compliant: outcome == rule.Pass, Require: "persisted",
		Tool:    report.Tool{Name: "harden", Version: "1", Digest: strings.Repeat("a", 64)},
		Profile: report.Profile{Name: "p", Digest: strings.Repeat("b", 64)}, Started: at, Finished: at,
		Host:    report.Host{OS: "ubuntu", Version: "24.04", Arch: "amd64", Mode: "live"},
		Results: []report.Result{{Rule: "r", Outcome: outcome, Controls: []report.Control{{Benchmark: "B", ID: "1.1", Level: 1}}}},
	}
	if outcome == rule.Pass {
		r.Summary.Pass = 1
	} else {
		r.Summary.Fail = 1
	}
	dir := filepath.Join(s.dir, "qemu.node")
	note, err := receipt.Start(dir, "qemu.node", run)
	must(t, err)
	note.Inputs = append(note.Inputs, receipt.Input{Name: "waivers/team.hcl", SHA256: strings.Repeat("c", 64)})
	var b bytes.Buffer
	must(t, report.JSON(&b, r))
	file := filepath.Join(dir, "attest.json")
	must(t, os.WriteFile(file, b.Bytes(), 0o600))
	must(t, note.Finish(dir, r, file))
}

func (s *scene) run(t *testing.T) (packersdk.Artifact, error) {
	t.Helper()
	p := new(PostProcessor)
	must(t, p.Configure(s.config))
	ui := &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: s.out, ErrorWriter: s.out}
	a, keep, force, err := p.PostProcess(t.Context(), ui, s.artifact)
	if !keep || !force {
		t.Error("the artifact may be thrown away")
	}
	return a, err
}

// claims are what the statements say, by their names; each must be signed and about the artifact.
func (s *scene) claims(t *testing.T) map[string]*attest.Claim {
	t.Helper()
	digest, err := attest.FileDigest(s.image)
	must(t, err)
	claims := map[string]*attest.Claim{}
	for _, x := range attest.Types() {
		data, err := os.ReadFile(filepath.Join(s.dir, "qemu.node", "statements", "qemu.node."+x.Name+".json"))
		if err != nil {
			continue
		}
		e, err := attest.ParseEnvelope(data)
		must(t, err)
		statement, err := attest.Open(e, []attest.PublicKey{s.public}, 1)
		must(t, err)
		if len(s.artifact.Files()) > 0 && statement.Subject[0].Digest["sha256"] != digest || statement.PredicateType != x.URI {
			t.Errorf("%s is about %v, of type %s", x.Name, statement.Subject, statement.PredicateType)
		}
		claims[x.Name], err = statement.Claim()
		must(t, err)
	}
	return claims
}

func names(claims map[string]*attest.Claim) []string {
	var list []string
	for _, x := range attest.Types() {
		if claims[x.Name] != nil {
			list = append(list, x.Name)
		}
	}
	return list
}

func TestACompliantBuild(t *testing.T) {
	s := newScene(t)
	s.config["resource_uri"] = "https://example.com/image"
	s.attest(t, runID, rule.Pass)
	a, err := s.run(t)
	if err != nil || a != s.artifact {
		t.Fatalf("artifact %v, error %v", a, err)
	}
	claims := s.claims(t)
	if got := names(claims); !slices.Equal(got, []string{"report", "test-result", "svr", "vsa"}) {
		t.Errorf("statements are %q", got)
	}
	for name, c := range claims {
		if !c.Pass || c.ProfileDigest != strings.Repeat("b", 64) {
			t.Errorf("%s says %+v", name, c)
		}
	}
}

func TestWhatNoReportSpeaksForIsRefusedAndSaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		stage  func(t *testing.T, s *scene)
		reason string
		types  []string
	}{
		"no provisioner": {func(*testing.T, *scene) {}, "no provisioner", []string{"test-result"}},
		"a report of another run": {func(t *testing.T, s *scene) { s.attest(t, "another", rule.Pass) },
			"another run", []string{"test-result"}},
		"a report that was changed": {func(t *testing.T, s *scene) {
			s.attest(t, runID, rule.Fail)
			file := filepath.Join(s.dir, "qemu.node", "attest.json")
			data, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, bytes.ReplaceAll(data, []byte("fail"), []byte("pass")), 0o600))
		}, "was changed", []string{"test-result"}},
		"a run without an id": {func(t *testing.T, s *scene) {
			s.attest(t, runID, rule.Pass)
			t.Setenv("PACKER_RUN_UUID", "")
		}, "run is not known", []string{"test-result"}},
		"a machine that is not compliant": {func(t *testing.T, s *scene) { s.attest(t, runID, rule.Fail) },
			"not compliant", []string{"report", "test-result"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			// The statements of an earlier run that passed.
			s.attest(t, runID, rule.Pass)
			_, err := s.run(t)
			must(t, err)
			must(t, os.Remove(filepath.Join(s.dir, "qemu.node", receipt.FileName)))

			tc.stage(t, s)
			a, err := s.run(t)
			if a != nil || err == nil || !strings.Contains(err.Error(), tc.reason) {
				t.Errorf("artifact %v, error %v, want %q", a, err, tc.reason)
			}
			claims := s.claims(t)
			if got := names(claims); !slices.Equal(got, tc.types) {
				t.Errorf("statements are %q", got)
			}
			for name, c := range claims {
				if c.Pass {
					t.Errorf("%s says that it passed", name)
				}
			}
			if missing := claims["test-result"].Missing; claims["report"] == nil && !strings.Contains(missing, tc.reason) {
				t.Errorf("the statement gives the reason %q", missing)
			}
		})
	}
}

func TestPolicyAndBaselineDecide(t *testing.T) {
	s := newScene(t)
	file := func(name, text string) string {
		path := filepath.Join(s.dir, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	s.attest(t, runID, rule.Pass)
	good, err := os.ReadFile(filepath.Join(s.dir, "qemu.node", "attest.json"))
	must(t, err)

	s.config["baseline"] = file("baseline.json", string(good))
	if _, err := s.run(t); err != nil {
		t.Errorf("what is as good as the baseline is refused: %v", err)
	}
	s.attest(t, runID, rule.Fail)
	if _, err := s.run(t); err == nil || !strings.Contains(s.out.String(), "worse than the baseline") {
		t.Errorf("what is worse than the baseline passes: %v\n%s", err, s.out)
	}
	delete(s.config, "baseline")

	s.config["policy"] = file("lenient.hcl", "level \"1\" {\n  fail = 1\n}\n")
	if _, err := s.run(t); err != nil {
		t.Errorf("what the policy allows is refused: %v", err)
	}
	if claims := s.claims(t); claims["svr"] != nil || claims["test-result"].Pass {
		t.Error("a failure that the policy allows is called a pass")
	}
}

func TestMistakesAreFoundBeforeTheBuild(t *testing.T) {
	s := newScene(t)
	for name, tc := range map[string]struct {
		set  map[string]any
		want string
	}{
		"no key":                {map[string]any{"private_key_file": ""}, "give one key"},
		"a key that is missing": {map[string]any{"private_key_file": s.dir + "/none"}, "cannot read key"},
		"two keys":              {map[string]any{"private_key_env": "X"}, "give one key"},
		"an empty variable":     {map[string]any{"private_key_file": "", "private_key_env": "T_NONE"}, "T_NONE is empty"},
		"a command without key": {map[string]any{"private_key_file": "", "sign_command": []string{"true"}}, "needs the public key"},
		"a relative URI":        {map[string]any{"resource_uri": "image"}, "resource_uri"},
		"no such policy":        {map[string]any{"policy": s.dir + "/none.hcl"}, "cannot read policy"},
		"no such baseline":      {map[string]any{"baseline": s.dir + "/none.json"}, "cannot read baseline"},
		"an unknown option":     {map[string]any{"x": 1}, "x"},
		"a value still unknown": {map[string]any{"private_key_file": "<no value>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{}
			for k, v := range s.config {
				config[k] = v
			}
			for k, v := range tc.set {
				config[k] = v
			}
			err := new(PostProcessor).Configure(config)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSeveralSign(t *testing.T) {
	s := newScene(t)
	second := newScene(t)
	s.config["also_sign"] = []map[string]any{{"private_key_file": second.config["private_key_file"]}}
	s.attest(t, runID, rule.Pass)
	_, err := s.run(t)
	must(t, err)
	if len(s.claims(t)) != 3 {
		t.Errorf("statements are %q", names(s.claims(t)))
	}
	base := filepath.Join(s.dir, "qemu.node", "statements", "qemu.node.svr.")
	for file, want := range map[string]int{base + "json": 2, base + "sigstore.json": 1} {
		data, err := os.ReadFile(file)
		must(t, err)
		e, err := attest.ParseEnvelope(data)
		must(t, err)
		if _, err := attest.Open(e, []attest.PublicKey{s.public, second.public}, want); err != nil || len(e.Signatures) != want {
			t.Errorf("%s has %d signatures, error %v", file, len(e.Signatures), err)
		}
	}
	for what, key := range map[string]any{"the same key is given twice": s.config["private_key_file"], "also_sign: cannot read key": "/none"} {
		s.config["also_sign"] = []map[string]any{{"private_key_file": key}}
		if err := new(PostProcessor).Configure(s.config); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("the error is %v, want %q", err, what)
		}
	}
}

func TestTheKeyIsMaskedInTheLog(t *testing.T) {
	s := newScene(t)
	must(t, new(PostProcessor).Configure(s.config))
	var b bytes.Buffer
	packersdk.LogSecretFilter.SetOutput(&b)
	defer packersdk.LogSecretFilter.SetOutput(log.Writer())
	lines := strings.Split(strings.TrimSpace(string(s.key)), "\n")
	log.New(&packersdk.LogSecretFilter, "", 0).Printf("a careless message: %s", lines[1])
	if strings.Contains(b.String(), lines[1]) || b.Len() == 0 {
		t.Errorf("the log has %q", b.String())
	}
}

func TestAnArtifactWithoutFiles(t *testing.T) {
	s := newScene(t)
	s.attest(t, runID, rule.Pass)
	s.artifact = &packersdk.MockArtifact{BuilderIdValue: "Azure.ResourceManagement.VMImage", IdValue: "/subscriptions/1", FilesValue: []string{}}
	_, err := s.run(t)
	must(t, err)
	if !strings.Contains(s.out.String(), "Azure.ResourceManagement.VMImage:/subscriptions/1, sha256") {
		t.Errorf("the output is %s", s.out)
	}
	s.artifact = &packersdk.MockArtifact{FilesValue: []string{s.image + ".gone"}}
	if _, err := s.run(t); err == nil {
		t.Error("an artifact whose file is gone has a statement")
	}
	if got := names(s.claims(t)); len(got) > 0 {
		t.Errorf("statements of before are left: %q", got)
	}
}
