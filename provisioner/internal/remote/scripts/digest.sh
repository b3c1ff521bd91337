# Sets the mode $3 of the file $2 and says its sha256.
token=$1
say() { printf '%s %s=%s\n' "$token" "$1" "$2"; }
chmod "$3" "$2" || exit 1
sum=$(sha256sum "$2") || exit 1
say sha256 "${sum%% *}"
say done 1
exit 0
