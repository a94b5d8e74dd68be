//! Rate conversion with exact length and no delay. The only file that names rubato.
