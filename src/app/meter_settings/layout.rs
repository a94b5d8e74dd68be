//! Which meter stands where: in the column at the right, as a tab of the lower panel, in a window of its own; and such
//! arrangements under names.
//!
//! Views are named by their stable ids (`level`, `history` …). An id no view has (of a later version) is kept and not
//! shown. The layouts of the program leave the windows alone, those of the user put them back.

use serde::{Deserialize, Serialize};

/// Width of the column where none was chosen, points.
pub const USUAL_WIDTH: f32 = 252.0;
/// The narrowest and the widest column, points.
pub const WIDTHS: std::ops::RangeInclusive<f32> = 200.0..=480.0;
/// The highest view of a column, points.
const MOST_HEIGHT: f32 = 4000.0;
/// Letters of a layout's name at most.
const LONGEST_NAME: usize = 40;
/// Layouts of the user at most.
const MOST_LAYOUTS: usize = 40;

/// A view in the column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewPlace {
    /// Its id.
    pub view: String,
    /// Its height, points; 0 shares what is left.
    pub height: f32,
}

impl ViewPlace {
    /// Its height as far as one can be meant, points; 0 shares what is left.
    pub fn chosen_height(&self) -> f32 {
        if self.height.is_finite() { self.height.clamp(0.0, MOST_HEIGHT) } else { 0.0 }
    }
}

/// Which view stands where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// The column, from the top.
    pub column: Vec<ViewPlace>,
    /// Its width, points.
    pub column_width: f32,
    /// Whether it is shown.
    pub column_shown: bool,
    /// Tabs of the lower panel beside the workspace's own content.
    pub strip: Vec<String>,
    /// The tab in front; empty for the workspace.
    pub strip_front: String,
    /// Views that have a window of their own.
    pub windows: Vec<String>,
}

impl Default for Arrangement {
    fn default() -> Self {
        BuiltIn::Calm.arrangement()
    }
}

impl Arrangement {
    fn of(column: &[&str], strip: &[&str]) -> Self {
        let place = |view: &&str| ViewPlace { view: (*view).to_owned(), height: 0.0 };
        let strip: Vec<String> = strip.iter().map(|v| (*v).to_owned()).collect();
        Self {
            column: column.iter().map(place).collect(),
            column_width: USUAL_WIDTH,
            column_shown: true,
            strip_front: strip.first().cloned().unwrap_or_default(),
            strip,
            windows: Vec::new(),
        }
    }

    /// Whether a view stands in the column.
    pub fn in_column(&self, view: &str) -> bool {
        self.column.iter().any(|p| p.view == view)
    }

    /// Whether a view is a tab of the lower panel.
    pub fn in_strip(&self, view: &str) -> bool {
        self.strip.iter().any(|v| v == view)
    }

    /// Whether a view has a window of its own.
    pub fn in_window(&self, view: &str) -> bool {
        self.windows.iter().any(|v| v == view)
    }

    /// Takes a view out of the column, or puts it at its end.
    pub fn toggle_column(&mut self, view: &str) {
        if self.in_column(view) {
            self.column.retain(|p| p.view != view);
        } else {
            self.column.push(ViewPlace { view: view.to_owned(), height: 0.0 });
            self.column_shown = true;
        }
    }

    /// Makes a view a tab of the lower panel, in front; or no longer.
    pub fn toggle_strip(&mut self, view: &str) {
        if self.in_strip(view) {
            self.strip.retain(|v| v != view);
            if self.strip_front == view {
                self.strip_front.clear();
            }
        } else {
            self.strip.push(view.to_owned());
            view.clone_into(&mut self.strip_front);
        }
    }

    /// Opens a view's window, or closes it.
    pub fn toggle_window(&mut self, view: &str) {
        if self.in_window(view) {
            self.windows.retain(|v| v != view);
        } else {
            self.windows.push(view.to_owned());
        }
    }

