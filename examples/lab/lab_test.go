//go:build linux

package lab

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestNamesAreValidAndFitALink(t *testing.T) {
	for range 100 {
		if name := newName(); !validName.MatchString(name) || len(name) > 15 {
			t.Fatalf("newName() = %q", name)
		}
	}
	for _, name := range []string{"", "a", "Lab", "-lab", "lab-", "lab/x", "..", "a234567890123456"} {
		if validName.MatchString(name) {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

func TestUnknownShapeNamesTheOthers(t *testing.T) {
	_, err := findShape("plan9")
	if err == nil || !strings.Contains(err.Error(), "ubuntu-22.04, ubuntu-24.04, azurelinux-2.0, azurelinux-3.0") {
		t.Errorf("findShape: %v", err)
	}
}

func TestEveryShapeHasFilesAndEveryFolderAShape(t *testing.T) {
	entries, err := fs.ReadDir(shapeFiles, "shapes")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	want := []string{"common"}
	for _, s := range shapes() {
		want = append(want, s.family, s.name)
	}
	slices.Sort(want)
	if want := slices.Compact(want); !slices.Equal(folders, want) {
		t.Errorf("folders %v, shapes use %v", folders, want)
	}
}

func TestSubnetsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for slot := range 1 << 14 {
		s := subnetAt(slot)
		for _, ip := range []net.IP{s.host, s.node} {
			if !subnetPool.Contains(ip) || seen[ip.String()] {
				t.Fatalf("slot %d: %v", slot, ip)
			}
			seen[ip.String()] = true
		}
	}
}

func TestAFreeSubnetAvoidsWhatIsUsed(t *testing.T) {
	_, low, _ := net.ParseCIDR("10.213.0.0/17")
	s, err := freeSubnet([]*net.IPNet{low}, 5)
	if err != nil || s.host.String() != "10.213.128.1" || s.node.String() != "10.213.128.2" {
		t.Errorf("freeSubnet: %v, %v", s, err)
	}
	_, all, _ := net.ParseCIDR("10.0.0.0/8")
	if s, err := freeSubnet([]*net.IPNet{all}, 0); err == nil {
		t.Errorf("freeSubnet found %v in a used network", s)
	}
}

func TestANodeIsStaleWhenNobodyHoldsItsLock(t *testing.T) {
	dir := t.TempDir()
	held, err := tryLock(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if stale, err := isStale(dir); stale || err != nil {
		t.Errorf("held: isStale = %v, %v", stale, err)
	}
	if _, err := tryLock(filepath.Join(dir, "lock")); !errors.Is(err, errLocked) {
		t.Errorf("second lock: %v", err)
	}
	held.Close()
	if stale, err := isStale(dir); !stale || err != nil {
		t.Errorf("given back: isStale = %v, %v", stale, err)
	}
}

func TestTheBaseIsNamedAfterItsRecipe(t *testing.T) {
	before := baseHash()
	defer func(old []string) { basePackages = old }(basePackages)
	basePackages = append(slices.Clone(basePackages), "hello")
	if baseHash() == before {
		t.Error("another package gives the same hash")
	}
}

func TestTreeEdits(t *testing.T) {
	dir := t.TempDir()
	tr, err := openTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(tr.copyFS(fstest.MapFS{
		"etc/a":            {Data: []byte("one\ntwo\n")},
		"etc/cron.d/x":     {},
		"etc/cron.d/y":     {},
		"usr/lib/issue":    {Data: []byte("hello\n")},
		"etc/issue/in/way": {},
	}))
	check(tr.insert("etc/a", "two", "one and a half\n"))
	check(tr.appendTo("etc/a", "three\n"))
	check(tr.chmod("etc/a", 0o600))
	check(tr.appendTo("etc/a", "four\n"))
	check(tr.remove("etc/cron.d/*"))
	check(tr.remove("etc/absent"))
	check(tr.link("etc/issue", "../usr/lib/issue"))
	check(tr.mkdir("etc/cron.d", 0o700))

	if data, _ := os.ReadFile(filepath.Join(dir, "etc/a")); string(data) != "one\none and a half\ntwo\nthree\nfour\n" {
		t.Errorf("etc/a: %q", data)
	}
	if info, _ := os.Stat(filepath.Join(dir, "etc/a")); info.Mode() != 0o600 {
		t.Errorf("etc/a: %v", info.Mode())
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "etc/issue")); string(data) != "hello\n" {
		t.Errorf("etc/issue: %q", data)
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, "etc/cron.d")); len(entries) != 0 {
		t.Errorf("etc/cron.d: %v", entries)
	}
	if err := tr.insert("etc/a", "nine", "x"); err == nil {
		t.Error("insert before a line that is not there succeeded")
	}
	// Writing over a link replaces the link, not what it points to.
	check(tr.write("etc/issue", []byte("new\n"), 0o644))
	if data, _ := os.ReadFile(filepath.Join(dir, "usr/lib/issue")); string(data) != "hello\n" {
		t.Errorf("usr/lib/issue: %q", data)
	}
}

func TestATreeStaysInside(t *testing.T) {
	outside := t.TempDir()
	dir := t.TempDir()
	tr, err := openTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if err := tr.link("etc", outside); err != nil {
		t.Fatal(err)
	}
	if err := tr.write("etc/passwd", nil, 0o644); err == nil {
		t.Error("wrote through a link that leads outside")
	}
}

func TestARecipeOfRPMPackagesChangesTheBase(t *testing.T) {
	before := baseHash()
	stub := &rpmPackages[0].packages[0]
	defer func(old string) { stub.version = old }(stub.version)
	stub.version += ".1"
	if baseHash() == before {
		t.Error("another version of a stub gives the same hash")
	}
}

func TestEveryAccountIsAsOldAsTheNode(t *testing.T) {
	tr, err := openTree(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if err := tr.write("etc/shadow", []byte("root:*:19000:0:99999:7:::\neve:$y$x:19000:0:99999:7:::\nodd\n"), 0); err != nil {
		t.Fatal(err)
	}
	if err := dateAccounts(tr, time.Date(1970, 1, 3, 23, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	want := "root:*:2:0:99999:7:::\neve:$y$x:2:0:99999:7:::\nodd\n"
	if shadow, err := tr.root.ReadFile("etc/shadow"); err != nil || string(shadow) != want {
		t.Errorf("shadow: %q, %v, want %q", shadow, err, want)
	}
}

func TestAUserIsAppended(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	tr, err := openTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	base := fstest.MapFS{"etc/skel/.profile": {}}
	for _, name := range []string{"passwd", "shadow", "group", "gshadow"} {
		base["etc/"+name] = &fstest.MapFile{Data: []byte("root:x\n")}
	}
	if err := tr.copyFS(base); err != nil {
		t.Fatal(err)
	}
	if err := addUser(tr, user{name: "eve", uid: 1234, hash: "!", shell: "/bin/sh", homeMode: 0o750}); err != nil {
		t.Fatal(err)
	}
	passwd, _ := os.ReadFile(filepath.Join(dir, "etc/passwd"))
	if want := "root:x\neve:x:1234:1234::/home/eve:/bin/sh\n"; string(passwd) != want {
		t.Errorf("passwd: %q, want %q", passwd, want)
	}
	if info, err := os.Stat(filepath.Join(dir, "home/eve/.profile")); err != nil || info.Mode() != 0o644 {
		t.Errorf("home/eve/.profile: %v, %v", info, err)
	}
}
