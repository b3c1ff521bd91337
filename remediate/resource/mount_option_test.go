package resource

import (
	"slices"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const shm = `mount_option "/dev/shm" { options = ["nodev", "nosuid", "noexec"] }`

func TestMountOptionRefusesWhatMakesNoSense(t *testing.T) {
	for _, src := range []string{`mount_option "tmp" { options = ["nodev"] }`, `mount_option "/tmp" { options = [] }`, `mount_option "/tmp" { options = ["a b"] }`, `mount_option "/tmp" { options = ["a,b"] }`} {
		if _, err := parseBlock(t, mountOptionKind(), src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}

func TestMountOptionOfAPathThatIsNoMount(t *testing.T) {
	f := hosttest.Tree(t, "")
	r := mustBlock(t, mountOptionKind(), `mount_option "/home" { options = ["nodev"] }`)
	if o := observe(t, f, r); o.NotApplicable == "" {
		t.Errorf("got %+v", o)
	}
	f.State = &hosttest.State{MountList: []host.Mount{{Path: "/home", Type: "ext4", Options: []string{"rw", "nodev"}}}}
	if o := observe(t, f, r); o.NotObservable == "" {
		t.Errorf("mounted by nobody knows what: got %+v", o)
	}
}

func TestMountOptionChangesWhatIsMountedNow(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/fstab", "tmpfs /dev/shm tmpfs nodev,nosuid,noexec 0 0\n")
	f.State = &hosttest.State{MountList: []host.Mount{{Path: "/dev/shm", Type: "tmpfs", Options: []string{"rw", "nosuid", "nodev"}}}}
	r := mustBlock(t, mountOptionKind(), shm)
	d := r.Diff(observe(t, f, r))
	if len(d) != 1 || d[0].Scope() != rule.Running {
		t.Fatalf("got %v", d)
	}
	settle(t, f, r)
	if !slices.Contains(f.State.MountList[0].Options, "noexec") {
		t.Errorf("got %v", f.State.MountList[0].Options)
	}
}

func TestMountOptionCorrectsTheAdministratorsUnitWhereItStands(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/system/tmp.mount", "[Mount]\nWhat=tmpfs\nOptions=mode=1777,\\\n  exec\n[Install]\nWantedBy=local-fs.target\n")
	f.Link("/etc/systemd/system/local-fs.target.wants/tmp.mount", "../tmp.mount")
	settle(t, f, mustBlock(t, mountOptionKind(), `mount_option "/tmp" { options = ["noexec"] }`))
}

func TestMountOptionIsBeatenByALaterDropInOfAPackage(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/fstab", "tmpfs /tmp tmpfs defaults 0 0\n")
	f.Write("/usr/lib/systemd/system/tmp.mount.d/90-vendor.conf", "[Mount]\nOptions=rw\n")
	r := mustBlock(t, mountOptionKind(), `mount_option "/tmp" { options = ["noexec"] }`)
	if _, ok := r.Diff(observe(t, f, r))[0].(rule.Unfixable); !ok {
		t.Error("a drop-in that has no effect is planned")
	}
}
