// Package profiles holds the shipped profiles as data: rules that every benchmark shares, and one
// folder a platform.
package profiles

import "embed"

// FS has invariants.hcl, rules/*.hcl, OS/VERSION/*.hcl, and add-ons for any system.
//
//go:embed invariants.hcl rules ubuntu azurelinux kubernetes azure
var FS embed.FS
