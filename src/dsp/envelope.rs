//! Peak and RMS detectors, attack and release.
