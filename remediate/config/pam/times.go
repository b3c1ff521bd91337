package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// TimeFile is what pam_time reads unless its line names another file.
const TimeFile = "/etc/security/time.conf"

// Times gives the first line of time.conf that refuses a visitor at some moment: at when, or with the
// zero time at any moment of the week. Every line that is about a service, a terminal and a user has
// to allow the moment.
func Times(files host.Files, h Handler, service, terminal string, v Visitor, when time.Time) (refusal AccessRule, ok bool, err error) {
	path := TimeFile
	for _, arg := range h.Args {
		if file, found := strings.CutPrefix(arg, "conffile="); found {
			path = file
		}
	}
	content, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return AccessRule{}, true, nil
	}
	if err != nil {
		return AccessRule{}, false, fmt.Errorf("cannot read %s: %w", path, err)
	}
	moments := []time.Time{when}
	if when.IsZero() {
		start := time.Date(2024, time.January, 7, 0, 0, 0, 0, time.UTC) // a Sunday
		moments = nil
		for m := range 7 * 24 * 60 {
			moments = append(moments, start.Add(time.Duration(m)*time.Minute))
		}
	}
	lines := strings.Split(string(content), "\n")
	for i := 0; i < len(lines); i++ {
		first, text := i, lines[i]
		for strings.HasSuffix(text, `\`) && i+1 < len(lines) {
			i++
			text = text[:len(text)-1] + " " + lines[i]
		}
		text, _, _ = strings.Cut(text, "#")
		f := strings.Split(strings.TrimSpace(text), ";")
		if len(f) != 4 {
			continue
		}
		if !logic(f[0], func(w string) bool { return wildcard(w, service) }) ||
			!logic(f[1], func(w string) bool { return wildcard(w, terminal) }) ||
			!logic(f[2], func(w string) bool { return !strings.HasPrefix(w, "@") && wildcard(w, v.User) }) {
			continue
		}
		for _, at := range moments {
			if !logic(f[3], func(w string) bool { return within(w, at) }) {
				return AccessRule{path, first + 1, lines[first]}, false, nil
			}
		}
	}
	return AccessRule{}, true, nil
}

// logic reads a list of words with "!" before them, and "&" and "|" between them, from left to right.
func logic(text string, match func(string) bool) bool {
	value, op := true, byte('&')
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		not := false
		for text != "" && text[0] == '!' {
			not, text = !not, strings.TrimLeft(text[1:], " \t")
		}
		end := strings.IndexAny(text, "&|! \t")
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			op, text = text[0], text[1:]
			continue
		}
		is := match(text[:end]) != not
		if op == '|' {
			value = value || is
		} else {
			value = value && is
		}
		text = strings.TrimLeft(text[end:], " \t")
		if text != "" && (text[0] == '&' || text[0] == '|') {
			op, text = text[0], text[1:]
		}
	}
	return value
}

// wildcard compares with a word in which a "*" stands for the rest.
func wildcard(word, name string) bool {
	if i := strings.IndexByte(word, '*'); i >= 0 {
		return strings.HasPrefix(name, word[:i])
	}
	return word == name
}

// within reads days and a span such as MoTu0800-1800; a span that ends before it starts goes on past
// midnight.
func within(word string, at time.Time) bool {
	const names = "SuMoTuWeThFrSa"
	var days [7]bool
	for len(word) >= 2 && !(word[0] >= '0' && word[0] <= '9') {
		switch day := word[:2]; day {
		case "Wk", "Al":
			for d := range days {
				if day == "Al" || d >= 1 && d <= 5 {
					days[d] = !days[d]
				}
			}
		case "Wd":
			days[0], days[6] = !days[0], !days[6]
		default:
			if i := strings.Index(names, day); i >= 0 && i%2 == 0 {
				days[i/2] = !days[i/2]
			}
		}
		word = word[2:]
	}
	var from, to int
	if n, err := fmt.Sscanf(word, "%04d-%04d", &from, &to); err != nil || n != 2 {
		return false
	}
	now := at.Hour()*100 + at.Minute()
	today := int(at.Weekday())
	if from < to {
		return days[today] && now >= from && now < to
	}
	return days[today] && now >= from || days[(today+6)%7] && now < to
}
