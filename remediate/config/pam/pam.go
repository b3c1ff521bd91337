// Package pam is how Linux-PAM reads its configuration and walks a stack of modules: files, includes
// and substacks, control words and jumps, module arguments and the configuration files of modules. It
// can also work out what a login attempt would come to, and what pam-auth-update would write. It has
// no opinion about what a stack should hold and changes nothing.
//
// The grammar and the limits are those of libpam/pam_handlers.c, pam_misc.c and pam_dispatch.c of
// Linux-PAM 1.5; pam.conf(5) and pam.d(5) describe them.
package pam

// Type is the group of modules that a line belongs to.
type Type string

const (
	Auth     Type = "auth"
	Account  Type = "account"
	Password Type = "password"
	Session  Type = "session"
)

// Types lists the module types in libpam's own order of use.
func Types() []Type { return []Type{Auth, Account, Password, Session} }

// Dialect says which build of libpam reads the files.
type Dialect struct {
	// Debian has Debian's patch: the directive @include, and includes from /etc/pam.d alone.
	Debian bool
}

// Code is what a module or a stack returns, numbered as in security/_pam_types.h.
type Code int

const (
	Success         Code = 0
	PermDenied      Code = 6
	AuthErr         Code = 7
	AuthinfoUnavail Code = 9
	UserUnknown     Code = 10
	MaxTries        Code = 11
	NewAuthtokReqd  Code = 12
	AcctExpired     Code = 13
	SessionErr      Code = 14
	CredErr         Code = 17
	AuthtokErr      Code = 20
	Ignore          Code = 25
	Abort           Code = 26
	AuthtokExpired  Code = 27
	ModuleUnknown   Code = 28

	codes = 32 // how many there are
)

// codeNames are the words that a control in brackets uses, in the order of the codes.
func codeNames() [codes]string {
	return [codes]string{
		"success", "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied",
		"auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
		"new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
		"no_module_data", "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
		"authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired", "module_unknown",
		"bad_item", "conv_again", "incomplete",
	}
}

// String is the word that a control in brackets uses for the code.
func (c Code) String() string {
	if c < 0 || c >= codes {
		return "invalid"
	}
	return codeNames()[c]
}

// Handler is one step of a stack as libpam holds it: a module line, or the mark of a substack.
type Handler struct {
	Type Type
	// Path is the file and Line the 1-based line that the entry starts on; Raw holds its lines as
	// they stand, without line feeds. An entry has several when they are continued with a backslash.
	Path string
	Line int
	Raw  []string
	// Via are the include lines that led here, the outermost first. It is empty for a line of the
	// service's own file.
	Via []Include
	// Silent is set by the "-" before a type: a missing module is not logged.
	Silent bool
	// Control is the control as written, without brackets; Actions is what it means.
	Control string
	Actions Actions
	// Module is the module as written, Args its arguments with quoting brackets taken off.
	Module string
	Args   []string
	// Level is the depth of substacks that the entry is in.
	Level int
	// Substack marks the entry that opens a substack; it runs no module.
	Substack bool
	// Fail, when not empty, says why libpam keeps an entry here that always fails.
	Fail string
}

// Include is a line that pulls in another file.
type Include struct {
	Path string
	Line int
	Raw  []string
	// File is the file that the line pulls in.
	File string
}

// Service is what libpam makes of the files of one service.
type Service struct {
	Name string
	// Path is the service's own file, empty when it has none and "other" answers for it.
	Path   string
	Stacks map[Type][]Handler
	// Other are the stacks of the service "other". libpam uses one of them when the service has no
	// entry of that type.
	Other map[Type][]Handler
	// Broken, when not empty, says why libpam gives up on the service as a whole: every request is
	// then refused.
	Broken string
	// Files lists every file that was read, in order, each once.
	Files []string
}

// Stack gives the entries that libpam walks for a type, and whether they are those of "other".
func (s *Service) Stack(t Type) (stack []Handler, other bool) {
	if own := s.Stacks[t]; len(own) > 0 {
		return own, false
	}
	return s.Other[t], true
}
