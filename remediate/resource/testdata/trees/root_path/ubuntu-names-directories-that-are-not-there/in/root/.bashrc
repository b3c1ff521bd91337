# ~/.bashrc
export PATH="$PATH:."
