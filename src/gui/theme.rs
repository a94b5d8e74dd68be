//! The look: colours, sizes and fonts, read from `assets/theme.json`. The only file of the window that names a colour.
//!
//! Dark, calm, exact: neutral greys, text at two strengths, a 4 px grid, corners of 3 px. Colour carries meaning (gui.md,
//! section 4); text keeps a contrast of at least 4.5 : 1 (WCAG 2.1, level AA), which a test proves.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle,
    Vec2, Visuals,
};
use serde::Deserialize;

/// The tokens, compiled in.
const TOKENS: &str = include_str!("../../assets/theme.json");
const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Roboto-Regular.ttf");
const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/Roboto-Medium.ttf");

/// Name of the font family of the heavier weight.
const MEDIUM_FAMILY: &str = "medium";

#[derive(Deserialize)]
struct Tokens {
    sizes: BTreeMap<String, f32>,
    colours: BTreeMap<String, String>,
    spacing: f32,
    corner: u8,
}

/// Declares the colours once; the file must have every one.
macro_rules! colours {
    ($($name:ident: $about:literal,)*) => {
        /// Every colour and measure of the window.
        #[derive(Debug, Clone)]
        pub struct Theme {
            $(#[doc = $about] pub $name: Color32,)*
            /// One step of the spacing grid, points.
            pub grid: f32,
            /// Rounding of corners, points.
            pub corner: CornerRadius,
            /// 11 points: marks on scales, notes.
            pub small: f32,
            /// 12.5 points: everything else.
            pub body: f32,
            /// 14 points: readouts in a row.
            pub title: f32,
            /// 18 points: transport time.
            pub large: f32,
            /// 28 points: the big readouts.
            pub readout: f32,
        }

        impl Theme {
            fn read(tokens: &Tokens) -> Self {
                let colour = |name: &str| tokens.colours.get(name).map_or(Color32::PLACEHOLDER, |hex| from_hex(hex));
                let size = |name: &str| tokens.sizes.get(name).copied().unwrap_or(12.5);
                Self {
                    $($name: colour(stringify!($name)),)*
                    grid: tokens.spacing,
                    corner: CornerRadius::same(tokens.corner),
                    small: size("small"),
                    body: size("body"),
                    title: size("title"),
                    large: size("large"),
                    readout: size("readout"),
                }
            }
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name),)*];
    };
}

colours! {
    ground: "Behind waves, curves and meters.",
    panel: "Panels.",
    panel_raised: "Heads of panels, floating windows.",
    control: "Buttons and fields at rest.",
    control_hover: "Buttons under the pointer.",
    control_down: "Buttons pressed or open.",
    line: "Lines between things.",
    line_strong: "Lines of scales and handles.",
    text: "Text.",
    text_weak: "Labels, units, notes.",
    on_accent: "Text on a coloured button.",
    selection: "Ground of what is selected.",
    focus: "Ring round what has the keyboard.",
    mix: "The mix.",
    master: "The master; what is on.",
    master_light: "The master, bright.",
    round: "The last round.",
    reference: "A reference.",
    wave_peak: "Peaks of a wave.",
    wave_rms: "RMS of a wave.",
    wave_sel_peak: "Peaks of a selected song's wave.",
    wave_sel_rms: "RMS of a selected song's wave.",
    wave_ghost: "Audio trimmed away.",
    over: "Samples at full scale.",
    meter_low: "Meter below −6 dBFS.",
    meter_mid: "Meter from −6 dBFS.",
    meter_high: "Meter from −2 dBFS.",
    info: "A finding worth knowing.",
    warning: "A finding that wants a look.",
    error: "A finding that must be mended.",
    playhead: "Where sound is.",
    cursor: "Where play will begin.",
    band_1: "First band of an editor.",
    band_2: "Second band.",
    band_3: "Third band.",
    band_4: "Fourth band.",
    band_5: "Fifth band.",
    band_6: "Sixth band.",
    band_7: "Seventh band.",
    band_8: "Eighth band.",
    spectrogram_dark: "Silence in a spectrogram.",
    spectrogram_middle: "Half-way between silence and full level.",
    spectrogram_light: "Full level in a spectrogram.",
    shade: "Over what a question covers; use with `faded`.",
}

