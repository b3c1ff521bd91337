//go:build tools

// Package tools pins the slsa-verifier that test-interop verifies with. It is a tool only: the plugin never imports it.
package tools

import _ "github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier"
