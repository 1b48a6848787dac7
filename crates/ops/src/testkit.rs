//! Laws for operations, for this crate's own and for third parties'.