    /// Moves a view of the column before the one that is now at `to` (the end if there is none).
    pub fn move_in_column(&mut self, view: &str, to: usize) {
        let Some(from) = self.column.iter().position(|p| p.view == view) else { return };
        let place = self.column.remove(from);
        let to = if to > from { to - 1 } else { to };
        self.column.insert(to.min(self.column.len()), place);
    }

    /// Gives a view of the column a height, points; 0 shares what is left.
    pub fn set_height(&mut self, view: &str, height: f32) {
        if let Some(place) = self.column.iter_mut().find(|p| p.view == view) {
            place.height = height;
        }
    }

    /// The same but for windows and the tab in front, which come and go while one works.
    fn is_like(&self, other: &Self) -> bool {
        let shape = |a: &Self| Self { windows: Vec::new(), strip_front: String::new(), ..a.clone() };
        shape(self) == shape(other)
    }
}

/// A layout of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// A column and nothing else.
    Calm,
    /// For loudness: history and distribution.
    Loudness,
    /// For tone: a wide spectrum.
    Spectrum,
    /// For the album as a whole.
    Album,
}

impl BuiltIn {
    /// In the order of the menu.
    pub const ALL: [Self; 4] = [Self::Calm, Self::Loudness, Self::Spectrum, Self::Album];

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Calm => "Calm",
            Self::Loudness => "Loudness",
            Self::Spectrum => "Spectrum",
            Self::Album => "Album",
        }
    }

    /// What stands where in it.
    pub fn arrangement(self) -> Arrangement {
        match self {
            Self::Calm => Arrangement::of(&["level", "loudness", "spectrum", "field"], &[]),
            Self::Loudness => Arrangement {
                column_width: 300.0,
                ..Arrangement::of(&["level", "loudness", "histogram"], &["history", "trace"])
            },
            Self::Spectrum => Arrangement::of(&["level", "loudness", "field"], &["spectrum"]),
            Self::Album => Arrangement::of(
                &["level", "loudness", "spectrum"],
                &["album_table", "services", "history", "histogram"],
            ),
        }
    }
}

/// An arrangement under a name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedLayout {
    /// Its name.
    pub name: String,
    /// What stands where.
    pub arrangement: Arrangement,
}

/// Where the window of a view was last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowPlace {
    /// Id of the view.
    pub view: String,
    /// Upper left corner on the desktop, points; `None` where the system does not tell.
    pub position: Option<[f32; 2]>,
    /// Size inside its frame, points.
    pub size: [f32; 2],
}

/// Why a name cannot be given to a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRefusal {
    /// Nothing but spaces.
    #[error("Type a name")]
    Empty,
    /// Longer than forty letters.
    #[error("A name has at most 40 letters")]
    TooLong,
    /// One of the program's.
    #[error("That is a layout of the program")]
    BuiltIn,
    /// There is one of that name.
    #[error("There is a layout of that name")]
    Taken,
    /// Forty are kept.
    #[error("Forty layouts are kept already: delete one first")]
    TooMany,
}

/// Settings of the meter panels: what stands where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayoutSettings {
    /// What stands where now.
    pub now: Arrangement,
    /// Name of the layout chosen last.
    pub chosen: String,
    /// The user's own, in the order they were made.
    pub own: Vec<NamedLayout>,
    /// Where windows stood.
    pub window_places: Vec<WindowPlace>,
}

impl Default for LayoutSettings {
    fn default() -> Self {
        Self {
            now: Arrangement::default(),
            chosen: BuiltIn::Calm.label().to_owned(),
            own: Vec::new(),
            window_places: Vec::new(),
        }
    }
}

impl LayoutSettings {
    /// Takes up a layout of the program; windows stay as they are.
    pub fn choose_built_in(&mut self, layout: BuiltIn) {
        let windows = std::mem::take(&mut self.now.windows);
        self.now = Arrangement { windows, ..layout.arrangement() };
        layout.label().clone_into(&mut self.chosen);
    }

    /// Takes up a layout of the user, with its windows.
    pub fn choose_own(&mut self, name: &str) {
        if let Some(layout) = self.own.iter().find(|l| l.name == name) {
            self.now = layout.arrangement.clone();
            name.clone_into(&mut self.chosen);
        }
    }

