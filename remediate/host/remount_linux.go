package host

import (
	"errors"
	"fmt"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// mountFlags are the options that one mount has for itself, by the names of mount(8). Other options
// belong to the file system and cannot be changed this way.
var mountFlags = []struct {
	name  string
	flag  uintptr
	clear uintptr // flags that the option takes away
}{
	{"ro", unix.MS_RDONLY, 0},
	{"rw", 0, unix.MS_RDONLY},
	{"nosuid", unix.MS_NOSUID, 0},
	{"suid", 0, unix.MS_NOSUID},
	{"nodev", unix.MS_NODEV, 0},
	{"dev", 0, unix.MS_NODEV},
	{"noexec", unix.MS_NOEXEC, 0},
	{"exec", 0, unix.MS_NOEXEC},
	{"nosymfollow", unix.MS_NOSYMFOLLOW, 0},
	{"symfollow", 0, unix.MS_NOSYMFOLLOW},
	{"nodiratime", unix.MS_NODIRATIME, 0},
	{"diratime", 0, unix.MS_NODIRATIME},
	{"noatime", unix.MS_NOATIME, atimes},
	{"relatime", unix.MS_RELATIME, atimes},
	{"strictatime", unix.MS_STRICTATIME, atimes},
}

const atimes = unix.MS_NOATIME | unix.MS_RELATIME | unix.MS_STRICTATIME

// remount changes the options of the topmost mount at path, and keeps those that are not named.
func remount(path string, options []string) error {
	mounts, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		return m.Mountpoint != path, false
	})
	if err != nil {
		return err
	}
	if len(mounts) == 0 {
		return errors.New("not mounted")
	}
	flags := uintptr(unix.MS_STRICTATIME) // what holds when mountinfo names no other
	for _, o := range splitOptions(mounts[len(mounts)-1].Options) {
		flags, _ = withOption(flags, o)
	}
	for _, o := range options {
		changed, known := withOption(flags, o)
		if !known {
			return fmt.Errorf("%s is not an option of a mount, it takes effect when the file system is mounted anew", o)
		}
		flags = changed
	}
	return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|flags, "")
}

func withOption(flags uintptr, option string) (uintptr, bool) {
	for _, f := range mountFlags {
		if f.name == option {
			return flags&^f.clear | f.flag, true
		}
	}
	return flags, false
}
