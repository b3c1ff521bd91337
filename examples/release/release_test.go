//go:build interop

// Package release proves that verifiers which know nothing of this project accept its statements: the
// real Packer builds and signs, the real cosign, packer and slsa-verifier verify.
package release

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
)

// program is a tool that make test-interop names.
func program(t *testing.T, variable string) string {
	t.Helper()
	p := os.Getenv(variable)
	if p == "" {
		t.Fatalf("%s does not name a program: run make test-interop", variable)
	}
	return p
}

func run(t *testing.T, env []string, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out), 0
}

// packer is the real one, with the plugin of this tree in a folder of its own.
type packer struct {
	program, plugins string
	node             *lab.Node
}

func newPacker(t *testing.T, n *lab.Node) packer {
	t.Helper()
	p := packer{program(t, "PACKER"), t.TempDir(), n}
	plugin, err := filepath.Abs("../../build/packer-plugin-harden")
	if err != nil {
		t.Fatal(err)
	}
	if out, status := p.run(t, nil, "plugins", "install", "--path", plugin, "github.com/nodeimage/harden"); status != 0 {
		t.Fatalf("cannot install the plugin: %s", out)
	}
	return p
}

func (p packer) run(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	env = append(env, "PACKER_PLUGIN_PATH="+p.plugins, "PACKER_CONFIG_DIR="+p.plugins, "PACKER_NO_COLOR=1", "CHECKPOINT_DISABLE=1")
	return run(t, append(env, p.node.Environ()...), p.program, args...)
}

