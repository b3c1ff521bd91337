# System wide aliases and functions.

alias ls='ls --color=auto'
alias grep='grep --color=auto'

# Umask for interactive shells that are no login shells
for script in /etc/profile.d/umask.sh ; do
	if [ -r $script ] ; then
		. $script
	fi
done
unset script
