// Package version says which version this is. The plugin and the on-host binary are built from the
// same commit and share it.
package version

const (
	// Core is the version that is being worked on or released, as semver's three numbers.
	Core = "0.1.0"
	// Prerelease is empty in a release. Packer accepts no other than "dev".
	Prerelease = "dev"
)

// Version is the version in full: "0.1.0-dev", or "0.1.0" of a release.
func Version() string {
	if Prerelease == "" {
		return Core
	}
	return Core + "-" + Prerelease
}
