//! The keys window and the about window.

use egui::{RichText, ScrollArea, Ui};

use super::{Next, foot, title};
use crate::app::Action;
use crate::app::action::Menu;
use crate::gui::theme::theme;

/// What the mouse does, beside the keys.
const HANDS: [(&str, &str); 9] = [
    ("Wheel", "zooms the timeline at the pointer"),
    ("Shift+wheel", "scrolls the timeline"),
    ("Ctrl+wheel", "zooms the height of the waves"),
    ("Middle drag", "pans the timeline"),
    ("Drag a clip", "moves it against the song before"),
    ("Drag an edge", "trims; the squares at the corners fade"),
    ("Double-click a number", "types it"),
    ("Shift+drag a number", "moves it a tenth as fast"),
    ("Alt+click a number", "resets it"),
];

/// Every key, by menu.
pub(super) fn keys_ui(ui: &mut Ui, filter: &mut String) -> Next {
    let t = theme();
    ui.set_width(520.0);
    title(ui, "Keys");
    let edit = egui::TextEdit::singleline(filter).hint_text("Filter").desired_width(200.0);
    ui.add(edit).accessible_name("Filter keys");
    ui.add_space(6.0);
    ScrollArea::vertical().max_height(420.0).auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("keys").num_columns(2).spacing([24.0, 3.0]).show(ui, |ui| {
            for menu in Menu::ALL {
                for action in Action::ALL.iter().filter(|a| a.menu() == menu && !a.key().is_empty()) {
                    row(ui, filter, &action.key_text(), action.name());
                }
            }
            for (hand, does) in HANDS {
                row(ui, filter, hand, does);
            }
        });
    });
    let mut next = Next::Stay;
    foot(ui, |ui| {
        if ui.button("Close").clicked() {
            next = Next::Close;
        }
        ui.label(RichText::new("Keys follow the printed letter.").size(t.small).color(t.text_weak));
    });
    next
}

fn row(ui: &mut Ui, filter: &str, key: &str, name: &str) {
    let t = theme();
    let needle = filter.to_lowercase();
    if !key.to_lowercase().contains(&needle) && !name.to_lowercase().contains(&needle) {
        return;
    }
    ui.label(RichText::new(key).font(t.medium(t.body)));
    ui.label(name);
    ui.end_row();
}

/// Version, licences, trademarks.
pub(super) fn about_ui(ui: &mut Ui) -> Next {
    let t = theme();
    ui.set_width(460.0);
    title(ui, &format!("Glassmaster {}", env!("CARGO_PKG_VERSION")));
    ui.label("A real-time workstation for mastering engineers: mixes in, checked masters out.");
    ui.add_space(8.0);
    ui.label("Licensed under MIT OR Apache-2.0. Source sessions and mixes belong to whoever made them.");
    ui.add_space(8.0);
    for line in [
        "Text is set in Roboto, © Google, Apache License 2.0.",
        "MP3 files are written with LAME, LGPL 2 or later.",
        "DDP is a registered trademark of DCA, Inc. Glassmaster writes DDP 2.00 compatible filesets; it is not made or certified by DCA.",
    ] {
        ui.label(RichText::new(line).color(t.text_weak));
    }
    let mut next = Next::Stay;
    foot(ui, |ui| {
        if ui.button("Close").clicked() {
            next = Next::Close;
        }
    });
    next
}
