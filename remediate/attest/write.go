package attest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// BundleName is the name of the bundle beside a bare envelope: X.sigstore.json beside X.json.
func BundleName(envelope string) string {
	if base, ok := cutJSON(envelope); ok {
		return base + ".sigstore.json"
	}
	return envelope + ".sigstore.json"
}

func cutJSON(name string) (string, bool) {
	const extension = ".json"
	if len(name) > len(extension) && name[len(name)-len(extension):] == extension {
		return name[:len(name)-len(extension)], true
	}
	return name, false
}

// Write puts the envelope into the file of that name and the bundle beside it.
func Write(name string, e *Envelope, by PublicKey) error {
	bare, err := e.JSON()
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	bundled, err := e.Bundle(by)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	if err := replace(name, bare); err != nil {
		return err
	}
	return replace(BundleName(name), bundled)
}

// Remove takes away what Write may have written under that name before, so that an old statement is
// never taken for a new one.
func Remove(name string) error {
	for _, file := range []string{name, BundleName(name)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove an old statement: %w", err)
		}
	}
	return nil
}

// replace writes a file so that a reader sees the old or the new one whole.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	defer os.Remove(f.Name()) // does nothing once it has its name
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	return nil
}
