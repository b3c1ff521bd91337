package resource

// Header starts every file that the project creates and owns.
var Header = []string{
	"# Written by harden (packer-plugin-harden). Lines that a profile needs come back when they are",
	"# changed; settings of your own belong in a file of your own.",
}
