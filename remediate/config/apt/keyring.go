package apt

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the fingerprint of an OpenPGP key is defined as this digest
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Key is a public key of a keyring.
type Key struct {
	Fingerprint string // 40 hexadecimal digits in capitals
	User        string // of the first user id
}

// Keys lists the primary keys of a keyring, binary or armoured, from the packets of RFC 4880 (version 4
// keys; others are left out).
func Keys(content []byte) ([]Key, error) {
	if block, ok := dearmour(content); ok {
		content = block
	}
	var keys []Key
	for len(content) > 0 {
		tag, body, rest, err := packet(content)
		if err != nil {
			return keys, err
		}
		content = rest
		switch {
		case tag == 6 && len(body) > 0 && body[0] == 4:
			h := sha1.New() //nolint:gosec // see above
			h.Write([]byte{0x99, byte(len(body) >> 8), byte(len(body))})
			h.Write(body)
			keys = append(keys, Key{Fingerprint: strings.ToUpper(hex.EncodeToString(h.Sum(nil)))})
		case tag == 13 && len(keys) > 0 && keys[len(keys)-1].User == "":
			keys[len(keys)-1].User = strings.ToValidUTF8(string(body), "?")
		}
	}
	return keys, nil
}

var errKeyring = errors.New("not an OpenPGP keyring")

// packet takes the first packet off.
func packet(b []byte) (tag int, body, rest []byte, err error) {
	if b[0]&0x80 == 0 {
		return 0, nil, nil, errKeyring
	}
	size, head := 0, 0
	if b[0]&0x40 != 0 { // the new form
		tag = int(b[0] & 0x3f)
		switch {
		case len(b) >= 2 && b[1] < 192:
			size, head = int(b[1]), 2
		case len(b) >= 3 && b[1] < 224:
			size, head = (int(b[1])-192)<<8+int(b[2])+192, 3
		case len(b) >= 6 && b[1] == 255:
			size, head = int(b[2])<<24|int(b[3])<<16|int(b[4])<<8|int(b[5]), 6
		default:
			return 0, nil, nil, errKeyring
		}
	} else {
		tag = int(b[0]>>2) & 0xf
		octets := 1 << (b[0] & 3)
		if octets > 4 || len(b) < 1+octets {
			return 0, nil, nil, errKeyring
		}
		for _, c := range b[1 : 1+octets] {
			size = size<<8 | int(c)
		}
		head = 1 + octets
	}
	if size > len(b)-head {
		return 0, nil, nil, errKeyring
	}
	return tag, b[head : head+size], b[head+size:], nil
}

// dearmour gives the bytes of the ASCII form: base64 after the header lines, up to the checksum.
func dearmour(content []byte) ([]byte, bool) {
	const begin, end = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"
	start := bytes.Index(content, []byte(begin))
	if start < 0 {
		return nil, false
	}
	text, _, _ := strings.Cut(string(content[start+len(begin):]), end)
	var b strings.Builder
	body := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case i == 0:
		case !body && (line == "" || line == "."): // a stanza writes an empty line as a dot
			body = true
		case !body && strings.Contains(line, ":"):
		case strings.HasPrefix(line, "="):
			body = false
		default:
			body = true
			b.WriteString(line)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(b.String())
	return raw, err == nil
}
