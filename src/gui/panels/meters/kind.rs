//! The list of the meters' views. A view is one entry here and one function that draws it into all the room there is; where
//! it stands (column, lower panel, window) is no business of the view.

use egui::{Ui, vec2};

use super::album_table::album_table_ui;
use super::services::services_ui;
use super::{
    MeterPanels, bits_ui, correlation_ui, field_ui, histogram_ui, history_ui, level_ui, loudness_ui,
    spectrogram_ui, spectrum_ui, trace_ui,
};
use crate::app::{Action, Frame};
use crate::gui::outbox::Outbox;

/// Room a heading takes with the space below it, points.
const HEADING: f32 = 21.0;

/// A view of the meters.
pub struct View {
    /// Stable, for settings.
    pub id: &'static str,
    /// As shown.
    pub label: &'static str,
    /// The command that opens its window.
    pub window_action: Action,
    /// Smallest height with its heading, points.
    pub smallest_height: f32,
    /// Its share of what the column has left, beside the shares of others.
    pub growth: f32,
    /// Size of its window when it first opens, points.
    pub window_size: [f32; 2],
    /// Draws it with its heading into all the room of the `Ui`.
    pub ui: fn(&mut Ui, &Frame, &mut MeterPanels, &mut Outbox),
}

/// Declares the views once, in the order of the menus.
macro_rules! views {
    ($($(#[doc = $about:literal])* $kind:ident => $view:expr;)*) => {
        /// A view of the meters, by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MeterKind {
            $($(#[doc = $about])* $kind,)*
        }

        impl MeterKind {
            /// Every view, in the order of the menus.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// What is to be known of it.
            pub fn view(self) -> &'static View {
                match self {
                    $(Self::$kind => {
                        const VIEW: View = $view;
                        &VIEW
                    })*
                }
            }
        }
    };
}

views! {
    /// Peak, RMS, true peak.
    Level => View {
        id: "level",
        label: "Level",
        window_action: Action::LevelWindow,
        smallest_height: 139.0,
        growth: 1.3,
        window_size: [260.0, 420.0],
        ui: |ui, frame, _, out| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            level_ui(ui, frame, out, size);
        },
    };
    /// Bits of the words.
    Bits => View {
        id: "bits",
        label: "Bits",
        window_action: Action::BitsWindow,
        smallest_height: 122.0,
        growth: 0.2,
        window_size: [640.0, 160.0],
        ui: |ui, frame, _, _| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            bits_ui(ui, frame, size);
        },
    };
    /// M, S, I, range, maxima.
    Loudness => View {
        id: "loudness",
        label: "Loudness",
        window_action: Action::LoudnessWindow,
        smallest_height: 223.0,
        growth: 0.3,
        window_size: [360.0, 340.0],
        ui: |ui, frame, _, out| loudness_ui(ui, frame, out),
    };
    /// Loudness over the album or the last minutes.
    History => View {
        id: "history",
        label: "History",
        window_action: Action::HistoryWindow,
        smallest_height: 117.0,
        growth: 1.0,
        window_size: [1100.0, 320.0],
        ui: history_ui,
    };
    /// How often which loudness came.
    Histogram => View {
        id: "histogram",
        label: "Distribution",
        window_action: Action::HistogramWindow,
        smallest_height: 117.0,
        growth: 1.0,
        window_size: [560.0, 320.0],
        ui: histogram_ui,
    };
    /// Waveform and gain reduction of the last seconds.
    Trace => View {
        id: "trace",
        label: "Waveform",
        window_action: Action::TraceWindow,
        smallest_height: 117.0,
        growth: 1.0,
        window_size: [900.0, 300.0],
        ui: |ui, frame, _, out| trace_ui(ui, frame, out),
    };
    /// The live spectrum.
    Spectrum => View {
        id: "spectrum",
        label: "Spectrum",
        window_action: Action::SpectrumWindow,
        smallest_height: 117.0,
        growth: 1.2,
        window_size: [820.0, 420.0],
        ui: |ui, frame, _, out| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            spectrum_ui(ui, frame, size, out);
        },
    };
    /// The spectrum of the last minutes as a picture.
    Spectrogram => View {
        id: "spectrogram",
        label: "Spectrogram",
        window_action: Action::SpectrogramWindow,
        smallest_height: 117.0,
        growth: 1.2,
        window_size: [820.0, 420.0],
        ui: |ui, frame, _, out| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            spectrogram_ui(ui, frame, size, out);
        },
    };
    /// Goniometer and correlation.
    Field => View {
        id: "field",
        label: "Field",
        window_action: Action::FieldWindow,
        smallest_height: 190.0,
        growth: 1.2,
        window_size: [420.0, 500.0],
        ui: |ui, frame, _, out| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            field_ui(ui, frame, out, vec2(size.x, (size.y - 88.0).max(60.0)));
            correlation_ui(ui, frame, out, vec2(size.x, 62.0));
        },
    };
    /// Correlation by band, balance, mono sum.
    Correlation => View {
        id: "correlation",
        label: "Correlation",
        window_action: Action::CorrelationWindow,
        smallest_height: 100.0,
        growth: 0.4,
        window_size: [620.0, 380.0],
        ui: |ui, frame, _, out| {
            let size = ui.available_size() - vec2(0.0, HEADING);
            correlation_ui(ui, frame, out, size);
        },
    };
    /// The mastered songs side by side.
    AlbumTable => View {
        id: "album_table",
        label: "Album table",
        window_action: Action::AlbumWindow,
        smallest_height: 160.0,
        growth: 1.0,
        window_size: [1120.0, 460.0],
        ui: |ui, frame, panels, out| album_table_ui(ui, frame, &mut panels.album_table, out),
    };
    /// What services make of the master.
    Services => View {
        id: "services",
        label: "Services",
        window_action: Action::ServicesWindow,
        smallest_height: 160.0,
        growth: 1.0,
        window_size: [1120.0, 720.0],
        ui: |ui, frame, panels, out| services_ui(ui, frame, &mut panels.services, out),
    };
}