fn from_hex(hex: &str) -> Color32 {
    Color32::from_hex(hex).unwrap_or(Color32::PLACEHOLDER)
}

/// The theme in use.
pub fn theme() -> &'static Theme {
    static THEME: OnceLock<Theme> = OnceLock::new();
    THEME.get_or_init(|| match serde_json::from_str::<Tokens>(TOKENS) {
        Ok(tokens) => Theme::read(&tokens),
        // The file is compiled in and a test reads it; this is never seen.
        Err(_) => {
            Theme::read(&Tokens { sizes: BTreeMap::new(), colours: BTreeMap::new(), spacing: 4.0, corner: 3 })
        }
    })
}

/// A colour at a share of its strength, 0 to 1.
pub fn faded(colour: Color32, share: f32) -> Color32 {
    colour.gamma_multiply(share)
}

impl Theme {
    /// Text font at a size.
    pub fn font(&self, size: f32) -> FontId {
        FontId::new(size, FontFamily::Proportional)
    }

    /// The heavier weight at a size.
    pub fn medium(&self, size: f32) -> FontId {
        FontId::new(size, FontFamily::Name(MEDIUM_FAMILY.into()))
    }

    /// Colour of an editor's band, counted from 0; they repeat after eight.
    pub fn band(&self, index: usize) -> Color32 {
        [
            self.band_1,
            self.band_2,
            self.band_3,
            self.band_4,
            self.band_5,
            self.band_6,
            self.band_7,
            self.band_8,
        ][index % 8]
    }

    /// Colour of a level on a meter, dBFS.
    pub fn meter(&self, level_dbfs: f64) -> Color32 {
        if level_dbfs >= -2.0 {
            self.meter_high
        } else if level_dbfs >= -6.0 {
            self.meter_mid
        } else {
            self.meter_low
        }
    }

    /// A line between things.
    pub fn hairline(&self) -> Stroke {
        Stroke::new(1.0, self.line)
    }

    /// Frame of a panel: its ground and no margin.
    pub fn panel_frame(&self) -> egui::Frame {
        egui::Frame::NONE.fill(self.panel)
    }
}

/// Gives egui our fonts and our look.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.all_styles_mut(style);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("roboto".to_owned(), Arc::new(FontData::from_static(REGULAR)));
    fonts.font_data.insert("roboto_medium".to_owned(), Arc::new(FontData::from_static(MEDIUM)));
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &str| std::iter::once(first.to_owned()).chain(fallback.iter().cloned()).collect();
    fonts.families.insert(FontFamily::Proportional, family("roboto"));
    // Figures of Roboto are tabular; one family serves columns too.
    fonts.families.insert(FontFamily::Monospace, family("roboto"));
    fonts.families.insert(FontFamily::Name(MEDIUM_FAMILY.into()), family("roboto_medium"));
    fonts
}

fn style(style: &mut egui::Style) {
    let t = theme();
    style.text_styles = [
        (TextStyle::Small, t.font(t.small)),
        (TextStyle::Body, t.font(t.body)),
        (TextStyle::Button, t.font(t.body)),
        (TextStyle::Monospace, t.font(t.body)),
        (TextStyle::Heading, t.medium(t.title)),
    ]
    .into();
    style.animation_time = 0.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style.spacing.item_spacing = Vec2::new(8.0, 4.0);
    style.spacing.button_padding = Vec2::new(8.0, 3.0);
    style.spacing.interact_size = Vec2::new(24.0, 24.0);
    style.spacing.window_margin = Margin::same(12);
    style.spacing.menu_margin = Margin::same(4);
    style.spacing.icon_width = 14.0;
    style.spacing.combo_width = 80.0;
    style.spacing.scroll = egui::style::ScrollStyle::solid();
    style.spacing.scroll.bar_width = 8.0;
    style.visuals = visuals(t);
}

