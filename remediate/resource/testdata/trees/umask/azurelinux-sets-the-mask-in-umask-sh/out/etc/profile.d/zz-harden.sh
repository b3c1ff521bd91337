# Written by harden (packer-plugin-harden). Lines that a profile needs come back when they are
# changed; settings of your own belong in a file of your own.
umask 027