impl MeterKind {
    /// The one whose window a command opens.
    pub fn of(action: Action) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.view().window_action == action)
    }

    /// The one of an id; `None` for one this version does not have.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.id() == id)
    }

    /// Stable, for settings.
    pub fn id(self) -> &'static str {
        self.view().id
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        self.view().label
    }

    /// Draws it into all the room there is.
    pub fn ui(self, ui: &mut Ui, frame: &Frame, panels: &mut MeterPanels, out: &mut Outbox) {
        ui.spacing_mut().item_spacing.y = 5.0;
        (self.view().ui)(ui, frame, panels, out);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app::meter_settings::BuiltIn;

    #[test]
    fn ids_and_labels_are_unique_and_every_view_can_be_opened() {
        let ids: BTreeSet<_> = MeterKind::ALL.iter().map(|k| k.id()).collect();
        let labels: BTreeSet<_> = MeterKind::ALL.iter().map(|k| k.label()).collect();
        assert_eq!((ids.len(), labels.len()), (MeterKind::ALL.len(), MeterKind::ALL.len()));
        for &kind in MeterKind::ALL {
            assert_eq!(MeterKind::of(kind.view().window_action), Some(kind));
            assert_eq!(MeterKind::from_id(kind.id()), Some(kind));
        }
    }

    #[test]
    fn the_layouts_of_the_program_name_views_that_are_there() {
        for layout in BuiltIn::ALL {
            let arrangement = layout.arrangement();
            let column = arrangement.column.iter().map(|p| &p.view);
            for id in column.chain(&arrangement.strip) {
                assert!(MeterKind::from_id(id).is_some(), "{id} in {}", layout.label());
            }
        }
    }
}
