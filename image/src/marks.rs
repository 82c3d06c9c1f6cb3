//! How a layer says what it hides of those below it.

/// How a layer says what an overlay is to hide of the layers below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayMarks {
    /// By `trusted.overlay.*`, which only the machine's root may write.
    Trusted,
    /// By `user.overlay.*`; such an overlay is mounted with `userxattr`.
    User,
}

impl OverlayMarks {
    /// The attribute of a directory that hides what is below it.
    #[must_use]
    pub const fn opaque(self) -> &'static std::ffi::CStr {
        match self {
            Self::Trusted => c"trusted.overlay.opaque",
            Self::User => c"user.overlay.opaque",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::User => "user",
        }
    }
}
