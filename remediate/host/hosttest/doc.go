// Package hosttest is a machine for tests: a tree of files in a temporary directory, with owners
// and modes that need no root, and a running state in memory. It also compares trees, and proves
// that nothing in one has changed.
package hosttest
