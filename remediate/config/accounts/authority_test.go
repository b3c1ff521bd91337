//go:build authority

package accounts

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// reader prints what the C library takes for entries, a line each.
const clibrary = `
#include <stdio.h>
#include <pwd.h>
#include <grp.h>
#include <shadow.h>
#include <gshadow.h>
static void list(char **m) { for (; m && *m; m++) printf("<%s>", *m); }
int main(int argc, char **argv) {
  FILE *f = fopen(argv[2], "r");
  if (!f) return 1;
  switch (argv[1][0]) {
  case 'p': { struct passwd *p; while ((p = fgetpwent(f))) printf("%s|%s|%u|%u|%s|%s|%s\n", p->pw_name, p->pw_passwd, p->pw_uid, p->pw_gid, p->pw_gecos, p->pw_dir, p->pw_shell); break; }
  case 'g': { struct group *g; while ((g = fgetgrent(f))) { printf("%s|%s|%u|", g->gr_name, g->gr_passwd, g->gr_gid); list(g->gr_mem); puts(""); } break; }
  case 's': { struct spwd *s; while ((s = fgetspent(f))) printf("%s|%s|%ld|%ld|%ld|%ld|%ld|%ld\n", s->sp_namp, s->sp_pwdp, s->sp_lstchg, s->sp_min, s->sp_max, s->sp_warn, s->sp_inact, s->sp_expire); break; }
  case 'h': { struct sgrp *g; while ((g = fgetsgent(f))) { printf("%s|%s|", g->sg_namp, g->sg_passwd); list(g->sg_adm); printf("|"); list(g->sg_mem); puts(""); } break; }
  }
  return 0;
}
`

func list(names []string) string {
	out := ""
	for _, n := range names {
		out += "<" + n + ">"
	}
	return out
}

// ours prints a file as the C program does.
func ours(kind string, content []byte) string {
	var b strings.Builder
	switch kind {
	case "p":
		users, _ := ParsePasswd(content)
		for _, u := range users {
			fmt.Fprintf(&b, "%s|%s|%d|%d|%s|%s|%s\n", u.Name, string(u.Password), u.UID, u.GID, u.Gecos, u.Home, u.Shell)
		}
	case "g":
		groups, _ := ParseGroup(content)
		for _, g := range groups {
			fmt.Fprintf(&b, "%s|%s|%d|%s\n", g.Name, string(g.Password), g.GID, list(g.Members))
		}
	case "s":
		shadows, _ := ParseShadow(content)
		for _, s := range shadows {
			fmt.Fprintf(&b, "%s|%s|%d|%d|%d|%d|%d|%d\n", s.Name, string(s.Password), s.LastChange, s.Min, s.Max, s.Warn, s.Inactive, s.Expire)
		}
	case "h":
		groups, _ := ParseGShadow(content)
		for _, g := range groups {
			fmt.Fprintf(&b, "%s|%s|%s|%s\n", g.Name, string(g.Password), list(g.Admins), list(g.Members))
		}
	}
	return b.String()
}

// TestRealLibrary compares every parser with the C library's on random lines.
func TestRealLibrary(t *testing.T) {
	dir := t.TempDir()
	source, program, file := filepath.Join(dir, "r.c"), filepath.Join(dir, "r"), filepath.Join(dir, "file")
	if err := os.WriteFile(source, []byte(clibrary), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-w", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v %s", err, out)
	}
	random := rand.New(rand.NewPCG(1, 2))
	atoms := []string{"a", "bob", "+", "-", "+@n", ":", ":", ":", ":", ":", ":", "0", "12", "-1", " ", "99999999999", "4294967296", "x", "!", ",", "#", "\t", "0x1", "1 "}
	for _, kind := range []string{"p", "g", "s", "h"} {
		differ := 0
		for range 300 {
			var lines []string
			for range 8 {
				var b strings.Builder
				for range 1 + random.IntN(16) {
					b.WriteString(atoms[random.IntN(len(atoms))])
				}
				lines = append(lines, b.String())
			}
			lines = append(lines, "root:x:0:0:root:/root:/bin/bash", "a:*:19000:0:99999:7:::", "adm:x:4:a,b", "adm:!:a:b")
			content := []byte(strings.Join(lines, "\n") + "\n")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(program, kind, file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v %s", err, out)
			}
			theirs := strings.ReplaceAll(string(out), "(null)", "")
			if got := ours(kind, content); got != theirs && differ < 3 {
				differ++
				t.Errorf("%s of\n%s\nis\n%s\nand the C library says\n%s", kind, content, got, out)
			}
		}
	}
}

var invalid = regexp.MustCompile(`invalid (?:shadow )?(?:password|group) file entry`)

// TestRealPwck compares the lines that pwck -r and grpck -r call invalid with the problems.
func TestRealPwck(t *testing.T) {
	for _, c := range []struct {
		name, passwd, group string
		shadow, gshadow     string
	}{
		{name: "nothing wrong", passwd: "root:x:0:0:root:/root:/bin/sh\n", shadow: "root:*:1:0:99999:7:::\n", group: "root:x:0:\n", gshadow: "root:*::\n"},
		{name: "too few fields", passwd: "root:x:0:0:root:/root:/bin/sh\ntoor::0:0\n", shadow: "root:*:1:0:99999:7:::\ntoor:*\n", group: "root:x:0:\nadm:x\n", gshadow: "root:*::\nadm\n"},
		{name: "too many fields", passwd: "root:x:0:0:root:/root:/bin/sh:x\n", shadow: "root:*:1:0:99999:7::::\n", group: "root:x:0::\n", gshadow: "root:*:::\n"},
		{name: "comments", passwd: "#\nroot:x:0:0:root:/root:/bin/sh\n", shadow: "#\nroot:*:1:0:99999:7:::\n", group: "#\nroot:x:0:\n", gshadow: "#\nroot:*::\n"},
		{name: "no numbers", passwd: "root:x:zero:0:root:/root:/bin/sh\n", shadow: "root:*:one:0:99999:7:::\n", group: "root:x:none:\n", gshadow: "root:*::\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name, content string) string {
				p := filepath.Join(dir, name)
				if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				return p
			}
			_, pp := ParsePasswd([]byte(c.passwd))
			_, sp := ParseShadow([]byte(c.shadow))
			_, gp := ParseGroup([]byte(c.group))
			_, hp := ParseGShadow([]byte(c.gshadow))
			for _, run := range []struct {
				argv []string
				want int
			}{
				{[]string{"pwck", "-r", at("passwd", c.passwd), at("shadow", c.shadow)}, len(pp) + len(sp)},
				{[]string{"grpck", "-r", at("group", c.group), at("gshadow", c.gshadow)}, len(gp) + len(hp)},
			} {
				out, err := exec.Command(run.argv[0], run.argv[1:]...).CombinedOutput()
				var exit *exec.ExitError
				if err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				if got := len(invalid.FindAll(out, -1)); got != run.want {
					t.Errorf("%s calls %s lines invalid, we %d\n%s", run.argv[0], strconv.Itoa(got), run.want, out)
				}
			}
		})
	}
}
