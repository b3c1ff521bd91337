# Says whether the program $3 that leaves its process id in $2 runs: absent, running or gone. With a
# signal as $4, sends that first. Looking is a sign of life (see run.sh). Absent is final: the file is then made here, and run.sh, should a
# slow sudo get to it only later, refuses.
token=$1
say() { printf '%s %s=%s\n' "$token" "$1" "$2"; }
umask 077
if (set -C && echo revoked >"$2") 2>/dev/null; then
  say state absent
else
  pid=$(cat "$2")
  case $pid in
    revoked) say state absent ;;
    '') say state running ;; # about to write it
    *)
      # The number alone could be another process's by now. Until exec, it is still the shell.
      exe=$(readlink "/proc/$pid/exe")
      if [ -n "$exe" ] && { [ "$exe" = "$(readlink -f "$3")" ] || grep -qF "$2" "/proc/$pid/cmdline"; }; then
        touch "$2"
        [ -z "${4-}" ] || kill -s "$4" "$pid"
        say state running
      else
        say state gone
      fi
      ;;
  esac
fi
say done 1
exit 0
