//! Which build this is.

/// What `/health`, `/` and `scout version` say about the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildInfo {
    /// The package's version.
    pub version: &'static str,
    /// The commit it was built from, if whoever built it set `SCOUT_COMMIT`; else `unknown`.
    pub commit: &'static str,
    /// When it was built, if whoever built it set `SCOUT_DATE`; else `unknown`.
    pub date: &'static str,
}

/// This build.
pub const BUILD: BuildInfo = BuildInfo {
    version: env!("CARGO_PKG_VERSION"),
    commit: or_unknown(option_env!("SCOUT_COMMIT")),
    date: or_unknown(option_env!("SCOUT_DATE")),
};

const fn or_unknown(value: Option<&'static str>) -> &'static str {
    match value {
        Some(value) if !value.is_empty() => value,
        _ => "unknown",
    }
}

impl std::fmt::Display for BuildInfo {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (commit {}, built {})", self.version, self.commit, self.date)
    }
}
