//go:build tools

// Package tools pins what lists the modules in a binary.
package tools

import _ "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod"
