package sshd

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// read turns the arguments of a statement into values in the spelling of sshd -T. raw is the line
// after the keyword, for the forms that take it as it is. An error is one that keeps sshd from starting.
func (k *keyword) read(args []string, raw string, algorithms func(id string) algorithmSet) ([]string, error) {
	switch k.form {
	case formList, formUsers, formEnvNames, formEnvValues, formMethods, formForwards, formKeyOptions:
		return k.readMany(args)
	case formCommand, formRest:
		return k.readRest(raw)
	case formSubsystem:
		if len(args) < 2 {
			return nil, errors.New("subsystem needs a name and a command")
		}
		return []string{strings.Join(args, " ")}, nil
	case formIPQoS, formRekey, formListen:
		return k.readFew(args)
	}
	if len(args) == 0 || args[0] == "" {
		return nil, errors.New("value is missing")
	}
	if len(args) > 1 {
		return nil, fmt.Errorf("extra arguments after %q", args[0])
	}
	value, err := k.readOne(args[0], algorithms)
	if err != nil {
		return nil, err
	}
	return []string{value}, nil
}

func (k *keyword) readOne(arg string, algorithms func(id string) algorithmSet) (string, error) {
	switch k.form {
	case formFlag:
		return word([]string{"yes", "no"}, arg)
	case formWord, formLog:
		return word(k.words, arg)
	case formInt:
		return number(arg)
	case formLimitOrNone:
		if arg == "none" {
			return arg, nil
		}
		return number(arg)
	case formTimeOrNone:
		if strings.EqualFold(arg, "none") {
			return "none", nil
		}
		fallthrough
	case formTime:
		seconds, err := Seconds(arg)
		if err != nil {
			return "", err
		}
		if seconds == 0 && k.form == formTimeOrNone {
			return "none", nil
		}
		return strconv.Itoa(seconds), nil
	case formPath:
		switch {
		case strings.EqualFold(arg, "none"):
			return "none", nil
		case arg[0] == '/', arg[0] == '~', arg == "internal", arg == "SSH_AUTH_SOCK":
			return arg, nil
		}
		// Relative to the working directory of the server, which is /. The doubled slash is sshd's.
		return "//" + arg, nil
	case formArg:
		if strings.EqualFold(arg, "none") {
			return "none", nil
		}
		return arg, nil
	case formAlgorithms:
		patterns := k.id() != "ciphers" && k.id() != "macs" && k.id() != "kexalgorithms"
		set := algorithms(k.id())
		if !set.valid(arg, patterns) || arg[0] != '-' && len(set.assemble(arg)) == 0 {
			return "", fmt.Errorf("algorithm list %q holds a name that this server does not know", arg)
		}
		return arg, nil
	case formUserEnv:
		return arg, nil
	case formStartups:
		s, err := ParseStartups(arg)
		if err != nil {
			return "", err
		}
		return s.written, nil
	case formOctal:
		digits := strings.TrimLeft(arg, "0")
		n := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '7' })
		if n == 0 && digits == arg {
			return "", fmt.Errorf("%q is not an octal mask", arg)
		}
		if n >= 0 {
			digits = digits[:n]
		}
		v, err := strconv.ParseUint("0"+digits, 8, 32)
		if err != nil || v > 0o777 {
			return "", fmt.Errorf("%q is not an octal mask up to 0777", arg)
		}
		return fmt.Sprintf("0%o", v), nil
	case formNetBlocks:
		return netBlocks(arg)
	case formPort:
		n, err := strconv.ParseUint(arg, 10, 16)
		if err != nil || n == 0 {
			return "", fmt.Errorf("%q is not a port number", arg)
		}
		return strconv.FormatUint(n, 10), nil
	}
	return arg, nil
}

