if [ -f "/etc/bashrc" ] ; then
  source /etc/bashrc
fi
