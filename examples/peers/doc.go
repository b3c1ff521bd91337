// Package peers sets our verdicts beside an independent scanner's: OpenSCAP with the ComplianceAsCode content that
// Debian packages for Ubuntu 22.04, run on the same booted node. Which rule of ours stands beside which of the scanner's
// is written in map.tsv, and why the two disagree in disagreements.hcl, with a command that shows on the node who is
// right. A disagreement without an explanation is an error, and so are an explanation without a disagreement and a
// command that does not say what the explanation claims.
package peers