func (k *keyword) readMany(args []string) ([]string, error) {
	for i, a := range args {
		switch {
		case a == "":
			return nil, errors.New("argument is empty")
		case k.form == formUsers && !validUserPattern(a):
			return nil, fmt.Errorf("user pattern %q holds an impossible network", a)
		case k.form == formEnvNames && strings.Contains(a, "="):
			return nil, fmt.Errorf("%q is not the name of an environment variable", a)
		case k.form == formEnvValues && !strings.Contains(a, "="):
			return nil, fmt.Errorf("%q is not NAME=VALUE", a)
		case k.form == formMethods && a == "any" && len(args) > 1:
			return nil, errors.New(`"any" must stand alone`)
		case k.form == formMethods && a != "any" && !validMethods(a):
			return nil, fmt.Errorf("%q holds an unknown authentication method", a)
		case k.form == formKeyOptions && !slices.Contains([]string{"none", "touch-required", "verify-required"}, strings.ToLower(a)):
			return nil, fmt.Errorf("unknown option %q", a)
		case strings.EqualFold(a, "none") && (k.id() == "logverbose" || k.id() == "channeltimeout") && (i > 0 || len(args) > 1):
			return nil, errors.New(`"none" must stand alone`)
		case k.id() == "channeltimeout" && !strings.EqualFold(a, "none") && !validTimeout(a):
			return nil, fmt.Errorf("%q is not CHANNEL=TIME", a)
		}
	}
	switch k.form {
	case formMethods:
		if len(args) == 0 {
			return nil, errors.New("no authentication method is given")
		}
	case formKeyOptions:
		var out []string
		for _, o := range []string{"touch-required", "verify-required"} {
			if slices.ContainsFunc(args, func(a string) bool { return strings.EqualFold(a, o) }) {
				out = append(out, o)
			}
		}
		if len(out) == 0 {
			return []string{"none"}, nil
		}
		return out, nil
	case formForwards:
		return k.readForwards(args)
	case formEnvValues:
		return firstOfEach(args), nil
	case formList:
		if k.id() == "channeltimeout" && len(args) == 1 && strings.EqualFold(args[0], "none") {
			return []string{"none"}, nil
		}
	}
	return args, nil
}

// firstOfEach drops later values of the same variable.
func firstOfEach(values []string) []string {
	var out, names []string
	for _, v := range values {
		name, _, _ := strings.Cut(v, "=")
		if !slices.Contains(names, name) {
			names = append(names, name)
			out = append(out, v)
		}
	}
	return out
}

func (k *keyword) readForwards(args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, errors.New("value is missing")
	}
	if args[0] == "any" || args[0] == "none" {
		if len(args) > 1 {
			return nil, fmt.Errorf("extra arguments after %q", args[0])
		}
		return args, nil
	}
	out := make([]string, 0, len(args))
	for _, a := range args {
		host, port := "*", a
		if at := strings.LastIndexByte(a, ':'); at >= 0 {
			host, port = a[:at], a[at+1:]
		} else if k.id() == "permitopen" {
			return nil, fmt.Errorf("%q is not HOST:PORT", a)
		} else {
			a = "*:" + a
		}
		if host == "" && k.id() == "permitopen" {
			return nil, fmt.Errorf("%q lacks a host", a)
		}
		if n, err := strconv.ParseUint(port, 10, 16); port != "*" && (err != nil || n == 0) {
			return nil, fmt.Errorf("%q has no valid port", a)
		}
		out = append(out, a)
	}
	return out, nil
}

func (k *keyword) readRest(raw string) ([]string, error) {
	raw = strings.TrimLeft(raw, blank)
	if k.form == formCommand && !strings.HasPrefix(raw, "/") && !strings.EqualFold(raw, "none") {
		return nil, fmt.Errorf("%q is not an absolute path", raw)
	}
	if raw == "" {
		return nil, errors.New("value is missing")
	}
	if strings.EqualFold(raw, "none") {
		return []string{"none"}, nil
	}
	return []string{raw}, nil
}

func (k *keyword) readFew(args []string) ([]string, error) {
	if len(args) == 0 || args[0] == "" {
		return nil, errors.New("value is missing")
	}
	switch k.form {
	case formIPQoS:
		if len(args) > 2 {
			return nil, fmt.Errorf("extra arguments after %q", args[1])
		}
		first, ok := ipqos(args[0])
		second := first
		if ok && len(args) == 2 {
			second, ok = ipqos(args[1])
		}
		if !ok {
			return nil, fmt.Errorf("%q is not a class of service", strings.Join(args, " "))
		}
		return []string{first, second}, nil
	case formRekey:
		return rekey(args)
	}
	// ListenAddress: address, and perhaps "rdomain" with a name.
	if len(args) != 1 && (len(args) != 3 || args[1] != "rdomain") {
		return nil, fmt.Errorf("%q is not an address", strings.Join(args, " "))
	}
	if _, port, ok := hostPort(args[0]); !ok || port < 0 {
		return nil, fmt.Errorf("%q is not an address and port", args[0])
	}
	return []string{strings.Join(args, " ")}, nil
}

