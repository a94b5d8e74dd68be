//! The live side: callback, decks, monitor, devices.
