package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxOutput bounds what is kept of a program's output, in bytes.
const maxOutput = 1 << 20

var programDirs = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// programs runs the machine's own programs.
type programs struct{}

var _ Programs = programs{}

// Stage writes below /run, which is in memory and never part of an image, or below /tmp.
func (programs) Stage(files func(dir string) map[string][]byte) (string, func(), error) {
	dir, err := os.MkdirTemp("/run", "harden-")
	if err != nil {
		dir, err = os.MkdirTemp("/tmp", "harden-")
	}
	if err != nil {
		return "", nil, fmt.Errorf("cannot stage files: %w", err)
	}
	remove := func() { os.RemoveAll(dir) }
	if err := stage(dir, files(dir)); err != nil {
		remove()
		return "", nil, fmt.Errorf("cannot stage files: %w", err)
	}
	return dir, remove, nil
}

func stage(dir string, contents map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%q is not a name below the directory", name)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, contents[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Run executes a program with a small fixed environment and nothing on its standard input. When ctx
// ends, the program and what it started are killed.
func (programs) Run(ctx context.Context, argv ...string) ([]byte, int, error) {
	if len(argv) == 0 {
		return nil, 0, errors.New("cannot run a program without a name")
	}
	path, err := findProgram(argv[0])
	if err != nil {
		return nil, 0, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	var output bounded
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Env = []string{"LC_ALL=C", "PATH=" + strings.Join(programDirs, ":")}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return output.head, 0, fmt.Errorf("cannot run %s: %w", argv[0], ctx.Err())
	case errors.As(err, &exit) && exit.Exited():
		return output.head, exit.ExitCode(), nil
	case err != nil:
		return output.head, 0, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	return output.head, 0, nil
}

// findProgram looks in the system's own directories, whatever PATH the caller has.
func findProgram(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return name, nil
	}
	if strings.Contains(name, "/") {
		return "", errors.New("path is not absolute")
	}
	for _, dir := range programDirs {
		path := dir + "/" + name
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fs.ErrNotExist
}

// bounded keeps the head of what is written to it.
type bounded struct{ head []byte }

func (b *bounded) Write(p []byte) (int, error) {
	b.head = append(b.head, p[:min(len(p), maxOutput-len(b.head))]...)
	return len(p), nil
}
