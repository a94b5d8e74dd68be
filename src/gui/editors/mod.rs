//! Editors of processors: the generic one, the EQ, the dynamics.
