//go:build tools

// Package tools pins the Packer that the tests run. It is a tool only: the plugin never imports it.
package tools

import _ "github.com/hashicorp/packer"
