//go:build linux

package lab

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// machineFiles are what a shape has beside its own files where it boots on a kernel and a disk of its own: in common,
// and for each shape.
//
//go:embed all:machine
var machineFiles embed.FS

// imageSources are the programs that make an image: part of its recipe.
//
//go:embed image.go base.go shape.go tree.go ubuntu.go azurelinux.go
var imageSources embed.FS

// machinePackages are those of the base, with a whole kernel instead of the cloud's, what boots it, and what makes
// an image a node of its own at the first boot.
func machinePackages() []string {
	packages := slices.DeleteFunc(slices.Clone(basePackages), func(p string) bool { return p == "linux-image-cloud-amd64" })
	return append(packages,
		"cloud-init",
		"grub-pc-bin",
		"grub2-common",
		"initramfs-tools",
		"linux-image-amd64",
		"python3-cffi-backend", // python3-cryptography wants a name that only this provides: debootstrap can't tell
	)
}

// The disk of an image: a whole number of MiB, as Azure wants it, with room to work for a node and no more.
const (
	mib       = 1 << 20
	diskMiB   = 2048
	espMiB    = 64
	rootStart = (1 + espMiB) * mib
	rootLabel = "cloudimg-rootfs"
	sector    = 512
)

// grubModules are what grub needs before it can load others from the disk.
var grubModules = []string{"biosdisk", "part_msdos", "ext2", "normal", "search", "search_label", "linux", "configfile"}

// Image returns the disk image (qcow2) of a virtual machine of the shape, and makes it if absent: it boots by BIOS and
// grub from an MBR disk, and knows no user, host key or machine id until cloud-init finds a disk called cidata. Making
// it takes some minutes and a Debian mirror. Nothing may write to it.
func Image(ctx context.Context, shapeName string, log io.Writer) (string, error) {
	s, err := findShape(shapeName)
	if err != nil {
		return "", err
	}
	if err := AvailableVM(); err != nil {
		return "", err
	}
	if log == nil {
		log = io.Discard
	}
	if err := installPrograms(ctx, slices.Concat(hostPrograms, machinePrograms), log); err != nil {
		return "", err
	}
	base, err := cached(log, "machine-"+machineHash(), func(dir string, log io.Writer) error {
		return buildMachineBase(ctx, dir, log)
	})
	if err != nil {
		return "", err
	}
	hash, err := imageHash()
	if err != nil {
		return "", err
	}
	return cached(log, "image-"+s.name+"-"+hash+".qcow2", func(path string, log io.Writer) error {
		fmt.Fprintf(log, "lab: making the disk image %s\n", path)
		return buildImage(ctx, s, base, path)
	})
}

// AvailableVM says why no virtual machine can be started here, or nil.
func AvailableVM() error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("cannot start a virtual machine: the images are for amd64, not %s", runtime.GOARCH)
	}
	return available(slices.Concat(hostPrograms, machinePrograms))
}

// initramfs says what is in the initial file system: what finds the root on the disks of qemu and Hyper-V, and the disk
// that cloud-init looks for before udev has loaded anything.
var initramfs = map[string]string{
	"etc/initramfs-tools/conf.d/image": "MODULES=list\n",
	"etc/initramfs-tools/modules":      "ext4\nvirtio_pci\nvirtio_blk\nvirtio_scsi\nhv_storvsc\nsd_mod\nata_piix\nsr_mod\nisofs\n",
}

func machineHash() string {
	parts := slices.Concat([]string{baseHash()}, machinePackages())
	for _, path := range slices.Sorted(maps.Keys(initramfs)) {
		parts = append(parts, path, initramfs[path])
	}
	return recipeHash(parts...)
}

// imageHash names an image after all that it is made from.
func imageHash() (string, error) {
	parts := []string{machineHash()}
	for _, files := range []fs.FS{shapeFiles, machineFiles, imageSources} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(files, path)
			parts = append(parts, path, string(data))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return recipeHash(parts...), nil
}

