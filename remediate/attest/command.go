package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Command signs by running a program, for a key in a vault or a hardware module. The bytes to sign
// come on its standard input, and it writes the signature to its standard output: as it is, or in
// base64. For ECDSA the program hashes with SHA-256 itself, and the signature is ASN.1 DER, which is
// what `openssl dgst -sha256 -sign` does.
type Command struct {
	Args   []string // the program and its arguments; no shell is involved
	Key    PublicKey
	Stderr io.Writer // the program's; nil discards it, since nobody knows what it says
	// Timeout is how long it may take; a minute if zero.
	Timeout time.Duration
}

var _ Signer = Command{}

// maxSignature bounds a program's output, in bytes.
const maxSignature = 64 << 10

// Public is the key that verifies what the program signs.
func (c Command) Public() PublicKey { return c.Key }

// Sign runs the program. A signature that the public key does not verify is an error.
func (c Command) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return nil, errors.New("cannot sign: the command is empty")
	}
	within := c.Timeout
	if within == 0 {
		within = time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no signature within %s", within))
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Stdin = bytes.NewReader(message)
	out := &limited{left: maxSignature}
	cmd.Stdout, cmd.Stderr = out, c.Stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("cannot sign: the command %s failed: %w", c.Args[0], err)
	}
	signature := out.Bytes()
	if c.Key.Verify(message, signature) {
		return signature, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(signature)))
	if err == nil && c.Key.Verify(message, decoded) {
		return decoded, nil
	}
	return nil, fmt.Errorf("cannot sign: the %d bytes from the command %s are no signature that the public key verifies", len(signature), c.Args[0])
}

// limited keeps what is written to it, up to a limit.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("it writes too much")
	}
	return l.Buffer.Write(p)
}
