//go:build tools

// Package tools pins the cosign that test-interop verifies with. It is a tool only: the plugin never imports it.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
