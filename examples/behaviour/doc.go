// Package behaviour is what a hardened machine does, as seen from outside: one list for every kind of machine that a
// test can boot. What a report claims of the configuration is tried out here on the programs that read it.
//
// What lives here: the list, and running it. What may not: how a machine is built or booted.
package behaviour
