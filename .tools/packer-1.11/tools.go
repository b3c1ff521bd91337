//go:build tools

// Package tools pins the oldest Packer that the plugin supports: 1.11 brought the way plugins are installed today.
package tools

import _ "github.com/hashicorp/packer"
