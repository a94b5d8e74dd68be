//! Parameter smoothing on the quantum grid.
