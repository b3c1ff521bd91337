package shell

// layouts are startup files as distributions and administrators lay them out. The unit test and the
// comparison with real shells both use them.
type layout struct {
	name  string
	files map[string]string
	// masks that an ordinary user's bash -l -i may end with, as the evaluator lists them
	masks []int
}

const debianProfile = `# /etc/profile
if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH

if [ "${PS1-}" ]; then
  if [ "${BASH-}" ] && [ "$BASH" != "/bin/sh" ]; then
    if [ -f /etc/bash.bashrc ]; then
      . /etc/bash.bashrc
    fi
  else
    if [ "$(id -u)" -eq 0 ]; then
      PS1='# '
    else
      PS1='$ '
    fi
  fi
fi

if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r $i ]; then
      . $i
    fi
  done
  unset i
fi
`

const azureProfile = `# Begin /etc/profile
# System wide environment variables and startup programs.

# First some helper functions...
pathremove () {
        local IFS=':'
        local NEWPATH
        local DIR
        local PATHVARIABLE=${2:-PATH}
        for DIR in ${!PATHVARIABLE} ; do
                if [ "$DIR" != "$1" ] ; then
                  NEWPATH=${NEWPATH:+$NEWPATH:}$DIR
                fi
        done
        export $PATHVARIABLE="$NEWPATH"
}
pathappend () {
        pathremove $1 $2
        local PATHVARIABLE=${2:-PATH}
        export $PATHVARIABLE="${!PATHVARIABLE:+${!PATHVARIABLE}:}$1"
}
export -f pathremove pathappend

if [ $EUID -eq 0 ] ; then
        pathappend /sbin:/usr/sbin
        unset HISTFILE
fi

export HISTSIZE=1000
export HISTIGNORE="&:[bf]g:exit"

NORMAL="\[\e[0m\]"
if [[ $EUID == 0 ]] ; then
  PS1="$RED\u [ $NORMAL\w$RED ]# $NORMAL"
else
  PS1="$GREEN\u [ $NORMAL\w$GREEN ]\$ $NORMAL"
fi

for script in /etc/profile.d/*.sh ; do
        if [ -r $script ] ; then
                . $script
        fi
done

unset script RED GREEN NORMAL
# End /etc/profile
`

const azureUmask = `# By default, the umask should be set.
if [ "$(id -gn)" = "$(id -un)" -a $EUID -gt 99 ] ; then
  umask 002
else
  umask 022
fi
`

const debianBashrc = `# System-wide .bashrc file for interactive bash(1) shells.
[ -z "${PS1-}" ] && return
shopt -s checkwinsize
if [ -z "${debian_chroot:-}" ] && [ -r /etc/debian_chroot ]; then
    debian_chroot=$(cat /etc/debian_chroot)
fi
if ! [ -n "${SUDO_USER}" -a -n "${SUDO_PS1}" ]; then
  PS1='${debian_chroot:+($debian_chroot)}\u@\h:\w\$ '
fi
if [ -x /usr/lib/command-not-found -o -x /usr/share/command-not-found/command-not-found ]; then
	function command_not_found_handle {
	        if [ -x /usr/lib/command-not-found ]; then
		   /usr/lib/command-not-found -- "$1"
                   return $?
		else
		   printf "%s: command not found\n" "$1" >&2
		   return 127
		fi
	}
fi
`

