package remote

import _ "embed"

// The scripts are constants: what varies reaches them as arguments. They are for any POSIX shell,
// with the coreutils that both Ubuntu and Azure Linux always have. Every line that they say begins
// with a random token, so that a banner or a message on the same stream is never taken for an
// answer, and their last answer is "done", so that a cut stream is noticed whatever the exit status.
var (
	//go:embed scripts/prepare.sh
	prepareScript string
	//go:embed scripts/receive.sh
	receiveScript string
	//go:embed scripts/digest.sh
	digestScript string
	//go:embed scripts/become.sh
	becomeScript string
	//go:embed scripts/run.sh
	runScript string
	//go:embed scripts/watch.sh
	watchScript string
	//go:embed scripts/send.sh
	sendScript string
	//go:embed scripts/touch.sh
	touchScript string
	//go:embed scripts/remove.sh
	removeScript string
)
