// Package profiles holds the shipped profiles as data: rules that every benchmark shares, and one
// folder a platform.
package profiles

import "embed"

// FS has rules/*.hcl and OS/VERSION/*.hcl.
//
//go:embed rules ubuntu azurelinux
var FS embed.FS
