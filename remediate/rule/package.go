package rule

import "strings"

// InstallPackage installs packages with the machine's package manager, in one transaction.
type InstallPackage struct{ Names []string }

// RemovePackage removes packages in one transaction. Along names those that may go with them; anything
// else that would go is a reason to refuse.
type RemovePackage struct{ Names, Along []string }

func (c InstallPackage) Target() string { return strings.Join(c.Names, " ") }
func (c RemovePackage) Target() string  { return strings.Join(c.Names, " ") }

func (InstallPackage) Scope() Scope { return Persisted }
func (RemovePackage) Scope() Scope  { return Persisted }

func (InstallPackage) isChange() {}
func (RemovePackage) isChange()  {}
