package rule

// GrubPassword stands in a change for the hash of a random boot loader password. The hash is made on the
// target when the file is written, so neither a plan nor a report ever holds it.
const GrubPassword = "(hash of a random password, made on the target)"
