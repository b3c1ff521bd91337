package attest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
)

// Sign makes an envelope with one signature of each signer.
func Sign(ctx context.Context, s *Statement, signers ...Signer) (*Envelope, error) {
	if err := CheckSigners(signers); err != nil {
		return nil, err
	}
	payload, err := encode(s)
	if err != nil {
		return nil, fmt.Errorf("cannot sign statement: %w", err)
	}
	e := &Envelope{PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(payload)}
	for _, signer := range signers {
		if err := e.add(ctx, signer, payload); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// CheckSigners refuses what can't make an envelope: nobody, too many, or one twice, whose second signature would look
// like that of somebody else.
func CheckSigners(signers []Signer) error {
	if len(signers) == 0 {
		return errors.New("cannot sign statement: there is no key")
	}
	if len(signers) > maxSignatures {
		return fmt.Errorf("cannot sign statement: %d keys are more than the %d signatures that are read", len(signers), maxSignatures)
	}
	seen := map[string]bool{}
	for _, s := range signers {
		if seen[s.Public().der] {
			return errors.New("cannot sign statement: the same key is given twice")
		}
		seen[s.Public().der] = true
	}
	return nil
}

// Countersign adds a signature to an envelope and gives what it is over, so that who signs can be told. The other
// signatures are not looked at: whose they have to be is for who verifies to say.
func Countersign(ctx context.Context, e *Envelope, signer Signer) (*Statement, error) {
	payload, err := e.payload()
	if err != nil {
		return nil, err
	}
	s, err := parseStatement(payload)
	if err != nil {
		return nil, err
	}
	message := PAE(e.PayloadType, payload)
	for _, signature := range e.Signatures {
		if sig, err := decode64(signature.Sig); err == nil && signer.Public().Verify(message, sig) {
			return nil, errors.New("cannot sign statement: this key has signed it already")
		}
	}
	if len(e.Signatures) >= maxSignatures {
		return nil, fmt.Errorf("cannot sign statement: it has %d signatures, and no more are read", maxSignatures)
	}
	return s, e.add(ctx, signer, payload)
}

func (e *Envelope) add(ctx context.Context, signer Signer, payload []byte) error {
	signature, err := signer.Sign(ctx, PAE(e.PayloadType, payload))
	if err != nil {
		return err
	}
	e.Signatures = append(e.Signatures, Signature{Sig: base64.StdEncoding.EncodeToString(signature)})
	return nil
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
