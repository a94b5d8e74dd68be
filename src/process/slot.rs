//! One slot running: channel mode, wet mix, bypass, latency-matched dry signal.
