//! True-peak look-ahead limiter.
