package attest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/youmark/pkcs8"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sample is a report with the given outcomes.
func sample(outcomes ...rule.Outcome) *report.Report {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	r := &report.Report{
		Schema: report.Schema, Action: report.Attest, Compliant: true, Require: "persisted",
		Tool:    report.Tool{Name: "harden", Version: "0.1.0", Digest: strings.Repeat("ab", 32)},
		Profile: report.Profile{Name: "aks-x", Version: "1.0", Benchmark: "CIS <X>", Digest: strings.Repeat("cd", 32), Variables: []report.Variable{{Name: "umask", Value: "027"}}},
		Host:    report.Host{OS: "ubuntu", Version: "24.04", Arch: "amd64", Mode: "live"},
		Started: at, Finished: at.Add(time.Second), Nonce: "n1", RunID: "run",
	}
	for i, o := range outcomes {
		res := report.Result{Rule: fmt.Sprintf("rule-%d-%s", i+1, o), Title: "t", Outcome: o, Message: "m", Controls: []report.Control{}}
		switch o {
		case rule.Pass:
			r.Summary.Pass++
		case rule.NotApplicable:
			r.Summary.NotApplicable++
		case rule.Manual:
			r.Summary.Manual++
		case rule.Waived:
			r.Summary.Waived++
			res.Underlying = rule.Fail
			res.Waiver = &report.Waiver{Waiver: rule.Waiver{Reason: rule.AcceptedRisk, Justification: "j", Owner: "o", Expires: "2027-01-31", Origin: rule.VendorWaiver}}
		case rule.Fail:
			r.Summary.Fail++
			r.Compliant = false
		case rule.Error:
			r.Summary.Error++
			r.Compliant = false
		case rule.NotObservable:
			r.Summary.NotObservable++
			r.Compliant = false
		}
		r.Results = append(r.Results, res)
	}
	return r
}

