package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/coreos/go-systemd/v22/dbus"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// systemd is a connection to the running init, made when it is first needed.
type systemd struct {
	mu   sync.Mutex
	conn *dbus.Conn
	stop context.CancelFunc
}

// connect returns the connection. ctx bounds the time that connecting takes, not the connection's
// life.
func (s *systemd) connect(ctx context.Context) (*dbus.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.conn.Connected() {
		return s.conn, nil
	}
	s.closeLocked()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	release := context.AfterFunc(ctx, cancel)
	conn, err := dial(life)
	if !release() && err == nil {
		conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	s.conn, s.stop = conn, cancel
	return conn, nil
}

// dial prefers systemd's own socket, which root may use and which is there without a message bus.
func dial(ctx context.Context) (*dbus.Conn, error) {
	if os.Geteuid() == 0 {
		if conn, err := dbus.NewSystemdConnectionContext(ctx); err == nil {
			return conn, nil
		}
	}
	return dbus.NewSystemConnectionContext(ctx)
}

func (s *systemd) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked()
}

func (s *systemd) closeLocked() {
	if s.conn != nil {
		s.conn.Close()
		s.stop()
		s.conn = nil
	}
}

func (s *systemd) unit(ctx context.Context, name string) (UnitState, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return UnitState{}, err
	}
	if n, _ := parseUnitName(name); n.isTemplate() {
		return template(ctx, conn, name)
	}
	properties, err := conn.GetUnitPropertiesContext(ctx, name)
	if err != nil {
		return UnitState{}, err
	}
	text := func(key string) string {
		s, _ := properties[key].(string)
		return s
	}
	state := UnitState{
		Load:     text("LoadState"),
		Active:   text("ActiveState"),
		Sub:      text("SubState"),
		File:     text("UnitFileState"),
		Fragment: text("FragmentPath"),
	}
	if state.Load == "" {
		return UnitState{}, errors.New("answer has no LoadState")
	}
	return state, nil
}

// template describes a template, which systemd never loads, from its file.
func template(ctx context.Context, conn *dbus.Conn, name string) (UnitState, error) {
	files, err := conn.ListUnitFilesByPatternsContext(ctx, nil, []string{name})
	if err != nil {
		return UnitState{}, err
	}
	state := UnitState{Load: "not-found", Active: "inactive", Sub: "dead"}
	if len(files) > 0 {
		state.Load, state.File, state.Fragment = "loaded", files[0].Type, files[0].Path
		if state.File == "masked" {
			state.Load = "masked"
		}
	}
	return state, nil
}

// change does what systemctl does, and waits until it is done.
func (s *systemd) change(ctx context.Context, name string, action rule.UnitAction) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	switch action {
	case rule.StartUnit:
		return job(ctx, name, conn.StartUnitContext)
	case rule.StopUnit:
		return job(ctx, name, conn.StopUnitContext)
	case rule.ReloadUnit:
		return job(ctx, name, conn.ReloadUnitContext)
	}
	names := []string{name}
	switch action {
	case rule.EnableUnit:
		var installs bool
		installs, _, err = conn.EnableUnitFilesContext(ctx, names, false, false)
		if err == nil && !installs {
			err = errors.New("its unit file has no [Install] settings that enable it")
		}
	case rule.DisableUnit:
		_, err = conn.DisableUnitFilesContext(ctx, names, false)
	case rule.MaskUnit:
		_, err = conn.MaskUnitFilesContext(ctx, names, false, false)
	case rule.UnmaskUnit:
		_, err = conn.UnmaskUnitFilesContext(ctx, names, false)
	default:
		return fmt.Errorf("unknown action %q", action)
	}
	if err != nil {
		return err
	}
	return s.reload(ctx)
}

// reload has systemd read its unit files again.
func (s *systemd) reload(ctx context.Context) error {
	conn, err := s.connect(ctx)
	if err == nil {
		err = conn.ReloadContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot reload systemd: %w", err)
	}
	return nil
}

// job starts a job and waits for its end.
func job(ctx context.Context, name string, start func(context.Context, string, string, chan<- string) (int, error)) error {
	done := make(chan string, 1)
	if _, err := start(ctx, name, "replace", done); err != nil {
		return err
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("job ended with result %q", result)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
