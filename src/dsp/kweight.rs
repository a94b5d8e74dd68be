//! K-weighting of ITU-R BS.1770-5.
