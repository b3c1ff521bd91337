package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A frame carries one report through a stream that may hold other lines as well: the output of a
// remote process, where whatever that process runs prints too, and where a terminal may have turned
// every line end into \r\n. It is the report in base64 between two lines that name it:
//
//	-----BEGIN HARDEN REPORT apply 0f3c...-----
//	eyJzY2hlbWEi...
//	-----END HARDEN REPORT apply 0f3c... sha256:9f86...-----
//
// The nonce, which the reader chose, keeps other lines from passing for a frame, and the digest is
// over the report itself, so that a frame that lost a line is refused.
const (
	frameBegin = "-----BEGIN HARDEN REPORT "
	frameEnd   = "-----END HARDEN REPORT "
	frameTail  = "-----"

	frameColumns = 76
	// longestFrameLine bounds what is kept of a line: a frame's own lines are much shorter.
	longestFrameLine = 1024
)

// WriteFrame writes data as the frame of that name.
func WriteFrame(w io.Writer, name, nonce string, data []byte) error {
	if !frameWord(name) || !frameWord(nonce) {
		return fmt.Errorf("cannot frame a report: its name %q and nonce %q must be letters, digits, dots and dashes", name, nonce)
	}
	sum := sha256.Sum256(data)
	text := base64.StdEncoding.EncodeToString(data)

	// The empty line first: what was printed before may have left its line unfinished.
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s%s %s%s\n", frameBegin, name, nonce, frameTail)
	for len(text) > 0 {
		n := min(frameColumns, len(text))
		b.WriteString(text[:n])
		b.WriteByte('\n')
		text = text[n:]
	}
	fmt.Fprintf(&b, "%s%s %s sha256:%s%s\n", frameEnd, name, nonce, hex.EncodeToString(sum[:]), frameTail)
	_, err := io.WriteString(w, b.String())
	return err
}

// ReadFrames returns the data of every frame that carries the nonce, by name. Lines outside of
// frames and frames with another nonce are passed over. A frame that is cut off, damaged or there
// twice is an error, and so is more than limit bytes of data in all.
func ReadFrames(r io.Reader, nonce string, limit int64) (map[string][]byte, error) {
	if !frameWord(nonce) {
		return nil, fmt.Errorf("cannot read framed reports: the nonce %q is not made of letters, digits, dots and dashes", nonce)
	}
	frames := map[string][]byte{}
	lines := bufio.NewReaderSize(r, longestFrameLine)
	var name string
	var text strings.Builder
	open := false
	left := limit

	for {
		line, long, err := frameLine(lines)
		if errors.Is(err, io.EOF) {
			if open {
				return nil, fmt.Errorf("the report %q is cut off", name)
			}
			return frames, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read framed reports: %w", err)
		}

		if begun, ok := frameHead(line, nonce); ok && !long {
			if open {
				return nil, fmt.Errorf("the report %q is cut off by the report %q", name, begun)
			}
			if _, again := frames[begun]; again {
				return nil, fmt.Errorf("the report %q is there twice", begun)
			}
			open, name = true, begun
			text.Reset()
			continue
		}
		if !open {
			continue
		}
		if digest, ok := frameFoot(line, name, nonce); ok && !long {
			data, err := base64.StdEncoding.DecodeString(text.String())
			if err != nil {
				return nil, fmt.Errorf("the report %q is damaged: %w", name, err)
			}
			sum := sha256.Sum256(data)
			if digest != hex.EncodeToString(sum[:]) {
				return nil, fmt.Errorf("the report %q is damaged: its sha256 is %x and should be %s", name, sum, digest)
			}
			if left -= int64(len(data)); left < 0 {
				return nil, fmt.Errorf("the report %q is larger than the %d bytes that are allowed", name, limit)
			}
			frames[name], open = data, false
			continue
		}
		// A progress line of a process that shares the terminal may fall between two lines of base64.
		// It is dropped here; were it to look like base64, the digest would tell.
		if long || !base64Line(line) {
			continue
		}
		text.WriteString(line)
		// Base64 rounds up to three bytes; the exact size is known once it is decoded.
		if int64(base64.StdEncoding.DecodedLen(text.Len())) > left+2 {
			return nil, fmt.Errorf("the report %q is larger than the %d bytes that are allowed", name, limit)
		}
	}
}

// frameLine reads a line without its line end. Of a line that is longer than any of a frame only the
// start is kept.
func frameLine(r *bufio.Reader) (line string, long bool, err error) {
	part, err := r.ReadSlice('\n')
	line = string(part)
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), long, err
}

func frameHead(line, nonce string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(line, frameBegin)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(rest, " "+nonce+frameTail)
	return name, ok && frameWord(name)
}

func frameFoot(line, name, nonce string) (digest string, ok bool) {
	rest, ok := strings.CutPrefix(line, frameEnd+name+" "+nonce+" sha256:")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, frameTail)
}

// frameWord holds for what may stand in a frame's head.
func frameWord(s string) bool {
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

func base64Line(s string) bool {
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
