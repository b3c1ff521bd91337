# Says who runs this: whether commands reach root.
printf '%s uid=%s\n' "$1" "$(id -u)"
printf '%s done=1\n' "$1"
exit 0
