// Package profiles holds the shipped profiles as data: rules that every benchmark shares, and one
// folder a platform.
package profiles

import "embed"

//go:generate go run ./internal/parameters ../docs/aks-and-baselines.md
//go:generate go run ../remediate/cmd/rulesdoc ../docs/rules

// FS has invariants.hcl, rules/*.hcl, OS/VERSION/*.hcl, and add-ons for any system.
//
//go:embed invariants.hcl rules ubuntu azurelinux kubernetes azure modules
var FS embed.FS
