//! Linear-phase filters and partitioned convolution.
