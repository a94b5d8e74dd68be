//! Oversampling up and down with known latency.
