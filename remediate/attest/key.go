package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/youmark/pkcs8"
)

// maxKeySize bounds a key file, in bytes.
const maxKeySize = 64 << 10

// Signer signs the pre-authentication encoding of a statement.
type Signer interface {
	// Sign gives a signature that Public verifies: ASN.1 DER over the SHA-256 of the message for ECDSA
	// P-256, 64 bytes over the message itself for Ed25519.
	Sign(ctx context.Context, message []byte) ([]byte, error)
	Public() PublicKey
}

// PrivateKey is an ECDSA P-256 or Ed25519 key. Printing it in any way shows only that it is one: the
// key itself is held by a function, which reflection cannot look into.
type PrivateKey struct {
	sign   func(message []byte) ([]byte, error)
	public PublicKey
}

var _ Signer = (*PrivateKey)(nil)

const redacted = "[private key]"

// Format keeps the key out of whatever is printed, with any verb.
func (PrivateKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalText keeps the key out of JSON and its like.
func (PrivateKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ParsePrivateKey reads a key in PEM: PKCS#8, encrypted or not, or SEC1. The password is for an
// encrypted one. No error holds anything of the key.
func ParsePrivateKey(data, password []byte) (*PrivateKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, fmt.Errorf("cannot read private key: %w", err)
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		if len(password) == 0 {
			return nil, errors.New("cannot read private key: it is encrypted, and there is no password")
		}
		if key, err = pkcs8.ParsePKCS8PrivateKey(block.Bytes, password); err != nil {
			err = errors.New("wrong password, or an encryption that is not PBES2 with AES or 3DES")
		}
	case "EC PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New(`cannot read private key: it has OpenSSL's old encryption; convert it with "openssl pkcs8 -topk8"`)
		}
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		return nil, errors.New("cannot read private key: it is in cosign's own form; export it as PKCS#8, or sign with a command")
	default:
		return nil, fmt.Errorf("cannot read private key: the PEM block is %q, not a private key in PKCS#8 or SEC1", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("cannot use private key: a key of type %T does not sign", key)
	}
	public, err := publicOf(signer.Public())
	if err != nil {
		return nil, fmt.Errorf("cannot use private key: %w", err)
	}
	_, hashed := public.key.(*ecdsa.PublicKey)
	return &PrivateKey{public: public, sign: func(message []byte) ([]byte, error) {
		if !hashed {
			return signer.Sign(rand.Reader, message, crypto.Hash(0))
		}
		sum := sha256.Sum256(message)
		return signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	}}, nil
}

// Public is the other half, which may be shown to anybody.
func (k PrivateKey) Public() PublicKey { return k.public }

// Sign signs the message.
func (k PrivateKey) Sign(_ context.Context, message []byte) ([]byte, error) { return k.sign(message) }

// PublicKey verifies signatures.
type PublicKey struct {
	key crypto.PublicKey
	der string // PKIX; two keys are the same when it is
}

// ParsePublicKey reads a public key in PEM (PKIX, as "openssl pkey -pubout" writes it).
func ParsePublicKey(data []byte) (PublicKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return PublicKey{}, fmt.Errorf("cannot read public key: %w", err)
	}
	if block.Type != "PUBLIC KEY" {
		return PublicKey{}, fmt.Errorf("cannot read public key: the PEM block is %q, not \"PUBLIC KEY\"", block.Type)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, fmt.Errorf("cannot read public key: %w", err)
	}
	public, err := publicOf(key)
	if err != nil {
		return PublicKey{}, fmt.Errorf("cannot use public key: %w", err)
	}
	return public, nil
}

func publicOf(key crypto.PublicKey) (PublicKey, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		// Of other curves cosign and Packer hash differently.
		if k.Curve != elliptic.P256() {
			return PublicKey{}, fmt.Errorf("its curve is %s, and only P-256 and Ed25519 are supported", k.Curve.Params().Name)
		}
	case ed25519.PublicKey:
	default:
		return PublicKey{}, fmt.Errorf("it is a %T, and only ECDSA P-256 and Ed25519 are supported", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	return PublicKey{key, string(der)}, err
}

// Verify reports whether the signature is this key's over the message.
func (k PublicKey) Verify(message, signature []byte) bool {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, sum[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	}
	return false
}

// Hint is the base64 of the sha256 of the key's PKIX form, which is what cosign writes in a bundle.
func (k PublicKey) Hint() string {
	sum := sha256.Sum256([]byte(k.der))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// onlyBlock is the one PEM block of a file. The "EC PARAMETERS" that openssl writes before a SEC1 key
// say nothing that the key does not.
func onlyBlock(data []byte) (*pem.Block, error) {
	if len(data) > maxKeySize {
		return nil, fmt.Errorf("larger than %d bytes", maxKeySize)
	}
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("there is no PEM block in it")
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("it has more than one PEM block")
	}
	return block, nil
}

// ReadKeyFile reads the PEM of a key, whose size is bounded.
func ReadKeyFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("cannot read key: %s is a folder", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeySize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	return bytes.TrimSpace(data), nil
}
