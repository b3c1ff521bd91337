package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// PayloadType is what an envelope around an in-toto statement says of its payload.
const PayloadType = "application/vnd.in-toto+json"

// BundleType is the Sigstore bundle v0.3.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// MaxSize bounds an envelope or bundle that is read, in bytes: the largest report in base64, and room.
const MaxSize = report.MaxSize/3*4 + 1<<20

// maxSignatures bounds what one envelope makes a verifier compute.
const maxSignatures = 32

// Envelope is a DSSE envelope (https://github.com/secure-systems-lab/dsse): a payload, and signatures
// over its pre-authentication encoding.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"` // base64
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature, in base64. KeyID is a hint that is neither trusted nor used here; it is
// written empty because cosign 3.1 refuses a bundle with any other.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// bundle is as much of a Sigstore bundle as a signature by a bare key needs.
type bundle struct {
	MediaType            string               `json:"mediaType"`
	VerificationMaterial verificationMaterial `json:"verificationMaterial"`
	Envelope             *Envelope            `json:"dsseEnvelope"`
}

type verificationMaterial struct {
	PublicKey   publicKeyHint `json:"publicKey"`
	TlogEntries []any         `json:"tlogEntries"`
}

type publicKeyHint struct {
	Hint string `json:"hint"`
}

// PAE is DSSE's pre-authentication encoding: the bytes that are signed.
func PAE(payloadType string, payload []byte) []byte {
	head := "DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " "
	return append([]byte(head), payload...)
}

// JSON is the bare envelope, with a line feed at the end.
func (e *Envelope) JSON() ([]byte, error) {
	data, err := encode(e)
	return append(data, '\n'), err
}

// Bundle is the Sigstore bundle v0.3 around the envelope, with a line feed at the end. A bundle holds
// exactly one signature: of several, the first.
func (e *Envelope) Bundle(by PublicKey) ([]byte, error) {
	if len(e.Signatures) == 0 {
		return nil, errors.New("cannot make a bundle: there is no signature")
	}
	one := &Envelope{e.PayloadType, e.Payload, e.Signatures[:1]}
	data, err := encode(bundle{BundleType, verificationMaterial{publicKeyHint{by.Hint()}, []any{}}, one})
	return append(data, '\n'), err
}

// ParseEnvelope reads a bare envelope or a Sigstore bundle from anywhere. It says nothing about the
// signatures. Unknown fields are passed over, as both formats ask.
func ParseEnvelope(data []byte) (*Envelope, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("cannot read statement: larger than %d bytes", MaxSize)
	}
	var both struct {
		MediaType string    `json:"mediaType"`
		Bundled   *Envelope `json:"dsseEnvelope"`
		Envelope
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&both); err != nil {
		return nil, fmt.Errorf("cannot read statement: it is no JSON envelope: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("cannot read statement: something follows it")
	}
	e := &both.Envelope
	if both.MediaType != "" || both.Bundled != nil {
		if !strings.HasPrefix(both.MediaType, "application/vnd.dev.sigstore.bundle") || both.Bundled == nil {
			return nil, fmt.Errorf("cannot read statement: a bundle of type %q without a DSSE envelope", both.MediaType)
		}
		e = both.Bundled
		if len(e.Signatures) > 1 {
			return nil, fmt.Errorf("cannot read statement: a Sigstore bundle holds exactly one signature, and this one has %d", len(e.Signatures))
		}
	}
	switch {
	case e.PayloadType != PayloadType:
		return nil, fmt.Errorf("cannot read statement: its payload type is %q, not %q", e.PayloadType, PayloadType)
	case len(e.Signatures) == 0:
		return nil, errors.New("cannot read statement: it is not signed")
	case len(e.Signatures) > maxSignatures:
		return nil, fmt.Errorf("cannot read statement: it has more than %d signatures", maxSignatures)
	}
	if _, err := e.payload(); err != nil {
		return nil, err
	}
	return e, nil
}

// IsBundle reports whether what ParseEnvelope reads is a Sigstore bundle and not a bare envelope.
func IsBundle(data []byte) bool {
	var head struct {
		Bundled json.RawMessage `json:"dsseEnvelope"`
	}
	return json.Unmarshal(data, &head) == nil && head.Bundled != nil
}

func (e *Envelope) payload() ([]byte, error) {
	payload, err := decode64(e.Payload)
	if err != nil {
		return nil, fmt.Errorf("cannot read statement: its payload is not base64: %w", err)
	}
	return payload, nil
}

// decode64 reads base64 with either alphabet, as DSSE asks of whoever reads.
func decode64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "-_") {
		return base64.URLEncoding.Strict().DecodeString(text)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}
