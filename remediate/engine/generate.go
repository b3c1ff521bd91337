package engine

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// generate puts fresh hashes in the place of every placeholder. What they are the hashes of is known
// to nobody: it is random and forgotten here.
func generate(content []byte) ([]byte, error) {
	for bytes.Contains(content, []byte(rule.GrubPassword)) {
		hash, err := grubPassword()
		if err != nil {
			return nil, err
		}
		content = bytes.Replace(content, []byte(rule.GrubPassword), []byte(hash), 1)
	}
	return content, nil
}

// The numbers are those of grub-mkpasswd-pbkdf2.
const (
	grubIterations = 10000
	grubSalt       = 64 // bytes
	grubHash       = 64
)

// grubPassword is the hash of a random password as grub's password_pbkdf2 takes it.
func grubPassword() (string, error) {
	secret, salt := make([]byte, 32), make([]byte, grubSalt)
	for _, b := range [][]byte{secret, salt} {
		if _, err := rand.Read(b); err != nil {
			return "", fmt.Errorf("cannot make a password for the boot loader: %w", err)
		}
	}
	return grubHashOf(base64.RawURLEncoding.EncodeToString(secret), salt)
}

func grubHashOf(password string, salt []byte) (string, error) {
	hash, err := pbkdf2.Key(sha512.New, password, salt, grubIterations, grubHash)
	if err != nil {
		return "", fmt.Errorf("cannot make a password for the boot loader: %w", err)
	}
	return fmt.Sprintf("grub.pbkdf2.sha512.%d.%X.%X", grubIterations, salt, hash), nil
}
