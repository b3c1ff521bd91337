package resource

// Kinds is the table of all kinds, by name.
func Kinds() []Kind {
	return []Kind{
		kernelModuleKind(),
		sysctlKind(),
		bannerKind(),
		fileKind(),
		kubeletArgumentKind(),
		mountOptionKind(),
		pamKind(),
		pamLockoutKind(),
		rescueShellKind(),
		rsyslogRuleKind(),
		sshdKind(),
		unitKind(),
		iniSettingKind(),
		keyValueKind(),
		limitKind(),
		shellTimeoutKind(),
		umaskKind(),
	}
}
