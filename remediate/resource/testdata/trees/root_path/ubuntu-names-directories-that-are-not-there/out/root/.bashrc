# ~/.bashrc
export PATH="$PATH"
