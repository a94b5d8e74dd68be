//! Measuring: used by live meters, checks and reports alike.