func evidence(r *report.Report) Evidence {
	return Evidence{
		Subjects: []Subject{{"image.vhd", map[string]string{"sha256": strings.Repeat("0", 64)}}}, Report: r, RunID: "RUN",
		Inputs: []Resource{Input("waivers/team.hcl", strings.Repeat("1", 64))}, Time: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// newKeys makes a key of each kind, in PEM.
func newKeys(t testing.TB) map[string][]byte {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	ecPKCS8, err := x509.MarshalPKCS8PrivateKey(ec)
	must(t, err)
	edPKCS8, err := x509.MarshalPKCS8PrivateKey(ed)
	must(t, err)
	sec1, err := x509.MarshalECPrivateKey(ec)
	must(t, err)
	locked, err := pkcs8.ConvertPrivateKeyToPKCS8(ec, []byte("sesame"))
	must(t, err)
	lockedEd, err := pkcs8.MarshalPrivateKey(ed, []byte("sesame"), &pkcs8.Opts{
		Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.ScryptOpts{SaltSize: 8, CostParameter: 1 << 10, BlockSize: 8, ParallelizationParameter: 1},
	})
	must(t, err)
	return map[string][]byte{
		"ecdsa in PKCS#8":               pemOf("PRIVATE KEY", ecPKCS8),
		"ed25519 in PKCS#8":             pemOf("PRIVATE KEY", edPKCS8),
		"ecdsa in SEC1":                 pemOf("EC PRIVATE KEY", sec1),
		"ecdsa in SEC1 with parameters": append(pemOf("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), pemOf("EC PRIVATE KEY", sec1)...),
		"ecdsa encrypted with PBKDF2":   pemOf("ENCRYPTED PRIVATE KEY", locked),
		"ed25519 encrypted with scrypt": pemOf("ENCRYPTED PRIVATE KEY", lockedEd),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSigner(t testing.TB, kind string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(newKeys(t)[kind], []byte("sesame"))
	must(t, err)
	return key
}

func publicPEM(k PublicKey) []byte { return pemOf("PUBLIC KEY", []byte(k.der)) }

func TestKeysSignAndVerify(t *testing.T) {
	for name, data := range newKeys(t) {
		t.Run(name, func(t *testing.T) {
			key, err := ParsePrivateKey(data, []byte("sesame"))
			must(t, err)
			sig, err := key.Sign(t.Context(), []byte("message"))
			must(t, err)
			public, err := ParsePublicKey(publicPEM(key.Public()))
			must(t, err)
			if !public.Verify([]byte("message"), sig) || public.Verify([]byte("Message"), sig) {
				t.Error("the signature does not hold for the message, or holds for another")
			}
		})
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	keys := newKeys(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	big, err := x509.MarshalPKCS8PrivateKey(p384)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	rsaDER, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	must(t, err)
	locked := keys["ecdsa encrypted with PBKDF2"]
	for name, tc := range map[string]struct {
		data     []byte
		password string
		want     string
	}{
		"no PEM":                     {[]byte("hello"), "", "no PEM block"},
		"P-384":                      {pemOf("PRIVATE KEY", big), "", "P-384"},
		"RSA":                        {pemOf("PRIVATE KEY", rsaDER), "", "rsa.PublicKey"},
		"a wrong password":           {locked, "wrong", "wrong password"},
		"no password":                {locked, "", "no password"},
		"a public key":               {publicPEM(newSigner(t, "ecdsa in SEC1").Public()), "", "not a private key"},
		"two keys":                   {slices.Concat(keys["ecdsa in SEC1"], keys["ed25519 in PKCS#8"]), "", "more than one"},
		"cosign's own form":          {pemOf("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("{}")), "", "cosign"},
		"OpenSSL's old encryption":   {pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")}), "", "old encryption"},
		"a damaged key":              {pemOf("PRIVATE KEY", []byte("damaged")), "", "cannot read private key"},
		"a file that is too large":   {bytes.Repeat([]byte("x"), maxKeySize+1), "", "larger than"},
		"a damaged key in SEC1":      {pemOf("EC PRIVATE KEY", []byte("damaged")), "", "cannot read private key"},
		"a damaged encrypted key":    {pemOf("ENCRYPTED PRIVATE KEY", []byte("damaged")), "x", "wrong password, or"},
		"a certificate for a person": {pemOf("CERTIFICATE", []byte("x")), "", "not a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParsePrivateKey(tc.data, []byte(tc.password))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := ParsePublicKey(keys["ecdsa in SEC1"]); err == nil {
		t.Error("a private key is accepted as a public one")
	}
}

func TestAPrivateKeyCannotBePrinted(t *testing.T) {
	key := newSigner(t, "ed25519 in PKCS#8")
	holder := struct {
		Key    *PrivateKey
		Signer Signer
		hidden PrivateKey
	}{key, key, *key}
	asJSON, err := json.Marshal(map[string]any{"key": key, "value": *key})
	must(t, err)
	texts := []string{string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%t"} {
		texts = append(texts, fmt.Sprintf(verb, key), fmt.Sprintf(verb, *key), fmt.Sprintf(verb, holder))
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	if !strings.Contains(fmt.Sprintf("%x", ed), fmt.Sprintf("%x", ed.Seed())) {
		t.Fatal("the test would not see a key")
	}
	// What signs is held by a function: no byte of it can be in a text, which then is short.
	for _, text := range texts {
		if !strings.Contains(text, redacted) && !strings.Contains(text, "0x") && !strings.Contains(text, "0X") {
			t.Errorf("it is printed as %s", text)
		}
	}
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%#v", key), fmt.Sprintf("%x", *key)} {
		if text != redacted {
			t.Errorf("it is printed as %s", text)
		}
	}
	_ = holder.hidden
}

func TestPAE(t *testing.T) {
	// The example of the specification's protocol.md.
	if got, want := string(PAE("http://example.com/HelloWorld", []byte("hello world"))), "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Two messages never have the same encoding.
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "type"), rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		c, d := rapid.String().Draw(t, "other type"), rapid.SliceOf(rapid.Byte()).Draw(t, "other payload")
		if bytes.Equal(PAE(a, b), PAE(c, d)) != (a == c && bytes.Equal(b, d)) {
			t.Error("the encoding is ambiguous")
		}
	})
}

func TestSubjects(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "image.vhd")
	must(t, os.WriteFile(file, []byte("an image"), 0o600))
	got, err := FileSubjects([]string{file})
	must(t, err)
	want := []Subject{{"image.vhd", map[string]string{"sha256": "a5df3fde7b200c3fa2791144c7e05c5c2bced4c6ad863d3a4cf76c972c1712f9"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][]string{nil, {dir}, {file + ".gone"}} {
		if _, err := FileSubjects(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}

	// Digests are of sha256sum over the JSON that stands beside each.
	for _, tt := range []struct {
		name, builder, id string
		state             any
		want              string
	}{
		// {"builderId":"Azure.ResourceManagement.VMImage","id":"/subscriptions/1/a\u0026b"}
		{"an artifact of a cloud", "Azure.ResourceManagement.VMImage", "/subscriptions/1/a&b", nil, "3656de3b874b7b569a83791c49abd19bf5360c28d9477d95b408f86d22720561"},
		// {"builderId":"b","id":"i","state":{"a":"2","z":"1"}}
		{"one with a state", "b", "i", map[string]string{"z": "1", "a": "2"}, "a5d48096ce784edb73c17e704fc630dc1bdf1e7e377cf9998b9cb3717464bcb4"},
		// {"builderId":"fnoeding.null","id":"Null"}
		{"one whose state has no JSON form", "fnoeding.null", "Null", map[any]any{"ImageID": "Null"}, "ee31bfbd76dd771d65c5b9676ce4ee60387e0099d79fda022a5eee8453ceda8b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := IdentitySubject(tt.builder, tt.id, tt.state)
			must(t, err)
			if want := (Subject{tt.builder + ":" + tt.id, map[string]string{"sha256": tt.want}}); !cmp.Equal(want, got) {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
	if _, err := IdentitySubject("", "", nil); err == nil {
		t.Error("an artifact without anything has a subject")
	}
}

func TestStatements(t *testing.T) {
	for name, tc := range map[string]struct {
		evidence Evidence
		result   string // of the test-result and, in brackets, the VSA
		types    []string
	}{
		"a pass":                    {evidence(sample(rule.Pass, rule.NotApplicable)), "PASSED PASSED [HARDEN_COMPLIANT HARDEN_WITHOUT_WAIVERS]", []string{"test-result", "report", "svr", "vsa"}},
		"a pass with a waiver":      {evidence(sample(rule.Pass, rule.Waived)), "WARNED PASSED [HARDEN_COMPLIANT]", []string{"test-result", "report", "svr", "vsa"}},
		"a pass with a manual rule": {evidence(sample(rule.Pass, rule.Manual)), "WARNED PASSED [HARDEN_COMPLIANT]", []string{"test-result", "report", "svr", "vsa"}},
		"a failure":                 {evidence(sample(rule.Pass, rule.Fail)), "FAILED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
		"an error":                  {evidence(sample(rule.Error)), "FAILED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
		"something unobservable":    {evidence(sample(rule.NotObservable)), "FAILED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
		"a report of nothing":       {evidence(sample()), "FAILED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
		"a report of what nobody looked at": {func() Evidence {
			r := sample(rule.NotApplicable)
			r.Results[0].Outside = &rule.Outside{Reason: "it is about the cluster", Owner: "aks"}
			return evidence(r)
		}(), "FAILED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
		"no report": {func() Evidence { e := evidence(nil); e.Missing = "none came"; return e }(), "FAILED FAILED [FAILED]", []string{"test-result", "vsa"}},
		"a pass that the policy refuses": {func() Evidence { e := evidence(sample(rule.Pass)); e.Refused = true; return e }(),
			"PASSED FAILED [FAILED]", []string{"test-result", "report", "vsa"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.evidence.ResourceURI = "https://example.com/image"
			list, err := Statements(tc.evidence)
			must(t, err)
			var types []string
			result := ""
			for _, n := range list {
				types = append(types, n.Name)
				var p struct {
					Result, VerificationResult string
					VerifiedLevels             []string
				}
				must(t, json.Unmarshal(n.Statement.Predicate, &p))
				switch n.Name {
				case "test-result":
					result = p.Result
				case "vsa":
					result += fmt.Sprint(" ", p.VerificationResult, " ", p.VerifiedLevels)
				}
				claim, err := n.Statement.Claim()
				must(t, err)
				if name != "a pass that the policy refuses" && claim.Pass != strings.HasPrefix(name, "a pass") {
					t.Errorf("%s is read as pass = %t", n.Name, claim.Pass)
				}
				if tc.evidence.Report != nil && claim.ProfileDigest != tc.evidence.Report.Profile.Digest {
					t.Errorf("%s names the profile %q", n.Name, claim.ProfileDigest)
				}
			}
			if !slices.Equal(types, tc.types) || result != tc.result {
				t.Errorf("%v %s, want %v %s", types, result, tc.types, tc.result)
			}
		})
	}
	for name, spoil := range map[string]func(*Evidence){
		"about nothing": func(e *Evidence) { e.Subjects = nil },
		"with a profile's digest that is not one":   func(e *Evidence) { e.Report.Profile.Digest = "x" },
		"with the binary's digest that is not one":  func(e *Evidence) { e.Report.Tool.Digest = "x" },
		"about a subject whose digest is not a sha": func(e *Evidence) { e.Subjects[0].Digest["sha256"] = "0" },
	} {
		e := evidence(sample(rule.Pass))
		spoil(&e)
		if _, err := Statements(e); err == nil {
			t.Errorf("a statement %s is made", name)
		}
	}
}

func TestConfigurationHasADigestForEverythingThatDecides(t *testing.T) {
	list := evidence(sample(rule.Pass, rule.Waived)).configuration()
	digests := map[string]string{}
	for _, r := range list {
		if r.Digest["sha256"] == "" && r.URI == "" {
			t.Errorf("%s has neither digest nor URI", r.Name)
		}
		digests[r.Name] = r.Digest["sha256"]
	}
	for _, name := range []string{"profile", "variables", "waivers", "harden", "report", "waivers/team.hcl"} {
		if len(digests[name]) != 64 {
			t.Errorf("%s has the digest %q", name, digests[name])
		}
	}
	other := evidence(sample(rule.Pass)).configuration()
	if find(other, "waivers").Digest["sha256"] == digests["waivers"] {
		t.Error("another waiver has the same digest")
	}
}

func signed(t testing.TB, s *Statement, signers ...Signer) *Envelope {
	t.Helper()
	e, err := Sign(context.Background(), s, signers...)
	must(t, err)
	return e
}

func reportStatement(t testing.TB) *Statement {
	t.Helper()
	list, err := Statements(evidence(sample(rule.Pass)))
	must(t, err)
	return list[1].Statement
}

func TestThreshold(t *testing.T) {
	a, b, c := newSigner(t, "ecdsa in PKCS#8"), newSigner(t, "ed25519 in PKCS#8"), newSigner(t, "ecdsa in SEC1")
	e := signed(t, reportStatement(t), a, b)
	twice := signed(t, reportStatement(t), a)
	twice.Signatures = append(twice.Signatures, twice.Signatures[0])
	for _, tc := range []struct {
		name      string
		envelope  *Envelope
		keys      []PublicKey
		threshold int
		ok        bool
	}{
		{"one of one", e, []PublicKey{a.Public()}, 1, true},
		{"the second signature counts too", e, []PublicKey{b.Public()}, 1, true},
		{"two of three", e, []PublicKey{a.Public(), b.Public(), c.Public()}, 2, true},
		{"three of three", e, []PublicKey{a.Public(), b.Public(), c.Public()}, 3, false},
		{"a key that did not sign", e, []PublicKey{c.Public()}, 1, false},
		{"one key given twice is one", e, []PublicKey{a.Public(), a.Public()}, 2, false},
		{"two signatures of one key are one", twice, []PublicKey{a.Public(), b.Public()}, 2, false},
		{"no key", e, nil, 1, false},
		{"a threshold of nothing", e, []PublicKey{a.Public()}, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Open(tc.envelope, tc.keys, tc.threshold); (err == nil) != tc.ok {
				t.Errorf("the error is %v", err)
			}
		})
	}
	var refused *Refused
	if _, err := Open(e, []PublicKey{c.Public()}, 1); !errors.As(err, &refused) {
		t.Errorf("the error is %v", err)
	}
}

func TestASecondSignerAddsASignature(t *testing.T) {
	a, b := newSigner(t, "ecdsa in PKCS#8"), newSigner(t, "ed25519 in PKCS#8")
	if _, err := Sign(t.Context(), reportStatement(t), a, a); err == nil {
		t.Error("one key signs twice")
	}
	e := signed(t, reportStatement(t), a)
	s, err := Countersign(t.Context(), e, b)
	must(t, err)
	if diff := cmp.Diff(reportStatement(t), s); diff != "" {
		t.Errorf("something else is signed: %s", diff)
	}
	if _, err := Open(e, []PublicKey{a.Public(), b.Public()}, 2); err != nil {
		t.Error(err)
	}
	if _, err := Countersign(t.Context(), e, b); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("signing again: the error is %v", err)
	}
	foreign := &Envelope{PayloadType: PayloadType, Payload: base64Of([]byte(`{"_type":"x"}`)), Signatures: e.Signatures}
	if _, err := Countersign(t.Context(), foreign, b); err == nil {
		t.Error("what is no statement is signed")
	}
	full := signed(t, reportStatement(t), a)
	for len(full.Signatures) < maxSignatures {
		full.Signatures = append(full.Signatures, Signature{Sig: "AA=="})
	}
	if _, err := Countersign(t.Context(), full, b); err == nil {
		t.Error("an envelope that nobody would read is made")
	}
	// The bundle has one signature, of who signed first.
	data, err := e.Bundle(a.Public())
	must(t, err)
	one, err := ParseEnvelope(data)
	must(t, err)
	if len(one.Signatures) != 1 || !IsBundle(data) {
		t.Errorf("the bundle has %d signatures", len(one.Signatures))
	}
	if _, err := Open(one, []PublicKey{a.Public()}, 1); err != nil {
		t.Error(err)
	}
	if bare, err := e.JSON(); err != nil || IsBundle(bare) {
		t.Errorf("the envelope is taken for a bundle, or %v", err)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	key := newSigner(t, "ed25519 in PKCS#8")
	e := signed(t, reportStatement(t), key)
	data, err := e.JSON()
	must(t, err)
	before, err := Open(e, []PublicKey{key.Public()}, 1)
	must(t, err)
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(data)
		at := rapid.IntRange(0, len(changed)-1).Draw(t, "byte")
		changed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		got, err := ParseEnvelope(changed)
		if err != nil {
			return
		}
		s, err := Open(got, []PublicKey{key.Public()}, 1)
		if err != nil {
			return
		}
		// A change that touches neither payload nor signature, such as the key id's, may pass.
		if diff := cmp.Diff(before, s); diff != "" {
			t.Errorf("a changed statement is accepted: %s", diff)
		}
	})
}

func TestBundleAndEnvelopeHoldTheSame(t *testing.T) {
	key := newSigner(t, "ecdsa in PKCS#8")
	name := filepath.Join(t.TempDir(), "x.json")
	must(t, Write(name, signed(t, reportStatement(t), key), key.Public()))
	for _, file := range []string{name, filepath.Join(filepath.Dir(name), "x.sigstore.json")} {
		data, err := os.ReadFile(file)
		must(t, err)
		e, err := ParseEnvelope(data)
		must(t, err)
		s, err := Open(e, []PublicKey{key.Public()}, 1)
		must(t, err)
		if refusals, c := s.Check(Expect{Subjects: []string{strings.Repeat("0", 64)}, Type: ReportType}); len(refusals) > 0 || c.Report.Nonce != "n1" {
			t.Errorf("%s: %q", file, refusals)
		}
		if !bytes.Contains(data, []byte(`"keyid":""`)) {
			t.Errorf("%s has another key id", file)
		}
	}
	must(t, Remove(name))
	must(t, Remove(name))
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestEnvelopesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":               {"", "no JSON"},
		"no signature":          {`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}`, "not signed"},
		"another payload type":  {`{"payloadType":"text/plain","payload":"e30=","signatures":[{"sig":""}]}`, "payload type"},
		"a payload that is not": {`{"payloadType":"application/vnd.in-toto+json","payload":"*","signatures":[{"sig":""}]}`, "not base64"},
		"two documents":         {`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":""}]}{}`, "follows"},
		"a bundle of two": {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":""},{"sig":""}]}}`,
			"exactly one signature, and this one has 2"},
		"an empty bundle":    {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, "without a DSSE envelope"},
		"another media type": {`{"mediaType":"x","dsseEnvelope":{}}`, "bundle of type"},
		"too many signatures": {`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[` +
			strings.TrimSuffix(strings.Repeat(`{"sig":""},`, maxSignatures+1), ",") + `]}`, "more than"},
		"something huge": {strings.Repeat(" ", MaxSize+1), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseEnvelope([]byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestStatementsThatAreRefused(t *testing.T) {
	valid := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":"` + strings.Repeat("0", 64) + `"}}],"predicateType":"p","predicate":{}}`
	if _, err := parseStatement([]byte(valid)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ old, with string }{
		"another type":          {"Statement/v1", "Statement/v2"},
		"no subject":            {`"subject":[`, `"other":[`},
		"a subject w/o digest":  {`"digest"`, `"digests"`},
		"a digest that is not":  {"0000", "zzzz"},
		"a digest cut short":    {"0000", ""},
		"no predicate":          {`"predicate":{}`, `"x":{}`},
		"a predicate that is 1": {`"predicate":{}`, `"predicate":1`},
		"no predicate type":     {`"p"`, `""`},
	} {
		if _, err := parseStatement([]byte(strings.Replace(valid, tc.old, tc.with, 1))); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestAWaiverThatExpiredSinceTheReportIsRefused(t *testing.T) {
	r := sample(rule.Pass, rule.Waived) // until 2027-01-31
	for day, want := range map[string]int{"2027-01-31": 0, "2027-02-01": 1} {
		now, err := time.Parse(time.DateOnly, day)
		must(t, err)
		if got := (&Judge{}).Refusals(r, now); len(got) != want || want > 0 && !strings.Contains(got[0], "rule-2-waived expired on 2027-01-31") {
			t.Errorf("on %s refusals are %q", day, got)
		}
	}
}

func TestCheckSaysEveryReason(t *testing.T) {
	list, err := Statements(evidence(sample(rule.Fail)))
	must(t, err)
	refusals, _ := list[0].Statement.Check(Expect{Subjects: []string{strings.Repeat("f", 64)}, Type: SVRType, ProfileDigest: strings.Repeat("e", 64)})
	want := []string{"not about the given artifact", "predicate type", "digest of its profile", "it says FAILED: 1 rules deviate: rule-1-fail"}
	if len(refusals) != len(want) {
		t.Fatalf("refusals are %q", refusals)
	}
	for i, w := range want {
		if !strings.Contains(refusals[i], w) {
			t.Errorf("refusal %q lacks %q", refusals[i], w)
		}
	}
	if refusals, c := list[1].Statement.Check(Expect{AnyOutcome: true}); len(refusals) > 0 || c.Report == nil {
		t.Errorf("a report that a policy will judge is refused: %q", refusals)
	}
	if refusals, _ := list[0].Statement.Check(Expect{AnyOutcome: true}); len(refusals) != 1 {
		t.Errorf("a statement that no policy can judge passes: %q", refusals)
	}
	foreign := *list[0].Statement
	foreign.PredicateType = "https://slsa.dev/provenance/v1"
	if refusals, c := foreign.Check(Expect{}); len(refusals) != 1 || c != nil {
		t.Errorf("a statement of another kind passes: %q", refusals)
	}
}

func TestCommand(t *testing.T) {
	key := newSigner(t, "ecdsa in PKCS#8")
	sig, err := key.Sign(t.Context(), []byte("message"))
	must(t, err)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	raw := write("raw", string(sig))
	text := write("text", base64Of(sig)+"\n")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a signature as it is":  {[]string{"cat", raw}, ""},
		"a signature in base64": {[]string{"cat", text}, ""},
		"no signature":          {[]string{"true"}, "no signature that the public key verifies"},
		"a failure":             {[]string{"false"}, "failed"},
		"a program that is not": {[]string{filepath.Join(dir, "none")}, "failed"},
		"an endless one":        {[]string{"cat", "/dev/zero"}, "failed"},
		"one that hangs":        {[]string{"sleep", "60"}, "no signature within"},
		"nothing":               {nil, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Command{Args: tc.args, Key: key.Public(), Timeout: 2 * time.Second}.Sign(t.Context(), []byte("message"))
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestKeySource(t *testing.T) {
	dir := t.TempDir()
	keys := newKeys(t)
	locked := keys["ecdsa encrypted with PBKDF2"]
	file, public := filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pub")
	must(t, os.WriteFile(file, locked, 0o600))
	must(t, os.WriteFile(public, publicPEM(newSigner(t, "ecdsa in SEC1").Public()), 0o600))
	t.Setenv("T_KEY", string(keys["ed25519 in PKCS#8"]))
	t.Setenv("T_PASSWORD", "sesame")
	for name, tc := range map[string]struct {
		source KeySource
		want   string
	}{
		"an encrypted file":          {KeySource{File: file, PasswordEnv: "T_PASSWORD"}, ""},
		"the environment":            {KeySource{Env: "T_KEY"}, ""},
		"a command":                  {KeySource{Command: []string{"x"}, PublicFile: public}, ""},
		"nothing":                    {KeySource{}, "give one key"},
		"two keys":                   {KeySource{File: file, Env: "T_KEY"}, "give one key"},
		"a command without its key":  {KeySource{Command: []string{"x"}}, "needs the public key"},
		"a key with a public one":    {KeySource{File: file, PublicFile: public}, "of no use"},
		"an empty variable":          {KeySource{Env: "T_NONE"}, "T_NONE is empty"},
		"an empty password variable": {KeySource{File: file, PasswordEnv: "T_NONE"}, "T_NONE is empty"},
		"no password":                {KeySource{File: file}, "encrypted"},
		"a file that is not there":   {KeySource{File: file + "x"}, "cannot read key"},
		"a folder":                   {KeySource{File: dir}, "is a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			var masked []string
			tc.source.Mask = func(s string) { masked = append(masked, s) }
			_, err := tc.source.Load()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
			if name == "an encrypted file" {
				lines := strings.Split(strings.TrimSpace(string(locked)), "\n")
				for _, secret := range append(lines[1:len(lines)-1], "sesame") {
					if !slices.Contains(masked, secret) {
						t.Errorf("%q is not masked", secret)
					}
				}
			}
		})
	}
}

func FuzzParseEnvelope(f *testing.F) {
	key := newSigner(f, "ed25519 in PKCS#8")
	e := signed(f, reportStatement(f), key)
	bare, err := e.JSON()
	must(f, err)
	bundled, err := e.Bundle(key.Public())
	must(f, err)
	f.Add(bare)
	f.Add(bundled)
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"_-8=","signatures":[{"keyid":"a","sig":"_-8="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEnvelope(data)
		if err != nil {
			return
		}
		s, err := Open(e, []PublicKey{key.Public()}, 1)
		if err == nil && !bytes.Equal(s.Predicate, reportStatement(t).Predicate) {
			t.Errorf("a statement that was not signed is accepted: %s", s.Predicate)
		}
		again, err := e.JSON()
		must(t, err)
		if _, err := ParseEnvelope(again); err != nil {
			t.Errorf("what was accepted is not accepted again: %v", err)
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	list, err := Statements(func() Evidence {
		e := evidence(sample(rule.Pass, rule.Waived, rule.NotApplicable))
		e.ResourceURI = "https://example.com/image"
		return e
	}())
	must(f, err)
	for _, n := range list {
		payload, err := encode(n.Statement)
		must(f, err)
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseStatement(data)
		if err != nil {
			return
		}
		refusals, c := s.Check(Expect{})
		if len(refusals) == 0 && (c == nil || !c.Pass) {
			t.Errorf("what does not pass is not refused")
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	keys := newKeys(f)
	for _, name := range []string{"ecdsa in PKCS#8", "ed25519 in PKCS#8", "ecdsa in SEC1", "ecdsa encrypted with PBKDF2"} {
		f.Add(keys[name])
	}
	f.Add(publicPEM(newSigner(f, "ecdsa in SEC1").Public()))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Not encrypted ones: a key may ask for any number of rounds, and is its owner's.
		if key, err := ParsePrivateKey(data, nil); err == nil {
			if sig, err := key.Sign(t.Context(), data); err != nil || !key.Public().Verify(data, sig) {
				t.Errorf("it does not sign: %v", err)
			}
		}
		if key, err := ParsePublicKey(data); err == nil && key.Verify(data, data) {
			t.Error("anything is a signature")
		}
	})
}

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func TestTheReportInAStatementFitsTheCommittedSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.SchemaJSON))
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource(ReportType, doc))
	schema, err := c.Compile(ReportType)
	must(t, err)
	list, err := Statements(evidence(sample(rule.Pass, rule.Waived, rule.Fail)))
	must(t, err)
	for _, n := range list {
		if n.Name != "report" {
			continue
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(n.Statement.Predicate))
		must(t, err)
		must(t, schema.Validate(instance))
		return
	}
	t.Error("there is no statement with the report")
}
