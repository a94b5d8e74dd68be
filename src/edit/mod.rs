//! The only way a session changes.