func buildMachineBase(ctx context.Context, dir string, log io.Writer) error {
	if err := buildBase(ctx, dir, machinePackages(), log); err != nil {
		return err
	}
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	for path, data := range initramfs {
		if err := t.write(path, []byte(data), 0o644); err != nil {
			return err
		}
	}
	kernel, err := t.kernel()
	if err != nil {
		return err
	}
	if err := run(ctx, "chroot", dir, "update-initramfs", "-c", "-k", kernel); err != nil {
		return fmt.Errorf("cannot make initial file system: %w", err)
	}
	return nil
}

// kernel is the version of the one kernel in the tree.
func (t *tree) kernel() (string, error) {
	names, err := fs.Glob(t.root.FS(), "usr/lib/modules/*")
	if err != nil || len(names) != 1 {
		return "", fmt.Errorf("cannot tell the kernel: found %q (%w)", names, err)
	}
	return filepath.Base(names[0]), nil
}

// buildImage shapes a copy of the base and puts it on a disk, all in files: nothing is mounted but the copy's layer.
func buildImage(ctx context.Context, s shape, base, path string) (err error) {
	work, err := os.MkdirTemp(filepath.Dir(path), "image-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the image: %w", err)
	}
	defer func() {
		if unmountErr := unmountBelow(work); unmountErr != nil {
			err = errors.Join(err, unmountErr)
			return
		}
		err = errors.Join(err, os.RemoveAll(work))
	}()
	root, err := mountLayer(ctx, base, work)
	if err != nil {
		return err
	}
	t, err := openTree(root)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := s.applyToMachine(t); err != nil {
		return fmt.Errorf("cannot shape the image: %w", err)
	}
	disk := filepath.Join(work, "disk.raw")
	if err := writeDisk(ctx, root, s.grubFolder(), disk); err != nil {
		return err
	}
	return run(ctx, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, path)
}

