// Package remediate holds nothing itself: below it is all that does not know Packer. See
// docs/architecture.md for what lives where; imports_test.go keeps imports pointing one way.
package remediate
