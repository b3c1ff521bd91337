// Package attest makes a report into a statement about an artifact that others can verify, and
// verifies such statements: in-toto Statement v1, signed as a DSSE envelope, also as a Sigstore bundle.
//
// It reads keys and signs, so it must never write a private key anywhere: PrivateKey has no form that
// can be printed, and the linter forbids every function that would give it one. It knows nothing of
// Packer, nor of how a state was observed.
package attest
