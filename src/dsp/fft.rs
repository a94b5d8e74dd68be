//! Real FFT: plans, scratch, scaling. The only file that names realfft.
