//! Arithmetic only: no session, no files, no allocation after `new`.
