//! One row of the table: what was asked, what others reach, what was measured.

/// A measured row.
pub struct Row {
    id: &'static str,
    what: &'static str,
    target: &'static str,
    peers: &'static str,
    ours: String,
    met: bool,
}

impl Row {
    /// A row of the targets table.
    pub fn new(
        id: &'static str,
        what: &'static str,
        target: &'static str,
        peers: &'static str,
        ours: String,
        met: bool,
    ) -> Self {
        Self { id, what, target, peers, ours, met }
    }

    /// Whether the target is reached.
    pub fn is_met(&self) -> bool {
        self.met
    }

    /// A line of a Markdown table.
    pub fn markdown(&self) -> String {
        let met = if self.met { "yes" } else { "**no**" };
        format!("| {} | {} | {} | {} | {} | {met} |", self.id, self.what, self.target, self.peers, self.ours)
    }
}

/// Whether a figure keeps its limit; what is not a number does not.
pub fn at_most(value: f64, limit: f64) -> bool {
    value <= limit
}
