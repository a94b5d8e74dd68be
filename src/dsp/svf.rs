//! State-variable filter for moving cut-offs.
