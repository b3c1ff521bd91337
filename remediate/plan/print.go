package plan

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Action says in words what a step does.
func (s Step) Action() string {
	switch c := s.Change.(type) {
	case nil:
		switch {
		case s.Write.OverLink:
			return "put a file in the place of the link"
		case s.Write.Existed:
			return "edit file"
		}
		return "create file"
	case rule.SetAttr:
		return "set " + attrs(c)
	case rule.RemoveFile:
		return "remove file"
	case rule.InstallPackage:
		return "install packages"
	case rule.RemovePackage:
		if len(c.Along) > 0 {
			return "remove packages, and with them " + strings.Join(c.Along, ", ")
		}
		return "remove packages"
	case rule.ChangeUnit:
		return string(c.Action) + " unit"
	case rule.SetSysctl:
		return "set running value to " + c.Value
	case rule.UnloadModule:
		return "unload module"
	case rule.Remount:
		return "remount with " + strings.Join(c.Options, ",")
	}
	return fmt.Sprintf("%T", s.Change)
}

func attrs(c rule.SetAttr) string {
	var parts []string
	if c.UID != nil {
		parts = append(parts, fmt.Sprintf("owner %d", *c.UID))
	}
	if c.GID != nil {
		parts = append(parts, fmt.Sprintf("group %d", *c.GID))
	}
	if c.Mode != nil {
		parts = append(parts, fmt.Sprintf("mode %04o", rule.Octal(*c.Mode)))
	}
	return strings.Join(parts, ", ")
}

// Diff is the unified diff of a step that writes a file, and empty for others and for secrets.
func (s Step) Diff() string {
	if s.Write == nil || s.Write.Secret {
		return ""
	}
	from, to := "a"+s.Target, "b"+s.Target
	if !s.Write.Existed {
		from = "/dev/null"
	}
	return udiff.Unified(from, to, string(s.Write.Before), string(s.Write.After))
}
