package root

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const accessList = "system.posix_acl_access"

// ofContent says that an attribute is the kernel's digest of the old file. On the new one it would be
// wrong, and integrity appraisal would refuse the file.
func ofContent(name string) bool {
	return name == "security.ima" || name == "security.evm"
}

// readXattrs reads the attributes that a replacement keeps, in the kernel's order.
func readXattrs(fd int) ([]Xattr, error) {
	list, err := sized(func(buf []byte) (int, error) { return unix.Flistxattr(fd, buf) })
	if unsupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list extended attributes: %w", err)
	}
	var attrs []Xattr
	for _, b := range bytes.Split(list, []byte{0}) {
		name := string(b)
		if name == "" || ofContent(name) {
			continue
		}
		value, err := sized(func(buf []byte) (int, error) { return unix.Fgetxattr(fd, name, buf) })
		if unsupported(err) || errors.Is(err, unix.ENODATA) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read extended attribute %s: %w", name, err)
		}
		attrs = append(attrs, Xattr{name, value})
	}
	return attrs, nil
}

// sized calls an xattr function with a buffer that is large enough; the value can grow in between.
func sized(call func([]byte) (int, error)) ([]byte, error) {
	const tries = 8
	for i := 0; ; i++ {
		n, err := call(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		buf := make([]byte, n)
		n, err = call(buf)
		if err == unix.ERANGE && i < tries {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:n], nil
	}
}

// writeXattrs gives a new file the attributes of the one that it replaces. An attribute that
// already has the value (a label that the kernel gave) is left, so that no right is needed for it.
func writeXattrs(fd int, attrs []Xattr) error {
	keepsList := false
	for _, a := range attrs {
		keepsList = keepsList || a.Name == accessList
		now, err := sized(func(buf []byte) (int, error) { return unix.Fgetxattr(fd, a.Name, buf) })
		if err == nil && bytes.Equal(now, a.Value) {
			continue
		}
		if err := unix.Fsetxattr(fd, a.Name, a.Value, 0); err != nil && !unsupported(err) {
			return fmt.Errorf("cannot set extended attribute %s: %w", a.Name, err)
		}
	}
	if keepsList {
		return nil
	}
	// A default access list of the directory would otherwise open up a file that had none.
	err := unix.Fremovexattr(fd, accessList)
	if err != nil && !unsupported(err) && !errors.Is(err, unix.ENODATA) {
		return fmt.Errorf("cannot remove inherited access list: %w", err)
	}
	return nil
}
