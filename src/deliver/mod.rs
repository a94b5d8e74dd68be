//! Masters out.
