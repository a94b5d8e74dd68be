//! Gain, trim and polarity.
