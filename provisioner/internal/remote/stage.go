package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// Target is what the machine says about itself.
type Target struct {
	System  string // uname -s
	Machine string // uname -m
	OS      string // ID of os-release
	Version string // VERSION_ID
	UID     string
	User    string
	Peer    string // the address that this session comes from, where the target knows
}

// Arch is the machine's architecture as Go names it.
func (t Target) Arch() string {
	switch t.Machine {
	case "x86_64", "amd64":
		return "amd64"
	case "aarch64", "arm64":
		return "arm64"
	}
	return Clean(t.Machine)
}

// Stage is a private directory on the target.
type Stage struct {
	Target Target
	Dir    string

	m     *Machine
	bases []string
	names []string // every directory that may have been made
}

// bases are tried in this order: a hardened image may have a noexec /tmp, an unprivileged user may
// have no home.
func bases() []string { return []string{"/tmp", "/var/tmp", "home", "runtime"} }

// Prepare looks at the machine and makes a directory of mode 0700 and a random name from which
// programs run, in folder or, if that is empty, in the first place that serves. The stage is
// returned also with an error, so that Remove can be called whatever happened.
func (m *Machine) Prepare(ctx context.Context, folder string) (*Stage, error) {
	s := &Stage{m: m, bases: m.folders}
	if s.bases == nil {
		s.bases = bases()
	}
	if folder != "" {
		s.bases = []string{folder}
	}
	deadline := time.Now().Add(m.Patience)
	pause := m.Pause
	for {
		// A lost answer may leave a directory behind, so each attempt has its own name.
		name := "harden-" + Token()
		s.names = append(s.names, name)
		token := Token()
		a, err := m.askOnce(ctx, request{script: prepareScript, token: token, args: append([]string{name, m.leased()}, s.bases...)})
		switch {
		case err == nil:
			return s, s.adopt(ctx, a)
		case !errors.Is(err, ErrLost):
			return s, fmt.Errorf("cannot prepare a directory on the target: %w", err)
		case time.Now().Add(pause).After(deadline):
			return s, fmt.Errorf("cannot prepare a directory on the target: cannot reach it within %s: %w", m.Patience, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return s, err
		}
		pause = min(2*pause, 10*time.Second)
	}
}

func (s *Stage) adopt(ctx context.Context, a answers) error {
	s.Target = Target{
		System: a.one("system"), Machine: a.one("machine"), OS: a.one("os"), Version: a.one("version"),
		UID: a.one("uid"), User: a.one("user"),
	}
	if peer, _, _ := strings.Cut(a.one("connection"), " "); peer != "" {
		if addr, err := netip.ParseAddr(peer); err == nil {
			s.Target.Peer = addr.WithZone("").Unmap().String()
		}
	}
	if s.Target.System != "Linux" {
		return fmt.Errorf("the target runs %q: only Linux can be hardened", s.Target.System)
	}
	if _, err := strconv.ParseUint(s.Target.UID, 10, 32); err != nil {
		return fmt.Errorf("cannot learn the target's user: id says %q", s.Target.UID)
	}
	dir := a.one("directory")
	if !path.IsAbs(dir) || path.Base(dir) != s.names[len(s.names)-1] {
		refused := strings.Join(a.values["refused"], "; ")
		if refused == "" {
			refused = "no folder to try"
		}
		return fmt.Errorf("cannot find a folder on the target from which a program can be run (remote_folder names another): %s", refused)
	}
	s.Dir = dir
	s.m.uid = s.Target.UID

	token := Token()
	b, err := s.m.ask(ctx, request{script: becomeScript, root: true, token: token})
	if err != nil {
		return fmt.Errorf("cannot become root on the target as user %q (execute_command says how): %w", s.Target.User, err)
	}
	if uid := b.one("uid"); uid != "0" {
		return fmt.Errorf("cannot become root on the target as user %q: commands run as uid %s (execute_command says how to become root)", s.Target.User, uid)
	}
	return nil
}

// Path is where the file of that name is or will be.
func (s *Stage) Path(name string) string { return path.Join(s.Dir, name) }

// Put writes a file and makes sure that it arrived. The communicator's own upload comes first; where
// that fails, because the target lacks scp or the sftp subsystem, or what arrived is damaged, the
// file goes through the standard input of a command.
func (s *Stage) Put(ctx context.Context, name string, data []byte, mode fs.FileMode) (string, error) {
	dst := s.Path(name)
	sum := sha256.Sum256(data)
	want := hex.EncodeToString(sum[:])

	first := s.upload(ctx, dst, data, mode)
	if first == nil {
		first = s.verify(ctx, dst, mode, want)
	}
	if first == nil {
		return dst, nil
	}
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	s.m.Say(fmt.Sprintf("The communicator cannot upload %s (%s); sending it through a command instead", name, Clean(first.Error())))

	text := base64.StdEncoding.EncodeToString(data)
	lines := wrap(text, 76)
	_, err := s.m.ask(ctx, request{
		script: receiveScript, token: Token(), args: []string{dst, strconv.Itoa(len(lines))},
		stdin:  func() io.Reader { return bytes.NewReader(lines) },
		within: s.patient(10 * time.Minute),
	})
	if err == nil {
		err = s.verify(ctx, dst, mode, want)
	}
	if err != nil {
		return "", fmt.Errorf("cannot upload %s: %w", name, err)
	}
	return dst, nil
}

// wrap breaks text into lines: a terminal's line discipline takes no endless ones.
func wrap(text string, columns int) []byte {
	b := make([]byte, 0, len(text)+len(text)/columns+1)
	for len(text) > 0 {
		n := min(columns, len(text))
		b = append(append(b, text[:n]...), '\n')
		text = text[n:]
	}
	return b
}

func (s *Stage) patient(d time.Duration) time.Duration { return max(d, s.m.Patience) }

func (s *Stage) upload(ctx context.Context, dst string, data []byte, mode fs.FileMode) error {
	ended := make(chan error, 1)
	go func() {
		// With the size known, the SDK's scp needs no temporary copy.
		var info os.FileInfo = fileInfo{name: path.Base(dst), size: int64(len(data)), mode: mode}
		ended <- s.m.Comm.Upload(dst, bytes.NewReader(data), &info)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Stage) verify(ctx context.Context, dst string, mode fs.FileMode, want string) error {
	a, err := s.m.ask(ctx, request{script: digestScript, token: Token(), args: []string{dst, fmt.Sprintf("%04o", mode)}})
	if err != nil {
		return fmt.Errorf("cannot compare what arrived: %w", err)
	}
	if got := a.one("sha256"); got != want {
		return fmt.Errorf("what arrived is damaged: its sha256 is %s and should be %s", got, want)
	}
	return nil
}

// Touch makes an empty file on the stage.
func (s *Stage) Touch(ctx context.Context, file string) error {
	_, err := s.m.ask(ctx, request{script: touchScript, token: Token(), args: []string{file}})
	return err
}

// Remove removes every directory that was or may have been made, as the user and, for what root left
// in it, as root.
func (s *Stage) Remove(ctx context.Context) error {
	var left []error
	for _, name := range s.names {
		a, err := s.m.ask(ctx, request{script: removeScript, token: Token(), args: append([]string{name}, s.bases...)})
		if err != nil {
			left = append(left, err)
			continue
		}
		if remaining := a.values["left"]; len(remaining) > 0 {
			a, err = s.m.ask(ctx, request{script: removeScript, root: true, token: Token(), args: append([]string{name}, remaining...)})
			if err != nil {
				left = append(left, err)
				continue
			}
			for _, base := range a.values["left"] {
				left = append(left, fmt.Errorf("%s is still there", path.Join(base, name)))
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("cannot remove the working directory from the target: %w", errors.Join(left...))
	}
	return nil
}

// fileInfo describes a file that is only in memory.
type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (f fileInfo) Name() string       { return f.name }
func (f fileInfo) Size() int64        { return f.size }
func (f fileInfo) Mode() fs.FileMode  { return f.mode }
func (f fileInfo) ModTime() time.Time { return time.Time{} }
func (f fileInfo) IsDir() bool        { return false }
func (f fileInfo) Sys() any           { return nil }
