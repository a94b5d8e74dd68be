//! Second-order sections in double precision.