// hostPort splits the argument of ListenAddress; port is 0 when none is given and -1 for a bad one.
func hostPort(text string) (name string, port int, ok bool) {
	if !strings.Contains(text, "[") && strings.Count(text, ":") > 1 {
		return text, 0, true
	}
	rest := ""
	if inner, found := strings.CutPrefix(text, "["); found {
		if name, rest, found = strings.Cut(inner, "]"); !found {
			return "", 0, false
		}
		if rest == "" {
			return name, 0, true
		}
		if rest[0] != ':' {
			return "", 0, false
		}
		rest = rest[1:]
	} else {
		var withPort bool
		if name, rest, withPort = strings.Cut(text, ":"); !withPort {
			return name, 0, true
		}
	}
	n, err := strconv.ParseUint(rest, 10, 16)
	if err != nil || n == 0 {
		return name, -1, true
	}
	return name, int(n), true
}

// word finds arg in a list of "word" or "word=canonical".
func word(words []string, arg string) (string, error) {
	for _, w := range words {
		name, canonical, aliased := strings.Cut(w, "=")
		if !strings.EqualFold(name, arg) {
			continue
		}
		if aliased {
			return canonical, nil
		}
		return name, nil
	}
	return "", fmt.Errorf("%q is not a value of this keyword", arg)
}

// number reads what strtonum takes between 0 and the largest int.
func number(arg string) (string, error) {
	n, err := strconv.ParseInt(strings.TrimLeft(arg, " \t\n\v\f\r"), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt32 || strings.Contains(arg, "_") {
		return "", fmt.Errorf("%q is not a number from 0 to %d", arg, math.MaxInt32)
	}
	return strconv.FormatInt(n, 10), nil
}

// Seconds reads a time span of sshd_config(5): "90", "1m30s", "2h", in seconds. A span of zero is
// zero; what it means is the keyword's affair.
func Seconds(text string) (int, error) {
	bad := fmt.Errorf("%q is not a time span", text)
	if text == "" {
		return 0, bad
	}
	total := int64(0)
	for rest := text; rest != ""; {
		rest = strings.TrimLeft(rest, " \t\n\v\f\r")
		digits := 0
		rest = strings.TrimPrefix(rest, "+")
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, bad
		}
		rest = rest[digits:]
		unit := int64(1)
		if rest != "" {
			switch rest[0] {
			case 's', 'S':
			case 'm', 'M':
				unit = 60
			case 'h', 'H':
				unit = 60 * 60
			case 'd', 'D':
				unit = 24 * 60 * 60
			case 'w', 'W':
				unit = 7 * 24 * 60 * 60
			default:
				return 0, bad
			}
			rest = rest[1:]
		}
		if n > math.MaxInt32/unit || total > math.MaxInt32-n*unit {
			return 0, bad
		}
		total += n * unit
	}
	return int(total), nil
}

// Startups is a value of MaxStartups: from Begin unauthenticated connections on, Rate percent of new
// ones are refused, rising to all of them at Full.
type Startups struct {
	Begin, Rate, Full int

	written string
}

func (s Startups) String() string { return fmt.Sprintf("%d:%d:%d", s.Begin, s.Rate, s.Full) }

