//go:build tools

// Package tools pins the qemu builder that the virtual machine's example runs. It is a tool only: nothing imports it.
package tools

import _ "github.com/hashicorp/packer-plugin-qemu"
