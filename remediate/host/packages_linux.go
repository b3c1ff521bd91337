package host

import (
	"context"
	"fmt"
	"strings"
)

// InstallPackages cannot be done offline.
func (o *Offline) InstallPackages(_ context.Context, names []string) error {
	return fmt.Errorf("cannot install %s: %w", strings.Join(names, ", "), ErrOfflinePackages)
}

// RemovePackages cannot be done offline.
func (o *Offline) RemovePackages(_ context.Context, names, _ []string) error {
	return fmt.Errorf("cannot remove %s: %w", strings.Join(names, ", "), ErrOfflinePackages)
}

// InstallPackages asks apt-get, tdnf or dnf.
func (l *Live) InstallPackages(ctx context.Context, names []string) error {
	m, err := l.manager()
	if err == nil {
		err = m.install(ctx, names)
	}
	if err != nil {
		return fmt.Errorf("cannot install %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

// RemovePackages asks apt-get or rpm, after having asked what would go.
func (l *Live) RemovePackages(ctx context.Context, names, along []string) error {
	m, err := l.manager()
	if err == nil {
		err = m.remove(ctx, names, along)
	}
	if err != nil {
		return fmt.Errorf("cannot remove %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

func (l *Live) manager() (manager, error) {
	if l.running == nil {
		return manager{}, ErrOfflinePackages
	}
	return findManager(l, l.Programs())
}
