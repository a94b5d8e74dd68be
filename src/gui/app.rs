//! The window: ticks the program, lays the panels out, hands commands over.
use std::sync::Arc;

use crate::app::{Command, Frame};

/// The program behind the window: the real core, or a still one for tests.
pub trait Backend {
    /// Lets the program do what is due and gives the picture of now. `now_s` is a steady clock in seconds.
    fn tick(&mut self, now_s: f64) -> Arc<Frame>;
    /// Does a command.
    fn handle(&mut self, command: Command);
    /// Whether pictures change by themselves (playing, a job runs), so that drawing must go on.
    fn busy(&self) -> bool;
}

/// The window over a program.
pub struct GlassmasterApp<B: Backend> {
    backend: B,
}
impl<B: Backend> GlassmasterApp<B> {
    /// A window.
    pub fn new(backend: B) -> Self {
        Self { backend }
    }
    /// The program.
    pub fn backend(&self) -> &B {
        &self.backend
    }
}
