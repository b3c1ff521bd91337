package shell

import (
	"strconv"
	"strings"
)

// setMask gives the mask that the argument of umask leads to: an octal number or, as chmod has them,
// changes to what is allowed. ok is false for what the shell refuses, which leaves the mask alone.
// The bits are Unknown where they depend on an unknown mask, or where shells differ.
func setMask(old int, arg string) (bits int, ok bool) {
	if arg == "" {
		return old, false
	}
	if arg[0] >= '0' && arg[0] <= '9' {
		n, err := strconv.ParseUint(arg, 8, 32)
		if err != nil {
			return old, false
		}
		return int(n) & 0o777, true
	}
	allowed, known := 0, 0 // known has a bit for every permission that is certain
	if old != Unknown {
		allowed, known = ^old&0o777, 0o777
	}
	for _, clause := range strings.Split(arg, ",") {
		who := 0
		i := 0
		for ; i < len(clause) && strings.IndexByte("ugoa", clause[i]) >= 0; i++ {
			switch clause[i] {
			case 'u':
				who |= 0o700
			case 'g':
				who |= 0o070
			case 'o':
				who |= 0o007
			case 'a':
				who |= 0o777
			}
		}
		if who == 0 {
			who = 0o777
		}
		if i >= len(clause) {
			return old, false
		}
		op := clause[i]
		if op != '+' && op != '-' && op != '=' {
			return old, false
		}
		perm := 0
		for _, c := range clause[i+1:] {
			switch c {
			case 'r':
				perm |= 0o444
			case 'w':
				perm |= 0o222
			case 'x':
				perm |= 0o111
			default: // copies (g=u), X and second operators: bash refuses what dash takes
				return Unknown, true
			}
		}
		perm &= who
		switch op {
		case '=':
			allowed = allowed&^who | perm
			known |= who
		case '+':
			allowed |= perm
			known |= perm
		case '-':
			allowed &^= perm
			known |= perm
		}
	}
	if known != 0o777 {
		return Unknown, true
	}
	return ^allowed & 0o777, true
}
