//! Editors of processors: one that draws any of them from its parameters, and the ones with a picture.
//!
//! An editor reads a [`SlotView`], keeps what is only visual in [`EditorState`] and says what the engineer did as
//! [`Edit::SetParams`]; one drag is one gesture.

pub mod dynamics;
pub mod eq;
mod eq_bands;
mod eq_curve;
mod eq_nodes;
mod eq_rows;
pub mod generic;
mod groups;
mod header;
mod history;
pub mod limiter;
pub mod multiband;
mod multiband_plot;
pub mod saturator;
pub mod shaping;
mod spectra;
pub mod stereo;
pub mod trace;
mod transfer;

pub(crate) use header::mix_ui;

use egui::{Id, Response, RichText, Ui, vec2};

use crate::app::{Command, Frame};
use crate::edit::Edit;
use crate::gui::outbox::Outbox;
use crate::gui::theme::theme;
use crate::model::{ChainRef, Slot};
use crate::process::{self, Kind, ParamDesc, ParamIndex, Values, values_of};

/// Turns of the wheel further apart than this are steps of their own, seconds.
const WHEEL_PAUSE_S: f64 = 0.6;

/// A slot of a known kind with the value of every parameter.
pub struct SlotView<'a> {
    /// Where it stands.
    pub chain: ChainRef,
    /// The slot.
    pub slot: &'a Slot,
    /// What it is.
    pub kind: &'static dyn Kind,
    /// Its values.
    pub values: Values,
}

impl<'a> SlotView<'a> {
    /// The slot as an editor sees it; `None` if its kind is unknown to this version.
    pub fn new(chain: ChainRef, slot: &'a Slot) -> Option<Self> {
        let kind = process::find(&slot.kind)?;
        let (values, _) = values_of(kind, &slot.params);
        Some(Self { chain, slot, kind, values })
    }

    /// The parameters of its kind.
    pub fn params(&self) -> &'static [ParamDesc] {
        self.kind.params()
    }

    /// The parameter with this id.
    pub fn index(&self, id: &str) -> Option<ParamIndex> {
        self.params().iter().position(|p| p.id == id)
    }

    /// The value of the parameter with this id.
    pub fn value(&self, id: &str) -> Option<f64> {
        self.index(id).map(|index| self.values.get(index))
    }

    /// The edit that gives parameters new values, as one step.
    pub fn edit(&self, values: &[(ParamIndex, f64)]) -> Edit {
        let params = self.params();
        let values = values
            .iter()
            .map(|&(index, value)| {
                let param = &params[index];
                (param.id.to_string(), param.to_param_value(param.clamped(value)))
            })
            .collect();
        Edit::SetParams { chain: self.chain, slot: self.slot.id, values }
    }

    /// The values that choose a word: with it what has to follow.
    fn choosing(&self, index: ParamIndex, word: usize) -> Vec<(ParamIndex, f64)> {
        if self.kind.id() == "multiband" && index == crate::process::multiband::COUNT {
            return multiband::counted(self, word);
        }
        vec![(index, word as f64)]
    }

    /// An id for a control of this slot.
    pub fn id(&self, what: impl std::hash::Hash + std::fmt::Debug) -> Id {
        Id::unique(("slot", self.slot.id.0)).with(what)
    }
}

/// What is only visual in the editors.
#[derive(Debug, Default)]
pub struct EditorState {
    eq: eq::EqState,
    multiband: multiband::MultibandState,
    traces: trace::Traces,
    header: header::HeaderState,
}

impl EditorState {
    /// Takes up what must be followed between frames; call once a frame.
    pub fn take(&mut self, ui: &Ui, frame: &Frame) {
        self.traces.take(ui.input(|i| i.time), frame);
    }
}

/// Says that the Delete key belongs to what has the keyboard; call while it has. See [`keeps_delete`].
pub(crate) fn keep_delete(ctx: &egui::Context) {
    let pass = ctx.cumulative_pass_nr();
    ctx.data_mut(|d| d.insert_temp(Id::unique("delete belongs to the focus"), pass));
}

/// Whether the Delete key means what has the keyboard (a band, a slot) rather than the selected song.
pub fn keeps_delete(ctx: &egui::Context) -> bool {
    let last = ctx.data(|d| d.get_temp::<u64>(Id::unique("delete belongs to the focus")));
    last.is_some_and(|pass| pass + 1 >= ctx.cumulative_pass_nr())
}

/// Draws the editor of a slot into all of `ui`.
pub fn editor_ui(ui: &mut Ui, frame: &Frame, view: &SlotView<'_>, state: &mut EditorState, out: &mut Outbox) {
    header::header_ui(ui, frame, view, &mut state.header, out);
    ui.add_space(4.0);
    match view.kind.id() {
        "eq" => eq::eq_ui(ui, frame, view, &mut state.eq, out),
        "compressor" => dynamics::compressor_ui(ui, frame, view, &state.traces, out),
        "expander" => dynamics::expander_ui(ui, frame, view, &state.traces, out),
        "deesser" => shaping::deesser_ui(ui, frame, view, &state.traces, out),
        "transient" => shaping::transient_ui(ui, frame, view, &state.traces, out),
        "multiband" => multiband::multiband_ui(ui, frame, view, &mut state.multiband, out),
        "saturator" => saturator::saturator_ui(ui, frame, view, &state.traces, out),
        "width" => stereo::stereo_ui(ui, frame, view, out),
        "gain" => shaping::gain_ui(ui, view, out),
        "dc_filter" => shaping::dc_filter_ui(ui, view, out),
        "limiter" => limiter::limiter_ui(ui, frame, view, &state.traces, out),
        _ => generic::generic_ui(ui, view, out),
    }
}

/// A slot whose processor this version does not know.
pub fn unknown_ui(ui: &mut Ui, slot: &Slot) {
    let t = theme();
    ui.label(RichText::new(&slot.kind).font(t.medium(t.title)));
    ui.add_space(4.0);
    ui.label(RichText::new("This version does not know this processor. It passes the sound unchanged; its settings are kept.").color(t.warning));
    ui.add_space(4.0);
    egui::ScrollArea::vertical().id_salt("unknown").show(ui, |ui| {
        for (id, value) in &slot.params {
            let value = serde_json::to_string(value).unwrap_or_default();
            ui.label(RichText::new(format!("{id}   {value}")).color(t.text_weak));
        }
    });
}

/// Notches the wheel turned over a control, up positive; they scroll nothing else.
pub(crate) fn wheel_notches(ui: &Ui, response: &Response) -> f64 {
    if !response.hovered() {
        return 0.0;
    }
    ui.input_mut(|input| {
        input.smooth_scroll_delta = vec2(0.0, 0.0);
        let notches = input.events.iter().filter_map(|event| match event {
            egui::Event::MouseWheel { unit: egui::MouseWheelUnit::Point, delta, .. } => Some(delta.y / 50.0),
            egui::Event::MouseWheel { delta, .. } => Some(delta.y),
            _ => None,
        });
        f64::from(notches.sum::<f32>())
    })
}

/// An edit by the wheel: turns without a pause are one step.
pub(crate) fn edit_by_wheel(ui: &Ui, response: &Response, edit: Edit, out: &mut Outbox) {
    let key = response.id.with("wheel");
    let now = ui.input(|i| i.time);
    let last = ui.data(|d| d.get_temp::<f64>(key));
    ui.data_mut(|d| d.insert_temp(key, now));
    let starts = last.is_none_or(|at| now - at > WHEEL_PAUSE_S);
    let gesture = out.gesture_of(key, starts);
    out.send(Command::Edit { edit, gesture: Some(gesture) });
}
