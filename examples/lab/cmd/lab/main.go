//go:build linux

// Command lab boots local nodes to harden, runs commands against them, and unpacks them for offline work. It needs root.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
)

const usage = `usage: lab COMMAND

  run SHAPE -- COMMAND...  boot a node, run the command with LAB_* and PKR_VAR_* set, end the node;
                           the exit status is the command's
  up SHAPE [NAME]          boot a node that stays; prints its variables, for eval
  down NAME | --all        end a node, or all of them
  list                     list the nodes
  base                     build the cached base system and print its folder
  image SHAPE              make the cached disk image of a virtual machine and print its path
  root SHAPE DIR           unpack a shape into a folder, for offline work

Shapes: `

func main() {
	// Ctrl-C reaches the command that we run as well; what it leaves is for us to clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	status, err := dispatch(ctx, os.Args[1:])
	if ctx.Err() != nil {
		status, err = interrupted, errors.Join(errors.New("interrupted"), err)
	}
	stop()
	if errors.Is(err, errUsage) {
		fmt.Fprintln(os.Stderr, usage+strings.Join(lab.Shapes(), ", "))
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	os.Exit(status)
}

var errUsage = errors.New("bad usage")

// interrupted is the exit status that shells give to what Ctrl-C ended.
const interrupted = 130

func dispatch(ctx context.Context, args []string) (status int, err error) {
	command, rest := "", args
	if len(args) > 0 {
		command, rest = args[0], args[1:]
	}
	switch {
	case command == "run" && len(rest) >= 3 && rest[1] == "--":
		return runWith(ctx, rest[0], rest[2:])
	case command == "up" && (len(rest) == 1 || len(rest) == 2):
		err = up(ctx, rest[0], strings.Join(rest[1:], ""))
	case command == "down" && len(rest) == 1 && rest[0] == "--all":
		err = downAll()
	case command == "down" && len(rest) == 1:
		err = lab.Down(rest[0])
	case command == "list" && len(rest) == 0:
		err = list()
	case command == "base" && len(rest) == 0:
		err = printPath(lab.Base(ctx, os.Stderr))
	case command == "image" && len(rest) == 1:
		err = printPath(lab.Image(ctx, rest[0], os.Stderr))
	case command == "root" && len(rest) == 2:
		err = lab.Tree(ctx, rest[0], rest[1], os.Stderr)
	default:
		return 2, errUsage
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// runWith runs a command beside a node, and ends the node whatever happens.
func runWith(ctx context.Context, shape string, argv []string) (status int, err error) {
	node, err := lab.Start(ctx, lab.Options{Shape: shape, Log: os.Stderr})
	if err != nil {
		return 1, err
	}
	defer func() {
		if closeErr := node.Close(); closeErr != nil {
			status, err = 1, errors.Join(err, closeErr)
		}
	}()
	return attached(ctx, node.Environ(), argv)
}

// attached runs a command on our terminal. When we are told to stop it gets a chance to stop too.
func attached(ctx context.Context, env, argv []string) (int, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	case err != nil:
		return 1, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	return 0, nil
}

func up(ctx context.Context, shape, name string) error {
	node, err := lab.Start(ctx, lab.Options{Shape: shape, Name: name, Log: os.Stderr, Keep: true})
	if err != nil {
		return err
	}
	for _, variable := range node.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Printf("export %s=%s\n", name, shellescape.Quote(value))
	}
	return nil
}

func downAll() error {
	infos, err := lab.List()
	if err != nil {
		return err
	}
	var errs []error
	for _, info := range infos {
		errs = append(errs, lab.Down(info.Name))
	}
	return errors.Join(errs...)
}

func list() error {
	infos, err := lab.List()
	if err != nil {
		return err
	}
	for _, info := range infos {
		state := "running"
		if info.Stale {
			state = "stale"
		}
		fmt.Printf("%-16s %-16s %-16s %s\n", info.Name, info.Shape, info.Addr, state)
	}
	return nil
}

func printPath(path string, err error) error {
	if err == nil {
		fmt.Println(path)
	}
	return err
}
