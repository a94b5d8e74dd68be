//! Delay lines and maxima over a sliding window.
