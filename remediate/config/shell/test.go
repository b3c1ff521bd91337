package shell

import (
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// test answers test, [ and [[ as far as the files and the known variables tell.
func (e *eval) test(args []field) answer {
	for _, op := range []string{"-o", "-a"} {
		for i := 1; i+1 < len(args); i++ {
			if !args[i].known || args[i].text != op || comparison(args, i) {
				continue
			}
			left, right := e.test(args[:i]), e.test(args[i+1:])
			if op == "-o" {
				return left.invert().and(right.invert()).invert()
			}
			return left.and(right)
		}
	}
	if len(args) > 0 && args[0].known && args[0].text == "!" && len(args) > 1 {
		return e.test(args[1:]).invert()
	}
	switch len(args) {
	case 0:
		return no
	case 1:
		return filled(args[0])
	case 2:
		if !args[0].known {
			return maybe
		}
		return e.unary(args[0].text, args[1])
	case 3:
		return binary(args[0], args[1], args[2])
	}
	return maybe
}

// comparison reports whether the word at i is an operand of = or !=, not an operator.
func comparison(args []field, i int) bool {
	isOp := func(f field) bool { return f.known && (f.text == "=" || f.text == "==" || f.text == "!=") }
	return i > 0 && isOp(args[i-1]) || i+1 < len(args) && isOp(args[i+1])
}

func (a answer) and(b answer) answer {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return maybe
}

func filled(f field) answer {
	switch {
	case !f.known:
		return maybe
	case f.text == "":
		return no
	}
	return yes
}

func binary(a, op, b field) answer {
	if !op.known || !a.known || !b.known {
		return maybe
	}
	same := a.text == b.text
	if b.pattern {
		same = host.Match(b.text, a.text)
	}
	got := maybe
	switch op.text {
	case "=", "==":
		got = truth(same)
	case "!=":
		got = truth(!same)
	case "-eq", "-ne", "-gt", "-ge", "-lt", "-le":
		x, errX := strconv.Atoi(strings.TrimSpace(a.text))
		y, errY := strconv.Atoi(strings.TrimSpace(b.text))
		if errX != nil || errY != nil {
			return no
		}
		switch op.text {
		case "-eq":
			got = truth(x == y)
		case "-ne":
			got = truth(x != y)
		case "-gt":
			got = truth(x > y)
		case "-ge":
			got = truth(x >= y)
		case "-lt":
			got = truth(x < y)
		case "-le":
			got = truth(x <= y)
		}
	}
	return got
}

func truth(b bool) answer {
	if b {
		return yes
	}
	return no
}

func (e *eval) unary(op string, f field) answer {
	switch op {
	case "-n":
		return filled(f)
	case "-z":
		return filled(f).invert()
	case "-e", "-a", "-f", "-r", "-d", "-s", "-x", "-L", "-h":
	default:
		return maybe
	}
	if !f.known || !strings.HasPrefix(f.text, "/") && f.text != "" || f.text == noHome || strings.HasPrefix(f.text, noHome+"/") {
		return maybe
	}
	for _, volatile := range []string{"/dev/", "/proc/", "/sys/", "/run/", "/tmp/", "/var/run/"} {
		if strings.HasPrefix(f.text, volatile) {
			return maybe
		}
	}
	if op == "-L" || op == "-h" {
		return maybe
	}
	info, err := e.files.Stat(f.text)
	if err != nil {
		return no
	}
	switch op {
	case "-f":
		return truth(info.Mode.IsRegular())
	case "-d":
		return truth(info.Mode.IsDir())
	case "-s":
		return truth(info.Size > 0)
	case "-r":
		if info.Mode.Perm()&0o004 == 0 {
			return maybe // it depends on the user
		}
	case "-x":
		switch perm := info.Mode.Perm() & 0o111; {
		case perm == 0:
			return no
		case perm&0o001 == 0:
			return maybe
		}
	}
	return yes
}