// applyToMachine turns a copy of the machines' base into the shape. Accounts and their rights are left to cloud-init.
func (s shape) applyToMachine(t *tree) error {
	s.users, s.owners, s.extra = nil, nil, nil
	s.remove = slices.DeleteFunc(slices.Clone(s.remove), func(pattern string) bool {
		return strings.HasPrefix(pattern, "usr/lib/modules/") || strings.HasPrefix(pattern, "boot/")
	})
	kernel, err := t.kernel()
	if err != nil {
		return err
	}
	described, err := fs.Glob(shapeFiles, "shapes/"+s.name+"/usr/lib/modules/*") // another kernel's
	if err != nil {
		return err
	}
	if err := s.apply(t); err != nil {
		return err
	}
	remove := []string{"etc/sudoers.d/90-cloud-init-users", "etc/hostname"}
	for _, path := range described {
		remove = append(remove, "usr/lib/modules/"+filepath.Base(path))
	}
	for _, path := range remove {
		if err := t.remove(path); err != nil {
			return err
		}
	}
	for _, folder := range []string{"common", s.name} {
		files, err := fs.Sub(machineFiles, "machine/"+folder)
		if err != nil {
			return err
		}
		if err := t.copyFS(files); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, l := range []link{
		{"boot/vmlinuz", "vmlinuz-" + kernel},
		{"boot/initrd.img", "initrd.img-" + kernel},
		{"etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "/lib/systemd/system/systemd-networkd.service"},
	} {
		if err := t.link(l.path, l.target); err != nil {
			return err
		}
	}
	if err := t.mkdir("boot/efi", 0o700); err != nil {
		return err
	}
	if err := t.chmod(s.grubFolder()+"/grub.cfg", 0o600); err != nil {
		return err
	}
	// What grub loads later, as grub-install puts it there.
	grub, err := fs.Sub(t.root.FS(), "usr/lib/grub/i386-pc")
	if err != nil {
		return err
	}
	for _, pattern := range []string{"*.mod", "*.lst"} {
		names, err := fs.Glob(grub, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			data, err := fs.ReadFile(grub, name)
			if err != nil {
				return fmt.Errorf("cannot read a module of grub: %w", err)
			}
			if err := t.write(s.grubFolder()+"/i386-pc/"+name, data, 0o644); err != nil {
				return err
			}
		}
	}
	// Empty, not absent: the first boot makes an id, and is not taken for one that applies presets.
	return t.write("etc/machine-id", nil, 0o444)
}

// grubFolder is where the shape has grub.cfg.
func (s shape) grubFolder() string {
	if _, err := fs.Stat(shapeFiles, "shapes/"+s.name+"/boot/grub2"); err == nil {
		return "boot/grub2"
	}
	return "boot/grub"
}

// writeDisk writes an MBR disk with an ESP, which fstab wants, a root of the tree's files, and grub before both.
func writeDisk(ctx context.Context, root, grub, disk string) error {
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		return fmt.Errorf("cannot make disk: %w", err)
	}
	if err := os.Truncate(disk, diskMiB*mib); err != nil {
		return fmt.Errorf("cannot make disk: %w", err)
	}
	table := disk + ".table"
	layout := fmt.Sprintf("label: dos\nstart=1MiB, size=%dMiB, type=ef\nstart=%dMiB, type=83, bootable\n", espMiB, 1+espMiB)
	if err := os.WriteFile(table, []byte(layout), 0o600); err != nil {
		return fmt.Errorf("cannot write partition table: %w", err)
	}
	core := "tmp/core.img" // as the chroot sees it, too
	steps := [][]string{
		slices.Concat([]string{"chroot", root, "grub-mkimage", "--format=i386-pc", "--output=/" + core, "--prefix=(hd0,msdos2)/" + grub}, grubModules),
		{"sh", "-c", `exec sfdisk --quiet "$0" <"$1"`, disk, table},
		{"mkfs.vfat", "-F", "16", "-n", "UEFI", "--offset", fmt.Sprint(mib / sector), disk, fmt.Sprint(espMiB * 1024)},
	}
	for _, argv := range steps {
		if err := run(ctx, argv[0], argv[1:]...); err != nil {
			return err
		}
	}
	if err := writeLoader(disk, filepath.Join(root, "usr/lib/grub/i386-pc/boot.img"), filepath.Join(root, core)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(root, core)); err != nil {
		return fmt.Errorf("cannot remove what grub made: %w", err)
	}
	// Features that this grub can't read are left out.
	return run(ctx, "mke2fs", "-q", "-t", "ext4", "-L", rootLabel, "-O", "^metadata_csum_seed,^orphan_file", "-m", "1",
		"-d", root, "-E", fmt.Sprintf("offset=%d", rootStart), disk, fmt.Sprintf("%dM", diskMiB-rootStart/mib))
}

// writeLoader puts grub's first sector into the MBR, around the partition table, and the rest behind it.
func writeLoader(disk, boot, core string) error {
	const code = 440 // bytes of the MBR that are the loader's
	first, err := os.ReadFile(boot)
	if err != nil {
		return fmt.Errorf("cannot read boot loader: %w", err)
	}
	rest, err := os.ReadFile(core)
	if err != nil {
		return fmt.Errorf("cannot read boot loader: %w", err)
	}
	if len(first) < code || len(rest) > mib-sector {
		return fmt.Errorf("cannot write boot loader: %d and %d bytes are of no use", len(first), len(rest))
	}
	f, err := os.OpenFile(disk, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot write boot loader: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteAt(first[:code], 0); err != nil {
		return fmt.Errorf("cannot write boot loader: %w", err)
	}
	if _, err := f.WriteAt(rest, sector); err != nil {
		return fmt.Errorf("cannot write boot loader: %w", err)
	}
	return f.Close()
}
