//! Lends the callback to a device and gets it back, with its plan, when the device goes away.
//!
//! A device's closure owns the [`Lease`]; when the closure is dropped, on whatever thread, the callback comes back through
//! a queue of one. So a lost device costs no plan, and no lock is ever near the audio thread.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::callback::Callback;

/// How long a driver may take to let go of its closure.
const PATIENCE: Duration = Duration::from_secs(2);

/// The callback, while a device has it.
pub struct Lease {
    callback: Option<Box<Callback>>,
    home: SyncSender<Box<Callback>>,
}

/// Where the callback comes back to.
pub struct LeaseReturn(Receiver<Box<Callback>>);

impl Lease {
    /// Lends a callback.
    pub fn new(callback: Box<Callback>) -> (Self, LeaseReturn) {
        let (home, back) = sync_channel(1);
        (Self { callback: Some(callback), home }, LeaseReturn(back))
    }

    /// The callback. `None` never while the lease lives.
    pub fn get(&mut self) -> Option<&mut Callback> {
        self.callback.as_deref_mut()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            // Nobody waits for it any more: then it ends here, not on an audio thread.
            drop(self.home.try_send(callback));
        }
    }
}

impl LeaseReturn {
    /// Waits for the device to let go. `None` when it does not within two seconds.
    pub fn wait(self) -> Option<Box<Callback>> {
        self.0.recv_timeout(PATIENCE).ok()
    }
}
