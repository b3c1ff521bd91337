package attest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// KeySource says where the signing key is: in a file, in an environment variable, or with a program
// that signs.
type KeySource struct {
	File        string   // of a private key in PEM
	Env         string   // name of the variable that holds one
	PasswordEnv string   // name of the variable with the password of an encrypted key
	Command     []string // program and arguments
	PublicFile  string   // of the public key in PEM that belongs to Command
	Stderr      io.Writer

	// Mask is told every secret before anything else is done with it, so that a log can leave it out.
	Mask func(secret string)
}

// Load gives the signer.
func (s KeySource) Load() (Signer, error) {
	given := 0
	for _, is := range []bool{s.File != "", s.Env != "", len(s.Command) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, errors.New("cannot sign: give one key, as a file, an environment variable or a command")
	case len(s.Command) == 0 && s.PublicFile != "":
		return nil, errors.New("cannot sign: the public key is of no use without a command")
	case len(s.Command) > 0 && s.PublicFile == "":
		return nil, errors.New("cannot sign: a command needs the public key that belongs to it")
	case len(s.Command) > 0:
		public, err := ReadPublicKey(s.PublicFile)
		if err != nil {
			return nil, err
		}
		return Command{Args: s.Command, Key: public, Stderr: s.Stderr}, nil
	}

	var data []byte
	from := s.File
	if s.Env != "" {
		from = "the environment variable " + s.Env
		if data = []byte(os.Getenv(s.Env)); len(bytes.TrimSpace(data)) == 0 {
			return nil, fmt.Errorf("cannot sign: %s is empty", from)
		}
	} else {
		var err error
		if data, err = ReadKeyFile(s.File); err != nil {
			return nil, err
		}
	}
	s.hide(string(data))
	password := ""
	if s.PasswordEnv != "" {
		if password = os.Getenv(s.PasswordEnv); password == "" {
			return nil, fmt.Errorf("cannot sign: the environment variable %s is empty", s.PasswordEnv)
		}
		s.hide(password)
	}
	key, err := ParsePrivateKey(data, []byte(password))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return key, nil
}

// hide masks a secret as a whole and each of its lines: logs are written line by line.
func (s KeySource) hide(secret string) {
	if s.Mask == nil {
		return
	}
	s.Mask(secret)
	lines := strings.Fields(secret)
	if !strings.Contains(secret, "\n") {
		return
	}
	for _, line := range lines {
		// The words of the PEM frame are no secret, and short ones would mask half of a log.
		if len(line) >= 12 && !strings.HasPrefix(line, "-----") && !strings.HasSuffix(line, "-----") {
			s.Mask(line)
		}
	}
}

// ReadPublicKey reads the public key in a file.
func ReadPublicKey(file string) (PublicKey, error) {
	data, err := ReadKeyFile(file)
	if err != nil {
		return PublicKey{}, err
	}
	key, err := ParsePublicKey(data)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}
