# Prints the file $2 as a frame of the name $3, as remediate/report reads it.
token=$1
sum=$(sha256sum "$2") || exit 1
printf '\n-----BEGIN HARDEN REPORT %s %s-----\n' "$3" "$token"
base64 "$2" || exit 1
printf -- '-----END HARDEN REPORT %s %s sha256:%s-----\n' "$3" "$token" "${sum%% *}"
printf '%s done=1\n' "$token"
exit 0
