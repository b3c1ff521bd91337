package root

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// The walk and the kernel's RESOLVE_IN_ROOT lead to the same file, or fail alike, over random trees
// of files, directories and links.
func TestWalkResolvesAsTheKernelDoes(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		growTree(rt, t, dir)
		kernel := open(t, dir)
		if kernel.walks {
			t.Skip("this kernel has no openat2")
		}
		walk := open(t, dir)
		walk.walks = true
		for range 20 {
			path := "/" + drawPath(rt)
			for _, flags := range []int{unix.O_PATH, unix.O_PATH | unix.O_NOFOLLOW, unix.O_RDONLY, unix.O_RDONLY | unix.O_DIRECTORY, unix.O_RDONLY | unix.O_NOFOLLOW} {
				want, wantErr := identity(kernel, path, flags)
				got, gotErr := identity(walk, path, flags)
				if got != want || gotErr != wantErr {
					rt.Fatalf("%s with flags %#x: walk %v %v, kernel %v %v", path, flags, got, gotErr, want, wantErr)
				}
			}
			checkResolved(rt, kernel, path)
		}
	})
}

// checkResolved asks the kernel which path a file has, and whether Resolve says the same.
func checkResolved(t *rapid.T, r *Root, path string) {
	fd, err := r.open(path, unix.O_PATH)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		t.Fatal(err)
	}
	top, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", r.fd))
	if err != nil {
		t.Fatal(err)
	}
	want := "/" + strings.TrimPrefix(strings.TrimPrefix(real, top), "/")
	if got, err := r.Resolve(path); err != nil || got != want {
		t.Fatalf("%s: resolved to %s, %v, want %s", path, got, err, want)
	}
}

func identity(r *Root, path string, flags int) (string, error) {
	fd, err := r.open(path, flags)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%d %o", st.Dev, st.Ino, st.Mode), nil
}

var names = []string{"a", "b", "c", "d"}

func drawPath(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "a", "b", "c", "d", "..", ".", "", "missing"}), 1, 6).Draw(t, "path")
	path := strings.Join(parts, "/")
	return strings.TrimLeft(path, "/")
}

func growTree(rt *rapid.T, t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var grow func(dir string, depth int)
	grow = func(dir string, depth int) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			var err error
			switch kind := rapid.IntRange(0, 7).Draw(rt, "kind"); {
			case kind <= 1 && depth < 3:
				err = os.Mkdir(path, 0o755)
				grow(path, depth+1)
			case kind <= 3:
				err = os.WriteFile(path, nil, 0o644)
			case kind <= 5:
				target := drawPath(rt)
				if rapid.Bool().Draw(rt, "absolute") {
					target = "/" + target
				}
				if target == "" {
					target = "."
				}
				err = os.Symlink(target, path)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	grow(dir, 0)
}

func TestLinksThatLeadOutsideStayInside(t *testing.T) {
	for _, walks := range []bool{false, true} {
		t.Run(fmt.Sprintf("walks=%v", walks), func(t *testing.T) {
			dir := t.TempDir()
			secret := filepath.Join(dir, "secret")
			inside := filepath.Join(dir, "root")
			write(t, secret, "outside")
			write(t, filepath.Join(inside, "etc/passwd"), "inside")
			for link, target := range map[string]string{
				"absolute":  secret,
				"relative":  "../secret",
				"many":      "../../../../../../../../" + secret,
				"directory": dir,
				"magic":     "/proc/self/root" + secret,
			} {
				symlink(t, target, filepath.Join(inside, link))
			}
			symlink(t, "/etc/passwd", filepath.Join(inside, "etc/alias"))
			r := open(t, inside)
			r.walks = r.walks || walks

			for _, path := range []string{"/absolute", "/relative", "/many", "/directory/secret", "/magic", "/../secret", "/etc/../../secret"} {
				if content, err := r.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: read %q, %v", path, content, err)
				}
			}
			if content, err := r.ReadFile("/etc/alias"); err != nil || string(content) != "inside" {
				t.Errorf("got %q, %v", content, err)
			}
			for _, path := range []string{"/absolute", "/relative", "/directory/secret"} {
				if err := r.Replace(path, []byte("overwritten"), mine(0o644)); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
			if content, err := os.ReadFile(secret); err != nil || string(content) != "outside" {
				t.Errorf("the file outside is %q, %v", content, err)
			}
		})
	}
}

func TestResolveFollowsLinksAndNamesWhatIsAbsent(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/usr/lib/os-release", "")
	symlink(t, "usr/lib", dir+"/lib")
	symlink(t, "/lib/os-release", dir+"/release")
	symlink(t, "/dev/null", dir+"/masked")
	symlink(t, "../..", dir+"/usr/lib/up")
	symlink(t, "loop", dir+"/loop")
	symlink(t, "ping", dir+"/pong")
	symlink(t, "pong", dir+"/ping")
	r := open(t, dir)
	for path, want := range map[string]string{
		"/":                       "/",
		"//lib/./os-release":      "/usr/lib/os-release",
		"/release":                "/usr/lib/os-release",
		"/masked":                 "/dev/null",
		"/lib/new.d/x.conf":       "/usr/lib/new.d/x.conf",
		"/lib/up/../../release":   "/usr/lib/os-release",
		"/lib/":                   "/usr/lib",
		"/nowhere/./deep//in":     "/nowhere/deep/in",
		"/usr/lib/up/usr/lib/../": "/usr",
	} {
		if got, err := r.Resolve(path); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
	}
	for path, want := range map[string]error{
		"/loop":                             unix.ELOOP,
		"/ping":                             unix.ELOOP,
		"/ping/x":                           unix.ELOOP,
		"/release/x":                        unix.ENOTDIR,
		"/release/":                         unix.ENOTDIR,
		"/nowhere/../x":                     unix.ENOENT,
		"":                                  unix.ENOENT,
		"/a\x00b":                           unix.EINVAL,
		"/" + strings.Repeat("x/", 2100):    unix.ENAMETOOLONG,
		"/" + strings.Repeat("x", 256) + "": unix.ENAMETOOLONG,
	} {
		if got, err := r.Resolve(path); !errors.Is(err, want) {
			t.Errorf("%.20q: got %s, %v, want %v", path, got, err, want)
		}
	}
	if _, err := r.Resolve("etc/passwd"); err == nil {
		t.Error("a relative path resolved")
	}
}

func TestChainsOfFortyLinksResolveAndLongerOnesDoNot(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/0", "end")
	for i := 1; i <= 41; i++ {
		symlink(t, fmt.Sprint(i-1), fmt.Sprintf("%s/%d", dir, i))
	}
	for _, walks := range []bool{false, true} {
		r := open(t, dir)
		r.walks = r.walks || walks
		if _, err := r.ReadFile("/40"); err != nil {
			t.Errorf("walks=%v: %v", walks, err)
		}
		if _, err := r.ReadFile("/41"); !errors.Is(err, unix.ELOOP) {
			t.Errorf("walks=%v: got %v", walks, err)
		}
	}
}

func open(t *testing.T, dir string) *Root {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// mine is an owner that any user may give.
func mine(mode fs.FileMode) Attr { return Attr{Mode: mode, UID: os.Getuid(), GID: os.Getgid()} }
