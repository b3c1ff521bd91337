package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FileSubjects are the subjects of an artifact that consists of files: each by its sha256, under its
// base name. That is how Packer 1.16's provenance names them, so that both speak of the same thing.
func FileSubjects(files []string) ([]Subject, error) {
	if len(files) == 0 {
		return nil, errors.New("cannot name the subject: there is no file")
	}
	subjects := make([]Subject, 0, len(files))
	for _, file := range files {
		digest, err := FileDigest(file)
		if err != nil {
			return nil, fmt.Errorf("cannot name the subject: %w", err)
		}
		subjects = append(subjects, Subject{filepath.Base(file), map[string]string{"sha256": digest}})
	}
	return subjects, nil
}

// FileDigest is the sha256 of a regular file, in hex.
func FileDigest(file string) (string, error) {
	// A FIFO would block for ever in the call that opens it.
	if info, err := os.Stat(file); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// IdentitySubject is the subject of an artifact without files, such as an image in a cloud: the sha256
// of the JSON {"builderId","id"[,"state"]} under the name "BuilderId:Id", as Packer 1.16's provenance
// derives it. There, state is what the artifact answers for "par.artifact.metadata", and is left out
// when it is nil or has no JSON form. Structures that come over Packer's plugin protocol are maps with
// keys of any type and have none; encoding/json refuses them there and here alike.
func IdentitySubject(builderID, id string, state any) (Subject, error) {
	if builderID == "" && id == "" {
		return Subject{}, errors.New("cannot name the subject: the artifact has neither files nor an id")
	}
	record := map[string]any{"builderId": builderID, "id": id}
	if form, ok := plainJSON(state); ok {
		record["state"] = form
	}
	// The plain Marshal, with its escapes for HTML and its sorted keys: the digest is over these bytes.
	data, err := json.Marshal(record)
	if err != nil {
		return Subject{}, fmt.Errorf("cannot name the subject: %w", err)
	}
	sum := sha256.Sum256(data)
	return Subject{builderID + ":" + id, map[string]string{"sha256": hex.EncodeToString(sum[:])}}, nil
}

// plainJSON turns a value into what its JSON form reads as.
func plainJSON(v any) (any, bool) {
	if v == nil {
		return nil, false
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, false
	}
	return plain, true
}