fn visuals(t: &Theme) -> Visuals {
    let mut v = Visuals::dark();
    v.override_text_color = None;
    v.weak_text_color = Some(t.text_weak);
    v.hyperlink_color = t.mix;
    v.faint_bg_color = t.panel_raised;
    v.extreme_bg_color = t.ground;
    v.text_edit_bg_color = Some(t.ground);
    v.code_bg_color = t.ground;
    v.warn_fg_color = t.warning;
    v.error_fg_color = t.error;
    v.panel_fill = t.panel;
    v.window_fill = t.panel_raised;
    v.window_stroke = Stroke::new(1.0, t.line_strong);
    v.window_corner_radius = t.corner;
    v.menu_corner_radius = t.corner;
    v.window_highlight_topmost = false;
    v.window_shadow = Shadow { offset: [0, 8], blur: 24, spread: 0, color: faded(t.shade, 0.5) };
    v.popup_shadow = Shadow { offset: [0, 4], blur: 12, spread: 0, color: faded(t.shade, 0.4) };
    v.selection.bg_fill = t.selection;
    v.selection.stroke = Stroke::new(1.0, t.master_light);
    v.text_cursor.stroke = Stroke::new(1.5, t.focus);
    v.text_cursor.blink = false;
    let widget = |fill: Color32, line: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: t.corner,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    v.widgets.noninteractive = widget(t.panel, t.line, t.text);
    v.widgets.inactive = widget(t.control, t.control, t.text);
    // Check boxes are seen on every ground.
    v.widgets.inactive.bg_fill = t.line_strong;
    v.widgets.hovered = widget(t.control_hover, t.line_strong, t.text);
    v.widgets.active = widget(t.control_down, t.focus, t.text);
    v.widgets.open = widget(t.control_down, t.line_strong, t.text);
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.1).
    fn luminance(c: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_file_names_every_colour_and_no_other() {
        let tokens: Tokens = serde_json::from_str(TOKENS).unwrap();
        let mut names: Vec<_> = NAMES.to_vec();
        names.sort_unstable();
        assert_eq!(names, tokens.colours.keys().map(String::as_str).collect::<Vec<_>>());
        for hex in tokens.colours.values() {
            assert!(Color32::from_hex(hex).is_ok(), "{hex}");
        }
        assert_eq!(tokens.sizes.len(), 5);
    }

    #[test]
    fn text_keeps_the_contrast_of_wcag_aa() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        let t = theme();
        let grounds = [t.ground, t.panel, t.panel_raised, t.control, t.selection];
        for text in [t.text, t.text_weak] {
            for ground in grounds {
                // Weak text is never set on a control or a selection by itself.
                if text == t.text_weak && (ground == t.control) {
                    continue;
                }
                assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {}", contrast(text, ground));
            }
        }
        for meaning in [t.mix, t.master, t.round, t.reference, t.info, t.warning, t.error, t.master_light] {
            for ground in [t.ground, t.panel] {
                assert!(
                    contrast(meaning, ground) >= 4.5,
                    "{meaning:?} on {ground:?}: {}",
                    contrast(meaning, ground)
                );
            }
        }
        for button in [t.mix, t.master, t.round, t.reference] {
            assert!(contrast(t.on_accent, button) >= 4.5, "{button:?}");
        }
    }

    #[test]
    fn figures_are_tabular() {
        let ctx = egui::Context::default();
        install(&ctx);
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let t = theme();
            let width = |c| ui.ctx().fonts_mut(|f| f.glyph_width(&t.font(t.body), c));
            let one = width('0');
            for figure in '1'..='9' {
                assert!((width(figure) - one).abs() < 0.01, "{figure}");
            }
        });
        output.drop_without_applying_deltas();
    }
}
