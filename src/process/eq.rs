//! Parametric equaliser.
