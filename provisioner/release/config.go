// Package release is the Packer post-processor "harden-attestation": it makes the report that a
// provisioner of the same build accepted into signed statements about the artifact, and refuses an
// artifact that no report speaks for.
package release

import (
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Signer

// Signer is one who signs.
type Signer struct {
	// File with the private key that signs: ECDSA P-256 or Ed25519 in PEM, as PKCS#8 (encrypted or not)
	// or SEC1. Give this, `private_key_env` or `sign_command`. The key is tried out before the machine
	// is built, stays on the build host, and is masked in Packer's log.
	PrivateKeyFile string `mapstructure:"private_key_file"`
	// Name of the environment variable that holds the private key in PEM.
	PrivateKeyEnv string `mapstructure:"private_key_env"`
	// Name of the environment variable that holds the password of an encrypted private key.
	PrivateKeyPasswordEnv string `mapstructure:"private_key_password_env"`
	// A program and its arguments that sign instead, for a key in a vault or a hardware module. It gets
	// the bytes to sign on its standard input and writes the signature to its standard output, as it is
	// or in base64: ASN.1 DER over the SHA-256 of the input for ECDSA P-256, 64 bytes for Ed25519. No
	// shell is involved. It may take a minute.
	SignCommand []string `mapstructure:"sign_command"`
	// File with the public key in PEM that belongs to `sign_command`. Required with it.
	PublicKeyFile string `mapstructure:"public_key_file"`
}

// Config is the configuration of "harden-attestation".
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	Signer              `mapstructure:",squash"`

	// More who sign, each a block with the five options above. The envelope then has a signature of each;
	// the Sigstore bundle, which holds one only, has the first one's. `harden sign` adds a signature later.
	AlsoSign []Signer `mapstructure:"also_sign"`
	// The `report_dir` of the provisioners, `harden-reports` by default.
	ReportDir string `mapstructure:"report_dir"`
	// Folder for the statements. By default it is `statements` in the folder of this build's reports.
	// Several builds can share one, because file names start with the builder's type and name.
	OutputDir string `mapstructure:"output_dir"`
	// File with the policy that decides whether the artifact may be released. By default the report
	// must be compliant.
	Policy string `mapstructure:"policy"`
	// File with a baseline (or an older report) that the report must not fall behind.
	Baseline string `mapstructure:"baseline"`
	// Who verified, as a URI: `verifier.id` of an SVR and a VSA. By default the plugin's own.
	VerifierID string `mapstructure:"verifier_id"`
	// URI of the artifact. With it a SLSA verification summary (VSA) is made too.
	ResourceURI string `mapstructure:"resource_uri"`

	ctx interpolate.Context
}
