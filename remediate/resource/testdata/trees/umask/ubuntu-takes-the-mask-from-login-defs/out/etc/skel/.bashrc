case $- in
    *i*) ;;
      *) return;;
esac
alias ls="ls --color"
if [ -x /usr/bin/dircolors ]; then
    test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"
fi