    /// The layout chosen last, as it was saved; the calm one where it is gone.
    fn saved(&self) -> Arrangement {
        let own = self.own.iter().find(|l| l.name == self.chosen).map(|l| l.arrangement.clone());
        let built_in = || BuiltIn::ALL.into_iter().find(|b| b.label() == self.chosen);
        own.unwrap_or_else(|| built_in().unwrap_or(BuiltIn::Calm).arrangement())
    }

    /// Whether something was moved since the layout was chosen.
    pub fn is_changed(&self) -> bool {
        !self.now.is_like(&self.saved())
    }

    /// Puts everything back as the chosen layout says; windows stay.
    pub fn reset(&mut self) {
        let windows = std::mem::take(&mut self.now.windows);
        self.now = Arrangement { windows, ..self.saved() };
    }

    /// Why the arrangement cannot be kept under a name; one of the user's of that name is replaced and no reason.
    pub fn save_refusal(&self, name: &str) -> Option<NameRefusal> {
        let name = name.trim();
        let known = self.own.iter().any(|l| l.name == name);
        if !known && self.own.len() >= MOST_LAYOUTS {
            return Some(NameRefusal::TooMany);
        }
        refusal_of(name)
    }

    /// Keeps what stands where now under a name.
    ///
    /// # Errors
    /// [`Self::save_refusal`].
    pub fn save_as(&mut self, name: &str) -> Result<(), NameRefusal> {
        if let Some(refusal) = self.save_refusal(name) {
            return Err(refusal);
        }
        let (name, arrangement) = (name.trim().to_owned(), self.now.clone());
        self.chosen.clone_from(&name);
        match self.own.iter_mut().find(|l| l.name == name) {
            Some(layout) => layout.arrangement = arrangement,
            None => self.own.push(NamedLayout { name, arrangement }),
        }
        Ok(())
    }

    /// Why a layout cannot be given a new name.
    pub fn rename_refusal(&self, from: &str, to: &str) -> Option<NameRefusal> {
        let to = to.trim();
        let taken = to != from && self.own.iter().any(|l| l.name == to);
        refusal_of(to).or(taken.then_some(NameRefusal::Taken))
    }

    /// Gives a layout of the user another name.
    ///
    /// # Errors
    /// [`Self::rename_refusal`].
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), NameRefusal> {
        if let Some(refusal) = self.rename_refusal(from, to) {
            return Err(refusal);
        }
        if let Some(layout) = self.own.iter_mut().find(|l| l.name == from) {
            to.trim().clone_into(&mut layout.name);
            if self.chosen == from {
                to.trim().clone_into(&mut self.chosen);
            }
        }
        Ok(())
    }

    /// Forgets a layout of the user; what stands where stays.
    pub fn remove(&mut self, name: &str) {
        self.own.retain(|l| l.name != name);
        if self.chosen == name {
            BuiltIn::Calm.label().clone_into(&mut self.chosen);
        }
    }

    /// Where the window of a view was last.
    pub fn window_place(&self, view: &str) -> Option<&WindowPlace> {
        self.window_places.iter().find(|p| p.view == view)
    }

    /// Remembers where the window of a view is.
    pub fn set_window_place(&mut self, place: WindowPlace) {
        match self.window_places.iter_mut().find(|p| p.view == place.view) {
            Some(known) => *known = place,
            None => self.window_places.push(place),
        }
    }
}

