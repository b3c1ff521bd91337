package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const frameNonce = "0123456789abcdef"

func framed(t *testing.T, name, nonce, data string) string {
	t.Helper()
	var b strings.Builder
	if err := WriteFrame(&b, name, nonce, []byte(data)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadFrames(t *testing.T) {
	long := strings.Repeat("a long report ", 1000)
	whole := framed(t, "apply", frameNonce, long)
	lines := strings.SplitAfter(whole, "\n")

	tests := []struct {
		name   string
		stream string
		want   map[string]string
		err    string
	}{
		{name: "an empty stream holds no report", stream: "", want: map[string]string{}},
		{name: "one report", stream: whole, want: map[string]string{"apply": long}},
		{name: "two reports among other output", stream: "userdel: done\n" + whole + "noise\n" + framed(t, "attest", frameNonce, "{}"), want: map[string]string{"apply": long, "attest": "{}"}},
		{name: "an empty report", stream: framed(t, "apply", frameNonce, ""), want: map[string]string{"apply": ""}},
		{name: "a terminal's line ends", stream: strings.ReplaceAll(whole, "\n", "\r\n"), want: map[string]string{"apply": long}},
		{name: "output without a line end before the report", stream: "Removing user..." + whole, want: map[string]string{"apply": long}},
		{name: "a last line without a line end", stream: strings.TrimSuffix(whole, "\n"), want: map[string]string{"apply": long}},
		{name: "a message between the lines of a report", stream: strings.Join(lines[:5], "") + "a message!\n" + strings.Join(lines[5:], ""), want: map[string]string{"apply": long}},
		{name: "a report with another nonce is not ours", stream: framed(t, "apply", "another", "{}"), want: map[string]string{}},
		{name: "an endless line is passed over", stream: strings.Repeat("x", 1<<20) + whole, want: map[string]string{"apply": long}},
		{name: "a report that is cut off", stream: strings.Join(lines[:20], ""), err: `the report "apply" is cut off`},
		{name: "a report that begins within a report", stream: strings.Join(lines[:20], "") + framed(t, "attest", frameNonce, "{}"), err: `the report "apply" is cut off by the report "attest"`},
		{name: "a report that is there twice", stream: whole + whole, err: `the report "apply" is there twice`},
		{name: "a report that lost a line", stream: strings.Join(lines[:7], "") + strings.Join(lines[8:], ""), err: `the report "apply" is damaged`},
		{name: "a line that looks like base64 in a report", stream: strings.Join(lines[:7], "") + "aaaa\n" + strings.Join(lines[7:], ""), err: `the report "apply" is damaged`},
		{name: "a report over the limit", stream: framed(t, "apply", frameNonce, strings.Repeat("a", 20001)), err: "larger than the 20000 bytes"},
		{name: "reports over the limit together", stream: framed(t, "apply", frameNonce, strings.Repeat("a", 15000)) + framed(t, "attest", frameNonce, strings.Repeat("a", 15000)), err: "larger than the 20000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadFrames(strings.NewReader(tt.stream), frameNonce, 20000)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error is %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Errorf("read %d reports, want %d", len(got), len(tt.want))
			}
			for name, want := range tt.want {
				if string(got[name]) != want {
					t.Errorf("report %q differs: %.60q", name, got[name])
				}
			}
		})
	}
}

func TestWriteFrameRefusesNamesThatCouldBreakTheFrame(t *testing.T) {
	for _, bad := range []string{"", "a b", "a\nb", "é", strings.Repeat("a", 129)} {
		if err := WriteFrame(&bytes.Buffer{}, bad, frameNonce, nil); err == nil {
			t.Errorf("the name %q is accepted", bad)
		}
		if err := WriteFrame(&bytes.Buffer{}, "apply", bad, nil); err == nil {
			t.Errorf("the nonce %q is accepted", bad)
		}
		if _, err := ReadFrames(strings.NewReader(""), bad, 1); err == nil {
			t.Errorf("the nonce %q is accepted by the reader", bad)
		}
	}
}

func TestWhatIsFramedIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		var b bytes.Buffer
		b.WriteString(rapid.StringMatching(`([a-z ]{0,20}\r?\n)*`).Draw(t, "before"))
		if err := WriteFrame(&b, "apply", frameNonce, data); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFrames(&b, frameNonce, int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got["apply"], data) {
			t.Fatalf("read %q, wrote %q", got["apply"], data)
		}
	})
}

func FuzzReadFrames(f *testing.F) {
	var b bytes.Buffer
	if err := WriteFrame(&b, "apply", frameNonce, []byte("{}")); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Add(strings.ReplaceAll(b.String(), "\n", "\r\n"))
	f.Add(fmt.Sprintf("%sapply %s%s\n====\n", frameBegin, frameNonce, frameTail))
	f.Fuzz(func(t *testing.T, stream string) {
		frames, err := ReadFrames(strings.NewReader(stream), frameNonce, 1<<16)
		if err != nil && frames != nil {
			t.Error("an error comes with reports")
		}
		total := 0
		for _, data := range frames {
			total += len(data)
		}
		if total > 1<<16 {
			t.Errorf("%d bytes are over the limit", total)
		}
	})
}
