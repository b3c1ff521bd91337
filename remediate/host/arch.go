package host

import (
	"bytes"
	"debug/elf"
)

// binaryArch finds the architecture of a root from a program that every system has, as GOARCH names
// it; "unknown" where none tells.
func binaryArch(files Files) string {
	for _, path := range []string{"/usr/lib/systemd/systemd", "/usr/bin/true", "/bin/sh"} {
		content, err := files.ReadFile(path)
		if err != nil {
			continue
		}
		program, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			continue
		}
		if arch := goarch(program.FileHeader); arch != "" {
			return arch
		}
	}
	return "unknown"
}

func goarch(h elf.FileHeader) string {
	little := h.ByteOrder.String() == "LittleEndian"
	switch h.Machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_386:
		return "386"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_S390:
		return "s390x"
	case elf.EM_PPC64:
		if little {
			return "ppc64le"
		}
		return "ppc64"
	case elf.EM_LOONGARCH:
		return "loong64"
	}
	return ""
}
