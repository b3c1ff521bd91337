// Package sshd reads sshd_config the way the OpenSSH server does: Include, Match, first value wins,
// cumulative keywords, algorithm lists relative to the server's defaults. It works from files alone,
// so it answers for an offline root as it does for a live machine, and has no opinion on what a good
// value is.
//
// The rules are those of servconf.c, match.c, addrmatch.c, misc.c (strdelim, argv_split, convtime)
// and kex.c of OpenSSH 8.4, 9.2 and 10.0, and of the ChangeLog between them; sshd_config(5) leaves
// several of them out. The authority tests compare with sshd -T.
package sshd
