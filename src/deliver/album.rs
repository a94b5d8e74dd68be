//! The album as one file: from the start of the first song to the end of the last, gaps and segues as approved.

use std::path::{Path, PathBuf};

use super::DeliverError;
use super::audio_order::AudioOrder;
use super::deliverable::{Card, Deliverable, DeliveryContext, Sink};
use super::master_file::AudioKind;
use super::naming::{NameFields, file_name};
use super::songs::{Cut, begin_cuts, check_audio, cut_of_program};
use super::tags::Tags;
use crate::model::Finding;

/// The album as one file of a kind.
#[derive(Debug)]
pub struct AlbumFile {
    /// Container and coding.
    pub kind: AudioKind,
    /// What it says of itself.
    pub card: Card,
}

impl AlbumFile {
    fn order(&self, cx: &DeliveryContext) -> Result<AudioOrder, DeliverError> {
        AudioOrder::new(self.kind, &cx.session, &cx.settings)
    }

    fn cut(&self, cx: &DeliveryContext, order: &AudioOrder) -> Result<Cut, DeliverError> {
        let fields = NameFields::of_album(&cx.session, order.rate, &order.depth());
        let name = file_name(&order.pattern, &fields, self.kind.extension(), order.ascii_names)?;
        Ok(Cut {
            name,
            song: None,
            frames: cut_of_program(cx, order, cx.program()),
            tags: order.has_tags.then(|| Tags::of_album(&cx.session)),
        })
    }
}

impl Deliverable for AlbumFile {
    fn card(&self) -> &Card {
        &self.card
    }

    fn check(&self, cx: &DeliveryContext) -> Vec<Finding> {
        check_audio(cx, self.order(cx))
    }

    fn files(&self, cx: &DeliveryContext) -> Result<Vec<PathBuf>, DeliverError> {
        Ok(vec![PathBuf::from(self.cut(cx, &self.order(cx)?)?.name)])
    }

    fn begin(&self, cx: &DeliveryContext, out: &Path) -> Result<Box<dyn Sink>, DeliverError> {
        let order = self.order(cx)?;
        let cut = self.cut(cx, &order)?;
        begin_cuts(cx, &order, self.id(), out, None, vec![cut])
    }
}