func layouts() []layout {
	return []layout{
		{"nothing sets a mask", map[string]string{"/etc/profile": debianProfile, "/etc/bash.bashrc": debianBashrc}, []int{0o022}},
		{"no startup file at all", map[string]string{}, []int{0o022}},
		{"a profile.d file sets it", map[string]string{"/etc/profile": debianProfile, "/etc/bash.bashrc": debianBashrc,
			"/etc/profile.d/zz-harden.sh": "umask 027\nreadonly TMOUT=900\nexport TMOUT\n"}, []int{0o027}},
		{"the file that sorts last wins", map[string]string{"/etc/profile": azureProfile, "/etc/profile.d/umask.sh": azureUmask,
			"/etc/profile.d/zz-harden.sh": "umask 027\n"}, []int{0o027}},
		{"umask.sh sorts after a hardening file", map[string]string{"/etc/profile": azureProfile, "/etc/profile.d/umask.sh": azureUmask,
			"/etc/profile.d/50-harden.sh": "umask 027\n"}, []int{0o002, 0o022}},
		{"the profile has the last word", map[string]string{"/etc/profile": azureProfile + "umask 022\n",
			"/etc/profile.d/zz-harden.sh": "umask 077\n"}, []int{0o022}},
		{"bashrc is sourced before profile.d", map[string]string{"/etc/profile": debianProfile, "/etc/bash.bashrc": debianBashrc + "umask 002\n"}, []int{0o002}},
		{"symbolic masks", map[string]string{"/etc/profile": "umask 077\numask u=rwx,g=rx,o=\n"}, []int{0o027}},
		{"symbolic changes", map[string]string{"/etc/profile": "umask g-w,o-rwx # tighten\n"}, []int{0o027}},
		{"a subshell changes nothing", map[string]string{"/etc/profile": "(umask 077)\numask 027 | cat\nx=$(umask 077; echo a)\numask 007 &\nwait\n"}, []int{0o022}},
		{"a refused value changes nothing", map[string]string{"/etc/profile": "umask 027\numask 089\n"}, []int{0o027}},
		{"only printing changes nothing", map[string]string{"/etc/profile": "umask 027; umask >/dev/null; umask -S >/dev/null\n"}, []int{0o027}},
		{"a value from a variable", map[string]string{"/etc/profile": "MASK=027\numask $MASK\n"}, []int{0o027}},
		{"a function is called", map[string]string{"/etc/profile": "strict() { umask 077; }\nif true; then strict; fi\n"}, []int{0o077}},
		{"a function is never called", map[string]string{"/etc/profile": "strict() {\n umask 077\n}\n"}, []int{0o022}},
		{"return leaves the file", map[string]string{"/etc/profile": ". /etc/a.sh\n", "/etc/a.sh": "umask 027\nreturn\numask 000\n"}, []int{0o027}},
		{"continue goes on with the next file", map[string]string{"/etc/profile": "for i in a b; do [ $i = a ] && continue; umask 027; done\n"}, []int{0o027}},
		{"a case on the options of the shell", map[string]string{"/etc/profile": "case $- in *i*) umask 027 ;; *) umask 077 ;; esac\n"}, []int{0o027}},
		{"a here-document is text", map[string]string{"/etc/profile": "umask 027\ncat >/dev/null <<EOF\numask 000\nEOF\n"}, []int{0o027}},
		{"a comment and a string are text", map[string]string{"/etc/profile": "umask 027 # umask 000\necho 'umask 000\numask 000' \"umask 000\" > /dev/null\n"}, []int{0o027}},
		{"and-or lists", map[string]string{"/etc/profile": "true && umask 027 || umask 000\nfalse || umask 077\n"}, []int{0o077}},
		{"a nested source by a loop variable", map[string]string{"/etc/profile": "for d in /etc/one /etc/two; do for f in $d/*.sh; do . \"$f\"; done; done\n",
			"/etc/one/a.sh": "umask 000\n", "/etc/two/b.sh": "umask 027\n"}, []int{0o027}},
		{"an absent file is passed over", map[string]string{"/etc/profile": "[ -r /etc/absent ] && . /etc/absent\n[ ! -f /etc/profile ] || umask 027\n"}, []int{0o027}},
		{"eval of a plain text", map[string]string{"/etc/profile": "eval 'umask 027'\n"}, []int{0o027}},
		{"command and builtin are looked through", map[string]string{"/etc/profile": "command umask 027\n"}, []int{0o027}},
		{"test with and, or and not", map[string]string{"/etc/profile": "if [ -f /etc/profile -a ! -d /etc/profile ]; then umask 027; fi\nif [ -f /x -o -f /y ]; then umask 0; fi\n"}, []int{0o027}},
		{"elif and else", map[string]string{"/etc/profile": "if [ a = b ]; then umask 0\nelif [ a != a ]; then umask 1\nelse umask 027\nfi\n"}, []int{0o027}},
		{"an empty value", map[string]string{"/etc/profile": "A=\nB= umask 027\nif [ -z \"$A\" ]; then umask 077; fi\n"}, []int{0o077}},
		{"a time-out is read-only", map[string]string{"/etc/profile": "TMOUT=600\nreadonly TMOUT\nexport TMOUT\n"}, []int{0o022}},
		{"a time-out is set twice", map[string]string{"/etc/profile": "TMOUT=600\nexport TMOUT=300\n"}, []int{0o022}},
		{"a time-out is unset", map[string]string{"/etc/profile": "TMOUT=600\nunset TMOUT\n"}, []int{0o022}},
		{"names sort by case", map[string]string{"/etc/profile": debianProfile, "/etc/profile.d/Zz.sh": "umask 027\n", "/etc/profile.d/a.sh": "umask 022\n"}, []int{0o022}},
	}
}
