package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
)

// findAccount looks an account and its groups up in the target's own files: the names of the build
// machine mean nothing there.
func findAccount(files host.Files, user, addr string) (*resource.Account, error) {
	if user == "" {
		return nil, nil
	}
	passwd, err := files.ReadFile("/etc/passwd")
	if err != nil {
		return nil, fmt.Errorf("cannot look up account %s: %w", user, err)
	}
	group, err := files.ReadFile("/etc/group")
	if err != nil {
		return nil, fmt.Errorf("cannot look up the groups of %s: %w", user, err)
	}
	gid := ""
	for _, fields := range colonLines(passwd) {
		if fields[0] == user && len(fields) > 3 {
			gid = fields[3]
		}
	}
	if gid == "" {
		return nil, fmt.Errorf("cannot look up account %s: /etc/passwd does not have it", user)
	}
	account := &resource.Account{User: user, Addr: addr}
	for _, fields := range colonLines(group) {
		if len(fields) < 4 {
			continue
		}
		if fields[2] == gid || slices.Contains(strings.Split(fields[3], ","), user) {
			account.Groups = append(account.Groups, fields[0])
		}
	}
	return account, nil
}

func colonLines(data []byte) [][]string {
	var list [][]string
	for line := range bytes.Lines(data) {
		list = append(list, strings.Split(strings.TrimRight(string(line), "\n"), ":"))
	}
	return list
}
