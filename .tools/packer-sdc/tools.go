//go:build tools

// Package tools pins the plugin SDK's code generator and checker, at the SDK version of the plugin itself.
package tools

import _ "github.com/hashicorp/packer-plugin-sdk/cmd/packer-sdc"