func startNode(t *testing.T, shape string) *lab.Node {
	t.Helper()
	n, err := lab.Start(t.Context(), lab.Options{Shape: shape})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// keyPair is a signing key and its files.
type keyPair struct {
	private, public string
	pem             []byte
	signer          attest.Signer
}

func newKey(t *testing.T, kind string) keyPair {
	t.Helper()
	var key, public any
	switch kind {
	case "ed25519":
		pub, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, public = k, pub
	default:
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, public = k, k.Public()
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k := keyPair{private: filepath.Join(dir, "key.pem"), public: filepath.Join(dir, "key.pub")}
	k.pem = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	write(t, k.private, k.pem)
	write(t, k.public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}))
	if k.signer, err = attest.ParsePrivateKey(k.pem, nil); err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// released is what one build left behind.
type released struct {
	key, second   keyPair
	image, folder string
}

func (r released) file(kind, name string) string {
	return filepath.Join(r.folder, kind, "null.node."+name+".json")
}

const resource = "https://example.com/images/image.vhd"

// build runs the example with a key that is given in one of the ways there are.
func (p packer) build(t *testing.T, how string) released {
	t.Helper()
	dir := t.TempDir()
	r := released{key: newKey(t, strings.Fields(how)[0]), image: filepath.Join(dir, "image.vhd"), folder: filepath.Join(dir, "statements")}
	write(t, r.image, []byte("an image that boots"))
	args := []string{"build", "-var", "report_dir=" + filepath.Join(dir, "reports"), "-var", "output_dir=" + r.folder, "-var", "image=" + r.image}
	env := []string{"PACKER_LOG=1"}
	switch {
	case strings.HasSuffix(how, "two keys"):
		r.second = newKey(t, "ed25519")
		args = append(args, "-var", "signing_key_file="+r.key.private, "-var", "second_key_file="+r.second.private)
	case strings.HasSuffix(how, "environment"):
		env = append(env, "RELEASE_KEY="+string(r.key.pem))
		args = append(args, "-var", "signing_key_env=RELEASE_KEY")
	case strings.HasSuffix(how, "command"):
		command, err := json.Marshal([]string{"openssl", "dgst", "-sha256", "-sign", r.key.private})
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-var", "sign_command="+string(command), "-var", "public_key_file="+r.key.public)
	default:
		args = append(args, "-var", "signing_key_file="+r.key.private)
	}
	out, status := p.run(t, env, append(args, "release.pkr.hcl")...)
	if status != 0 {
		t.Fatalf("packer build ends with %d:\n%s", status, out)
	}
	for line := range strings.Lines(string(r.key.pem) + string(r.second.pem)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(out, line) {
			t.Error("the private key is in Packer's log")
		}
	}
	return r
}

// statement opens an envelope as nothing of ours does.
func statement(t *testing.T, file string) (s struct {
	Subject       json.RawMessage
	PredicateType string
	Predicate     struct {
		Result, VerificationResult string
		FailedTests                []string
	}
}) {
	t.Helper()
	var e struct{ Payload string }
	data := read(t, file)
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if len(payload) == 0 { // Packer's provenance without a signature is the bare statement
		payload = data
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func compact(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// verifier is a program that says yes or no about a statement.
type verifier struct {
	name string
	// verify runs it for a statement (the bare envelope's file), a key, an artifact and a type.
	verify func(t *testing.T, statement, key, artifact, predicate string) (string, int)
	types  []string
}

func all() []string {
	var names []string
	for _, t := range attest.Types() {
		names = append(names, t.Name)
	}
	return names
}

func uri(name string) string {
	for _, t := range attest.Types() {
		if t.Name == name {
			return t.URI
		}
	}
	return name
}

func verifiers(t *testing.T) []verifier {
	cosign, packer, slsa := program(t, "COSIGN"), program(t, "PACKER"), program(t, "SLSA_VERIFIER")
	harden, err := filepath.Abs("../../build/harden")
	if err != nil {
		t.Fatal(err)
	}
	return []verifier{
		{"cosign", func(t *testing.T, statement, key, artifact, predicate string) (string, int) {
			return run(t, nil, cosign, "verify-blob-attestation", "--key", key, "--bundle", attest.BundleName(statement),
				"--type", predicate, "--insecure-ignore-tlog", artifact)
		}, all()},
		{"packer", func(t *testing.T, statement, key, artifact, predicate string) (string, int) {
			return run(t, []string{"CHECKPOINT_DISABLE=1"}, packer, "verify-attestation", "-verifier="+key, "-predicate-type="+predicate, "-artifact="+artifact, statement)
		}, all()},
		{"slsa-verifier", func(t *testing.T, statement, key, artifact, predicate string) (string, int) {
			level := attest.Compliant
			if predicate != attest.VSAType { // it knows no other type, so ask for another level
				level = "SOMETHING_ELSE"
			}
			sum := sha256.Sum256(read(t, artifact))
			return run(t, nil, slsa, "verify-vsa", "--subject-digest", "sha256:"+hex.EncodeToString(sum[:]), "--attestation-path", statement,
				"--verifier-id", attest.DefaultVerifier, "--resource-uri", resource, "--verified-level", level, "--public-key-path", key)
		}, []string{"vsa"}},
		{"harden", func(t *testing.T, statement, key, artifact, predicate string) (string, int) {
			return run(t, nil, harden, "verify", "--key", key, "--subject", artifact, "--type", predicate, statement)
		}, all()},
	}
}

func TestOtherVerifiersAcceptAndRefuse(t *testing.T) {
	p := newPacker(t, startNode(t, "ubuntu-24.04"))
	tools := verifiers(t)
	for _, how := range []string{"ecdsa", "ed25519", "ecdsa from the environment", "ecdsa by a command"} {
		t.Run(how, func(t *testing.T) {
			r := p.build(t, how)
			t.Run("the subject is that of Packer's own provenance", func(t *testing.T) { sameSubject(t, r) })
			for _, v := range tools {
				for _, name := range v.types {
					t.Run(v.name+" "+name, func(t *testing.T) { acceptsAndRefuses(t, v, r, name) })
				}
			}
		})
	}
}

func sameSubject(t *testing.T, r released) {
	for _, kind := range []string{"identity", "files"} {
		files, err := filepath.Glob(filepath.Join(r.folder, kind, "*.provenance.json"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: Packer's provenance is %q (%v)", kind, files, err)
		}
		want := compact(t, statement(t, files[0]).Subject)
		for _, x := range attest.Types() {
			if x.Name == "vsa" && kind == "identity" {
				continue // not asked for
			}
			if got := compact(t, statement(t, r.file(kind, x.Name)).Subject); got != want {
				t.Errorf("%s: the subject of %s is %s, and of Packer's provenance %s", kind, x.Name, got, want)
			}
		}
	}
}

func acceptsAndRefuses(t *testing.T, v verifier, r released, name string) {
	file := r.file("files", name)
	if out, status := v.verify(t, file, r.key.public, r.image, uri(name)); status != 0 {
		t.Fatalf("it refuses: %s", out)
	}

	dir := t.TempDir()
	other := filepath.Join(dir, "other.vhd")
	write(t, other, []byte("another image"))
	stranger := newKey(t, "ecdsa")
	wrong := "test-result"
	if name == wrong {
		wrong = "svr"
	}
	for what, tc := range map[string]struct{ statement, key, artifact, predicate string }{
		"the wrong key":                                {file, stranger.public, r.image, uri(name)},
		"the wrong artifact":                           {file, r.key.public, other, uri(name)},
		"the wrong type":                               {file, r.key.public, r.image, uri(wrong)},
		"a flipped byte in the payload":                {flip(t, dir, file, "payload"), r.key.public, r.image, uri(name)},
		"a flipped byte in the signature":              {flip(t, dir, file, "sig"), r.key.public, r.image, uri(name)},
		"a statement for others, signed by a stranger": {resign(t, dir, file, stranger), r.key.public, r.image, uri(name)},
	} {
		if out, status := v.verify(t, tc.statement, tc.key, tc.artifact, tc.predicate); status == 0 {
			t.Errorf("it accepts %s: %s", what, out)
		}
	}
}

// An envelope of several signatures is as good as one of each; a Sigstore bundle has the first one's.
func TestTwoKeys(t *testing.T) {
	r := newPacker(t, startNode(t, "ubuntu-24.04")).build(t, "ecdsa with two keys")
	third := newKey(t, "ecdsa")
	harden, err := filepath.Abs("../../build/harden")
	if err != nil {
		t.Fatal(err)
	}
	vsa := r.file("files", "vsa")
	if out, status := run(t, nil, harden, "sign", "--key", third.private, vsa); status != 0 {
		t.Fatalf("a third signature cannot be added: %s", out)
	}
	stranger := newKey(t, "ed25519")
	for _, v := range verifiers(t) {
		for _, signer := range []struct {
			name string
			key  keyPair
			ok   bool
		}{
			{"the first", r.key, true}, {"the second", r.second, v.name != "cosign"}, {"who signed later", third, v.name != "cosign"}, {"a stranger", stranger, false},
		} {
			out, status := v.verify(t, vsa, signer.key.public, r.image, attest.VSAType)
			if (status == 0) != signer.ok {
				t.Errorf("%s with the key of %s ends with %d: %s", v.name, signer.name, status, out)
			}
		}
	}
	for _, tc := range []struct {
		threshold string
		keys      []keyPair
		ok        bool
	}{
		{"2", []keyPair{r.key, r.second}, true}, {"3", []keyPair{r.key, r.second, third}, true},
		{"2", []keyPair{r.key, stranger}, false}, {"3", []keyPair{r.key, r.second, stranger}, false},
	} {
		args := []string{"verify", "--threshold", tc.threshold, "--subject", r.image, vsa}
		for _, k := range tc.keys {
			args = append(args, "--key", k.public)
		}
		if out, status := run(t, nil, harden, args...); (status == 0) != tc.ok {
			t.Errorf("a threshold of %s of %d keys ends with %d: %s", tc.threshold, len(tc.keys), status, out)
		}
	}
}

// flip makes a copy of a statement, bare and as a bundle, with one bit changed in a base64 field.
func flip(t *testing.T, dir, file, field string) string {
	t.Helper()
	copied := filepath.Join(dir, "flipped-"+field+".json")
	for from, to := range map[string]string{file: copied, attest.BundleName(file): attest.BundleName(copied)} {
		data := read(t, from)
		at := bytes.Index(data, []byte(`"`+field+`":"`))
		if at < 0 {
			t.Fatalf("%s has no %s", from, field)
		}
		at += len(field) + 4 + 20
		for data[at] == 'A' || data[at] == 'B' {
			at++
		}
		data[at] = 'A' // another letter of the same alphabet: still base64
		write(t, to, data)
	}
	return copied
}

// resign makes a copy of a statement with the signature of another key.
func resign(t *testing.T, dir, file string, by keyPair) string {
	t.Helper()
	var e attest.Envelope
	if err := json.Unmarshal(read(t, file), &e); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := by.signer.Sign(context.Background(), attest.PAE(e.PayloadType, payload))
	if err != nil {
		t.Fatal(err)
	}
	e.Signatures = []attest.Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}}
	copied := filepath.Join(dir, "resigned.json")
	if err := attest.Write(copied, &e, by.signer.Public()); err != nil {
		t.Fatal(err)
	}
	return copied
}

// With continue_on_error Packer goes on after a provisioner that failed. The release must not.
func TestABuildThatGoesOnIsStillRefused(t *testing.T) {
	p := newPacker(t, startNode(t, "azurelinux-3.0"))
	key := newKey(t, "ecdsa")
	dir := t.TempDir()
	for _, tc := range []struct {
		name, command, reason, test string
		report                      bool
	}{
		{"a machine that is not compliant", "", "not compliant", "account-lockout", true},
		{"a machine that left no report", "false {{ .Command }}", "failed without a report", "attestation", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, status := p.run(t, nil, "build", "-var", "report_dir="+filepath.Join(dir, "reports"), "-var", "output_dir="+dir,
				"-var", "signing_key_file="+key.private, "-var", "execute_command="+tc.command, "refused.pkr.hcl")
			if status == 0 || !strings.Contains(out, "not fit for release") || !strings.Contains(out, tc.reason) {
				t.Fatalf("status %d: %s", status, out)
			}
			file := filepath.Join(dir, "null.node.test-result.json")
			s := statement(t, file)
			if s.Predicate.Result != "FAILED" || !strings.Contains(strings.Join(s.Predicate.FailedTests, " "), tc.test) {
				t.Errorf("the statement says %+v", s.Predicate)
			}
			if v := statement(t, filepath.Join(dir, "null.node.vsa.json")); v.Predicate.VerificationResult != "FAILED" {
				t.Errorf("the VSA says %+v", v.Predicate)
			}
			if _, err := os.Stat(filepath.Join(dir, "null.node.svr.json")); err == nil {
				t.Error("there is an SVR")
			}
			if _, err := os.Stat(filepath.Join(dir, "null.node.report.json")); (err == nil) != tc.report {
				t.Errorf("statement with the report: %v", err)
			}
			// The signature is good; what it says is not.
			said, status := run(t, nil, "../../build/harden", "verify", "--key", key.public, "--builder-id", "fnoeding.null", "--artifact-id", "Null", file)
			if status != 1 || !strings.Contains(said, "it says FAILED") || strings.Contains(said, "signature") {
				t.Errorf("harden verify ends with %d: %s", status, said)
			}
		})
	}
}

func TestABuildWithoutAProvisionerIsRefused(t *testing.T) {
	p := newPacker(t, &lab.Node{})
	key := newKey(t, "ed25519")
	for name, text := range map[string]string{
		"image.pkr.hcl": `
source "file" "image" {
  content = "an image"
  target  = "DIR/image.raw"
}
build {
  sources = ["source.file.image"]
  post-processor "harden-attestation" {
    private_key_file = "KEY"
    report_dir       = "DIR/reports"
    output_dir       = "DIR"
  }
}
`,
		"image.json": `{
  "builders": [{"type": "file", "name": "image", "content": "an image", "target": "DIR/image.raw"}],
  "post-processors": [{"type": "harden-attestation", "private_key_file": "KEY", "report_dir": "DIR/reports", "output_dir": "DIR"}]
}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			template := filepath.Join(dir, name)
			write(t, template, []byte(strings.NewReplacer("DIR", dir, "KEY", key.private).Replace(text)))
			out, status := p.run(t, nil, "build", template)
			if status == 0 || !strings.Contains(out, "no provisioner") {
				t.Errorf("status %d: %s", status, out)
			}
			s := statement(t, filepath.Join(dir, "file.image.test-result.json"))
			if s.Predicate.Result != "FAILED" || !strings.Contains(string(s.Subject), "image.raw") {
				t.Errorf("the statement says %+v about %s", s.Predicate, s.Subject)
			}
		})
	}
}
