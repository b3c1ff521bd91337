[ -n "$PS1" ] || return
umask 027