fn refusal_of(name: &str) -> Option<NameRefusal> {
    if name.is_empty() {
        Some(NameRefusal::Empty)
    } else if name.chars().count() > LONGEST_NAME {
        Some(NameRefusal::TooLong)
    } else {
        let same = |b: &BuiltIn| b.label().eq_ignore_ascii_case(name);
        BuiltIn::ALL.iter().any(same).then_some(NameRefusal::BuiltIn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(layout: &LayoutSettings) -> Vec<&str> {
        layout.now.column.iter().map(|p| p.view.as_str()).collect()
    }

    #[test]
    fn a_view_moves_before_the_one_that_is_there() {
        let mut layout = LayoutSettings::default();
        assert_eq!(column(&layout), ["level", "loudness", "spectrum", "field"]);
        layout.now.move_in_column("field", 0);
        assert_eq!(column(&layout), ["field", "level", "loudness", "spectrum"]);
        layout.now.move_in_column("field", 2);
        assert_eq!(column(&layout), ["level", "field", "loudness", "spectrum"]);
        layout.now.move_in_column("level", 9);
        assert_eq!(column(&layout), ["field", "loudness", "spectrum", "level"]);
        layout.now.move_in_column("nothing", 0);
        assert!(layout.is_changed());
        layout.reset();
        assert_eq!(column(&layout), ["level", "loudness", "spectrum", "field"]);
    }

    #[test]
    fn own_layouts_are_saved_renamed_and_deleted_and_the_programs_are_not() {
        let mut layout = LayoutSettings::default();
        layout.now.toggle_window("spectrum");
        layout.now.toggle_strip("history");
        assert_eq!(layout.now.strip_front, "history");
        layout.save_as(" Mine ").unwrap();
        assert_eq!((layout.chosen.as_str(), layout.is_changed()), ("Mine", false));
        layout.choose_built_in(BuiltIn::Spectrum);
        assert!(layout.now.in_window("spectrum") && !layout.now.in_strip("history"), "windows stay");
        layout.now.toggle_window("spectrum");
        layout.choose_own("Mine");
        assert!(layout.now.in_window("spectrum") && layout.now.in_strip("history"), "and come back");
        assert_eq!(layout.rename("Mine", "calm"), Err(NameRefusal::BuiltIn));
        assert_eq!(layout.save_as("  "), Err(NameRefusal::Empty));
        assert_eq!(layout.save_as(&"x".repeat(41)), Err(NameRefusal::TooLong));
        layout.rename("Mine", "Ours").unwrap();
        assert_eq!(layout.chosen, "Ours");
        layout.save_as("Other").unwrap();
        assert_eq!(layout.rename("Ours", "Other"), Err(NameRefusal::Taken));
        layout.remove("Other");
        assert_eq!((layout.own.len(), layout.chosen.as_str()), (1, "Calm"));
    }

    #[test]
    fn what_a_later_version_wrote_is_kept_and_what_an_earlier_one_left_out_is_filled() {
        let text =
            r#"{"now": {"column": [{"view": "hologram"}], "strip": ["level"]}, "own": [{"name": "A"}]}"#;
        let layout: LayoutSettings = serde_json::from_str(text).unwrap();
        assert!(layout.now.in_column("hologram") && layout.now.column_shown);
        assert_eq!(layout.own[0].arrangement, Arrangement::default());
        let again: LayoutSettings = serde_json::from_value(serde_json::to_value(&layout).unwrap()).unwrap();
        assert_eq!(again, layout);
    }

    #[test]
    fn heights_nobody_can_mean_are_none() {
        let text = r#"{"now": {"column": [{"view": "a", "height": 1e38}, {"view": "b", "height": -3},
            {"view": "c", "height": 1e9}, {"view": "d", "height": 120.5}]}}"#;
        let layout: LayoutSettings = serde_json::from_str(text).unwrap();
        let heights: Vec<f32> = layout.now.column.iter().map(ViewPlace::chosen_height).collect();
        assert_eq!(heights, [MOST_HEIGHT, 0.0, MOST_HEIGHT, 120.5]);
        for height in [f32::NAN, f32::INFINITY] {
            assert_eq!(ViewPlace { height, ..ViewPlace::default() }.chosen_height(), 0.0);
        }
    }

    #[test]
    fn a_window_place_replaces_the_one_before() {
        let mut layout = LayoutSettings::default();
        let place =
            |x| WindowPlace { view: "level".to_owned(), position: Some([x, 2.0]), size: [300.0, 400.0] };
        layout.set_window_place(place(1.0));
        layout.set_window_place(place(5.0));
        assert_eq!(layout.window_places, [place(5.0)]);
    }
}
