package harden

import (
	"regexp"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/receipt"
)

// build is what is taken over from Packer's data about the build. That data also holds the password
// and the private key, so there is a list of what is taken and nothing else is looked at.
type build struct {
	folder string // of the reports: the builder's type and name
	runID  string // PackerRunUUID
	user   string // whom the communicator logs in as
	conn   string // "ssh", "winrm", "none", ...
}

var (
	runIDs = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	users  = regexp.MustCompile(`^[^\x00-\x20\x7f:/-][^\x00-\x20\x7f:/]{0,255}$`)
	notIn  = regexp.MustCompile(`[^0-9A-Za-z._-]+`)
)

func buildOf(c common.PackerConfig, data map[string]any) build {
	taken := func(key string, allowed *regexp.Regexp) string {
		if s, ok := data[key].(string); ok && allowed.MatchString(s) {
			return s
		}
		return ""
	}
	return build{
		folder: receipt.Folder(c.PackerBuilderType, c.PackerBuildName),
		runID:  taken("PackerRunUUID", runIDs),
		user:   taken("User", users),
		conn:   taken("ConnType", runIDs),
	}
}
