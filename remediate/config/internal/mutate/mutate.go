// Package mutate changes realistic configuration at random, for tests that compare with the program that reads it. A
// grammar only draws what its author thought of.
package mutate

import (
	"strings"

	"pgregory.net/rapid"
)

// odd are bytes that readers treat in ways of their own.
var odd = []string{"\\", "\"", "'", "#", "=", ",", ":", "!", "*", "?", "[", "]", "{", "%", "@", "\t", " ", "\r", "\f", "\v", "-", "+", "^", "0", "a", "Z", "\n", "\\\n", "\x01", "é", "\xff"}

// Text draws one of the texts and a few changes of it: lines that go, are repeated, are swapped or come from another
// text, words that go or move, and odd bytes.
func Text(t *rapid.T, texts []string) string {
	lines := strings.SplitAfter(rapid.SampledFrom(texts).Draw(t, "text"), "\n")
	other := strings.SplitAfter(rapid.SampledFrom(texts).Draw(t, "other text"), "\n")
	at := func(n int, name string) int { return rapid.IntRange(0, n-1).Draw(t, name) }
	// A few lines are compared, so that one that is refused does not hide the rest.
	if n := len(lines); n > 12 {
		from := at(n-11, "from")
		lines = lines[from : from+12]
	}
	lines = append([]string(nil), lines...)
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		i := at(len(lines), "line")
		line := lines[i]
		switch rapid.IntRange(0, 8).Draw(t, "change") {
		case 0:
			lines[i] = ""
		case 1:
			lines[i] = line + line
		case 2:
			j := at(len(lines), "with")
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines[i] = other[at(len(other), "other line")] + line
		case 4, 5:
			j := rapid.IntRange(0, len(line)).Draw(t, "place")
			lines[i] = line[:j] + rapid.SampledFrom(odd).Draw(t, "odd") + line[j:]
		case 6:
			if line != "" {
				j := at(len(line), "place")
				lines[i] = line[:j] + line[j+1:]
			}
		case 7:
			words := strings.Split(line, " ")
			j, k := at(len(words), "word"), at(len(words), "other word")
			words[j], words[k] = words[k], words[j]
			lines[i] = strings.Join(words, " ")
		case 8:
			theirs := strings.Fields(other[at(len(other), "other line")])
			words := strings.Split(line, " ")
			if len(theirs) > 0 {
				words[at(len(words), "word")] = theirs[at(len(theirs), "their word")]
				lines[i] = strings.Join(words, " ")
			}
		}
	}
	return strings.Join(lines, "")
}
