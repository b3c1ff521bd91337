package remote

import (
	"bytes"
	"strings"
	"sync"
)

// capture keeps the first bytes of a stream, up to a limit. Its Write never fails: an error would
// tear down the session that it is fed from. Once closed it takes nothing more, so a command that
// was given up can go on writing without a race.
type capture struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	limit  int
	over   bool
	closed bool
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return len(p), nil
	}
	keep := p
	if room := c.limit - c.buf.Len(); len(keep) > room {
		keep, c.over = keep[:room], true
	}
	c.buf.Write(keep)
	return len(p), nil
}

// close ends the capture and returns what it holds.
func (c *capture) close() (data []byte, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.buf.Bytes(), c.over
}

// liner hands on complete lines as they come, cleaned, and no more than so many. A framed report is
// left out.
type liner struct {
	mu     sync.Mutex
	say    func(string)
	rest   []byte
	lines  int
	frame  bool
	closed bool
}

// mostLines bounds what one run can put into a build's log.
const mostLines = 5000

func (l *liner) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	for !l.closed && len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		p = rest
		if room := 4*longestLine - len(l.rest); len(line) > room {
			line = line[:room]
		}
		l.rest = append(l.rest, line...)
		if whole {
			l.flush()
		}
	}
	return n, nil
}

func (l *liner) flush() {
	line := bytes.TrimRight(l.rest, "\r")
	// A line that is written over itself counts as what it ends with.
	text := Clean(string(line[bytes.LastIndexByte(line, '\r')+1:]))
	l.rest = l.rest[:0]
	switch {
	case strings.HasPrefix(text, "-----BEGIN HARDEN REPORT "):
		l.frame = true
		return
	case strings.HasPrefix(text, "-----END HARDEN REPORT "):
		l.frame = false
		return
	case text == "" || l.frame:
		return
	}
	l.lines++
	switch {
	case l.lines <= mostLines:
		l.say(text)
	case l.lines == mostLines+1:
		l.say("(more lines follow that are not shown)")
	}
}

func (l *liner) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.flush()
		l.closed = true
	}
}
