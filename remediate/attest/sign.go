package attest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
)

// Sign makes an envelope with one signature of each signer.
func Sign(ctx context.Context, s *Statement, signers ...Signer) (*Envelope, error) {
	if len(signers) == 0 {
		return nil, errors.New("cannot sign statement: there is no key")
	}
	payload, err := encode(s)
	if err != nil {
		return nil, fmt.Errorf("cannot sign statement: %w", err)
	}
	e := &Envelope{PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(payload)}
	message := PAE(PayloadType, payload)
	for _, signer := range signers {
		signature, err := signer.Sign(ctx, message)
		if err != nil {
			return nil, err
		}
		e.Signatures = append(e.Signatures, Signature{Sig: base64.StdEncoding.EncodeToString(signature)})
	}
	return e, nil
}

// Open checks that at least threshold of the keys signed, and gives what they signed. Nothing of the
// payload is looked at before.
func Open(e *Envelope, keys []PublicKey, threshold int) (*Statement, error) {
	payload, err := e.payload()
	if err != nil {
		return nil, err
	}
	if threshold < 1 {
		return nil, fmt.Errorf("cannot verify: a threshold of %d would accept anything", threshold)
	}
	message := PAE(e.PayloadType, payload)
	signed := map[string]bool{}
	for _, key := range keys {
		if signed[key.der] {
			continue
		}
		for _, signature := range e.Signatures {
			if sig, err := decode64(signature.Sig); err == nil && key.Verify(message, sig) {
				signed[key.der] = true
				break
			}
		}
	}
	switch {
	case len(signed) == 0:
		return nil, &Refused{"no signature is by the given key over this payload"}
	case len(signed) < threshold:
		return nil, &Refused{fmt.Sprintf("it is signed by %d of the given keys, and %d are required", len(signed), threshold)}
	}
	return parseStatement(payload)
}

// Refused is the error of a signature that is not good enough.
type Refused struct{ Reason string }

func (r *Refused) Error() string { return r.Reason }
