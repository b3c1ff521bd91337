# time out
readonly TMOUT=3600 ; export TMOUT
