// Package lab boots a local node to harden: a real systemd, sshd, PAM and sudo in a container with a network of its own,
// in a second or two, on any Linux machine where the caller is root. No registry, no virtual machine, no cloud.
//
// A node has a shape: Debian's programs with the files, defaults and unit names of another system. A node of the shape
// "ubuntu-24.04" is Ubuntu-shaped, not Ubuntu, and results obtained on it must say so.
//
// What lives here: the cached base system, the shapes (embedded file trees and a table of edits each), and the life of a
// node. What may not live here: anything that knows about profiles, rules or Packer.
package lab
