package sshd

import (
	"errors"
	"strings"
)

const blank = " \t\r\n"

// cursor is the unread rest of a line; ended is set when nothing, not even an empty token, is left.
type cursor struct {
	rest  string
	ended bool
}

// delim takes the next token as strdelim does: blanks and at most one "=" separate, a double quote
// may open anywhere in a token and its partner ends the token. ok is false at the end and for a quote
// without a partner.
func (c *cursor) delim() (token string, ok bool) {
	if c.ended {
		return "", false
	}
	at := strings.IndexAny(c.rest, blank+`"=`)
	if at < 0 {
		token, c.rest, c.ended = c.rest, "", true
		return token, true
	}
	if c.rest[at] == '"' {
		end := strings.IndexByte(c.rest[at+1:], '"')
		if end < 0 {
			c.rest, c.ended = "", true
			return "", false
		}
		token = c.rest[:at] + c.rest[at+1:at+1+end]
		c.rest = strings.TrimLeft(c.rest[at+2+end:], blank)
		return token, true
	}
	equals := c.rest[at] == '='
	token = c.rest[:at]
	c.rest = strings.TrimLeft(c.rest[at+1:], blank)
	if !equals && strings.HasPrefix(c.rest, "=") {
		c.rest = strings.TrimLeft(c.rest[1:], blank)
	}
	return token, true
}

// delims takes all tokens up to the first empty one. The second result is a token that stands after
// that empty one, where sshd looks for leftovers.
func (c *cursor) delims() (tokens []string, leftover string) {
	for {
		token, ok := c.delim()
		if !ok {
			return tokens, ""
		}
		if token == "" {
			leftover, _ = c.delim()
			return tokens, leftover
		}
		tokens = append(tokens, token)
	}
}

var errQuotes = errors.New("invalid quotes")

// splitArgs splits as argv_split does, which sshd uses since 8.7: single and double quotes, a few
// escapes, and a comment from an unquoted # at the start of a token.
func splitArgs(s string) ([]string, error) {
	var args []string
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			continue
		}
		if s[i] == '#' {
			break
		}
		var arg strings.Builder
		quote := byte(0)
	token:
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case c == '\\':
				if i+1 < len(s) && (s[i+1] == '\'' || s[i+1] == '"' || s[i+1] == '\\' || quote == 0 && s[i+1] == ' ') {
					i++
				}
				arg.WriteByte(s[i])
			case quote == 0 && (c == ' ' || c == '\t'):
				break token
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == quote:
				quote = 0
			default:
				arg.WriteByte(c)
			}
		}
		if quote != 0 {
			return nil, errQuotes
		}
		args = append(args, arg.String())
	}
	return args, nil
}
