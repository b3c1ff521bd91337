//go:build linux

package lab

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// The accounts of every node: User logs in with a key and has passwordless sudo, as the admin user of a cloud image;
// Alice logs in with a password and may do nothing special.
const (
	User          = "packer"
	Alice         = "alice"
	AlicePassword = "alice-Knows-7-words"
)

type user struct {
	name     string
	uid      int
	hash     string // as in /etc/shadow
	shell    string
	homeMode fs.FileMode
}

// addUser does what useradd does, without running a program of the tree. The day of the password is for dateAccounts.
func addUser(t *tree, u user) error {
	home := "home/" + u.name
	for _, line := range []text{
		{path: "etc/passwd", text: fmt.Sprintf("%s:x:%d:%d::/%s:%s\n", u.name, u.uid, u.uid, home, u.shell)},
		{path: "etc/shadow", text: fmt.Sprintf("%s:%s:20000:0:99999:7:::\n", u.name, u.hash)},
		{path: "etc/group", text: fmt.Sprintf("%s:x:%d:\n", u.name, u.uid)},
		{path: "etc/gshadow", text: fmt.Sprintf("%s:!::\n", u.name)},
	} {
		if err := t.appendTo(line.path, line.text); err != nil {
			return err
		}
	}
	if err := t.mkdir(home, u.homeMode); err != nil {
		return err
	}
	skel, err := fs.Sub(t.root.FS(), "etc/skel")
	if err != nil {
		return err
	}
	files, err := fs.ReadDir(skel, ".")
	if err != nil {
		return fmt.Errorf("cannot read etc/skel: %w", err)
	}
	for _, f := range files {
		data, err := fs.ReadFile(skel, f.Name())
		if err != nil {
			return fmt.Errorf("cannot read etc/skel: %w", err)
		}
		if err := t.write(home+"/"+f.Name(), data, 0o644); err != nil {
			return err
		}
	}
	return t.own(home, u.uid, u.uid)
}

// dateAccounts makes today the day on which every account got its password, also those without one: a base that is
// months old must not be a node whose accounts are shut as soon as passwords may only be 90 days old.
func dateAccounts(t *tree, today time.Time) error {
	day := strconv.FormatInt(today.Unix()/(24*60*60), 10)
	return t.edit("etc/shadow", func(old []byte) ([]byte, error) {
		var shadow []byte
		for line := range strings.Lines(string(old)) {
			if fields := strings.Split(line, ":"); len(fields) == 9 {
				fields[2] = day
				line = strings.Join(fields, ":")
			}
			shadow = append(shadow, line...)
		}
		return shadow, nil
	})
}

// nodeUsers are the accounts that every shape has, in the form that the shape's useradd would give them.
func nodeUsers(homeMode fs.FileMode, aliceHash string) []user {
	return []user{
		{name: User, uid: 1000, hash: "!", shell: "/bin/bash", homeMode: homeMode},
		{name: Alice, uid: 1001, hash: aliceHash, shell: "/bin/bash", homeMode: homeMode},
	}
}