// ParseStartups reads "begin:rate:full" or a single number, which leaves Rate as it stood (0 here).
func ParseStartups(text string) (Startups, error) {
	bad := fmt.Errorf("%q is not begin:rate:full", text)
	var n []int
	rest := text
	for len(n) < 3 {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		v, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil {
			break
		}
		n = append(n, int(v))
		rest = rest[digits:]
		if !strings.HasPrefix(rest, ":") {
			break
		}
		rest = rest[1:]
	}
	var s Startups
	switch len(n) {
	case 1:
		s = Startups{Begin: n[0], Full: n[0], written: strconv.Itoa(n[0])}
	case 3:
		s = Startups{Begin: n[0], Rate: n[1], Full: n[2]}
		s.written = s.String()
		if s.Begin > s.Full || s.Rate > 100 || s.Rate < 1 {
			return Startups{}, bad
		}
	default:
		return Startups{}, bad
	}
	if s.Begin <= 0 || s.Full <= 0 {
		return Startups{}, bad
	}
	return s, nil
}

func netBlocks(arg string) (string, error) {
	four, six, both := strings.Cut(arg, ":")
	a, err := strconv.Atoi(four)
	if err != nil || a < 0 || a > 32 {
		return "", fmt.Errorf("%q is not a pair of prefix lengths", arg)
	}
	if !both {
		return strconv.Itoa(a), nil
	}
	b, err := strconv.Atoi(six)
	if err != nil || b < 0 || b > 128 {
		return "", fmt.Errorf("%q is not a pair of prefix lengths", arg)
	}
	return fmt.Sprintf("%d:%d", a, b), nil
}

func validTimeout(text string) bool {
	name, span, found := strings.Cut(text, "=")
	_, err := Seconds(span)
	return found && name != "" && err == nil
}

func validMethods(chain string) bool {
	for method := range strings.SplitSeq(chain, ",") {
		name, _, _ := strings.Cut(method, ":")
		if !slices.Contains([]string{"none", "publickey", "password", "keyboard-interactive", "hostbased",
			"gssapi-with-mic", "gssapi-keyex"}, name) {
			return false
		}
	}
	return true
}

// ipqos reads a class of service by name or number and gives its name, or its number where it has none.
func ipqos(text string) (string, bool) {
	classes := []struct {
		name  string
		value int64
	}{
		{"none", math.MaxInt32}, {"af11", 0x28}, {"af12", 0x30}, {"af13", 0x38}, {"af21", 0x48}, {"af22", 0x50},
		{"af23", 0x58}, {"af31", 0x68}, {"af32", 0x70}, {"af33", 0x78}, {"af41", 0x88}, {"af42", 0x90},
		{"af43", 0x98}, {"cs0", 0}, {"cs1", 0x20}, {"cs2", 0x40}, {"cs3", 0x60}, {"cs4", 0x80}, {"cs5", 0xa0},
		{"cs6", 0xc0}, {"cs7", 0xe0}, {"ef", 0xb8}, {"le", 0x04}, {"lowdelay", 0x10}, {"throughput", 0x08},
		{"reliability", 0x04},
	}
	value := int64(-1)
	for _, c := range classes {
		if strings.EqualFold(c.name, text) {
			value = c.value
			break
		}
	}
	if value < 0 {
		n, err := strconv.ParseInt(text, 0, 32)
		if err != nil || n < 0 || n > 255 {
			return "", false
		}
		value = n
	}
	for _, c := range classes {
		if c.value == value {
			return c.name, true
		}
	}
	return fmt.Sprintf("0x%02x", value), true
}

// rekey gives the bytes and, when one is set, the seconds of RekeyLimit. An interval of none leaves
// the interval for a later line to set.
func rekey(args []string) ([]string, error) {
	if len(args) > 2 {
		return nil, fmt.Errorf("extra arguments after %q", args[1])
	}
	size := int64(0)
	if args[0] != "default" {
		text := strings.ToUpper(args[0])
		scale := int64(1)
		if len(text) > 0 {
			if at := strings.IndexByte("BKMGTPE", text[len(text)-1]); at >= 0 {
				scale <<= 10 * at
				text = text[:len(text)-1]
			}
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/scale {
			return nil, fmt.Errorf("%q is not a number of bytes", args[0])
		}
		size = n * scale
		if size != 0 && size < 16 {
			return nil, fmt.Errorf("%q is too small", args[0])
		}
	}
	out := []string{strconv.FormatInt(size, 10)}
	if len(args) == 2 && args[1] != "none" {
		seconds, err := Seconds(args[1])
		if err != nil {
			return nil, err
		}
		out = append(out, strconv.Itoa(seconds))
	}
	return out, nil
}
