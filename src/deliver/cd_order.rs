//! What every CD deliverable shares: its settings, its disc, the way of the tap to 44.1 kHz and 16 bits, and the PQ sheet.
//!
//! The tap is taken from album frame 0, which is where the image begins once [`Disc::silence_in_front`] is written, so a
//! position on the album and its place on the disc are the same moment. What stands before track 1's index 01 is digital
//! zero, whatever ringing and dither the conversion has put there: the session is silent there, the plants' pre-gap holds
//! nothing (Red Book), and nothing behind the index changes by it.

use super::audio_order::{ASCII, AudioOrder, CEILING, DITHER, TRIM, ceiling_of};
use super::cd_image::{Pair, SECTOR_FRAMES};
use super::conform::{ConformRange, ConformReport};
use super::ddp::DeliverDdpError;
use super::ddp::cdtext::language_name;
use super::ddp::disc::{Disc, DiscOptions, Track};
use super::deliverable::DeliveryContext;
use super::master_file::AudioKind;
use super::naming::{NameFields, file_name};
use super::settings::{SettingDesc, SettingKind};
use super::songs::check_audio;
use super::{Chunk, DeliverError};
use crate::audio::format::SampleFormat;
use crate::model::Finding;
use crate::report::pq_sheet::{PqSheet, PqSheetTrack};
use crate::units::{Frames, SampleRate};

/// Rate of a CD.
pub(super) const CD_RATE: SampleRate = SampleRate(44_100);

const CD_TEXT: SettingDesc = SettingDesc {
    id: "cd_text",
    name: "CD-Text",
    kind: SettingKind::Switch { default: true },
    help: "Titles and performers on the disc itself, in ISO 8859-1.",
};
const TRANSLITERATE: SettingDesc = SettingDesc {
    id: "transliterate",
    name: "Plain letters in CD-Text",
    kind: SettingKind::Switch { default: false },
    help: "Letters CD-Text lacks are replaced by the nearest plain ones instead of being refused.",
};
const PQ_NAME: SettingDesc = SettingDesc {
    id: "pq_name",
    name: "Name of the PQ file",
    kind: SettingKind::Choice { words: &["PQDESCR", "SD"], default: "PQDESCR" },
    help: "PQDESCR everywhere; SD for a plant that asks for it.",
};

const fn name(default: &'static str) -> SettingDesc {
    SettingDesc {
        id: "pattern",
        name: "Name",
        kind: SettingKind::Text { default },
        help: "Fields: {artist} {album} {rate} {depth} {round} {cat}.",
    }
}

/// Settings of a DDP set.
pub const DDP: &[SettingDesc] =
    &[DITHER, CEILING, TRIM, CD_TEXT, TRANSLITERATE, PQ_NAME, ASCII, name("{artist} - {album} DDP")];
/// Settings of a BIN image.
pub const BIN_CUE: &[SettingDesc] = &[DITHER, CEILING, TRIM, ASCII, name("{artist} - {album} CD image BIN")];
/// Settings of a WAV image. Its cue sheet must not have the name of the other's.
pub const WAV_CUE: &[SettingDesc] = &[DITHER, CEILING, TRIM, ASCII, name("{artist} - {album} CD image WAV")];

/// Settings as the writers take them.
pub(super) fn order(cx: &DeliveryContext) -> AudioOrder {
    let settings = &cx.settings;
    AudioOrder {
        kind: AudioKind::Wav,
        format: SampleFormat::Int16,
        rate: CD_RATE,
        kbps: String::new(),
        dither: settings.text("dither").to_owned(),
        ceiling: ceiling_of(&cx.session, settings),
        has_tags: false,
        ascii_names: settings.is_on("ascii_names"),
        pattern: settings.text("pattern").to_owned(),
        folder: String::new(),
    }
}

/// The name of the set or image.
pub(super) fn stem(cx: &DeliveryContext) -> Result<String, DeliverError> {
    let order = order(cx);
    let fields = NameFields::of_album(&cx.session, order.rate, &order.depth());
    file_name(&order.pattern, &fields, "", order.ascii_names)
}

/// The disc of a session and what stands against it.
pub(super) fn disc(cx: &DeliveryContext, options: DiscOptions) -> (Disc, Vec<Finding>) {
    Disc::from_session_with(&cx.session, &cx.timeline, options)
}

/// Everything that is known before a byte is written.
pub(super) fn check(cx: &DeliveryContext, options: DiscOptions) -> Vec<Finding> {
    let mut findings = check_audio(cx, Ok(order(cx)));
    if !cx.session.songs.is_empty() {
        findings.extend(disc(cx, options).1);
    }
    findings
}

/// The tap on its way to sample pairs.
pub(super) struct PairStream {
    conform: ConformRange,
    pairs: Vec<Pair>,
    /// Pairs still to come before track 1's index 01.
    blank: usize,
}

/// Takes the pairs of an image in order.
type Take<'a> = &'a mut dyn FnMut(&[Pair]) -> Result<(), DeliverDdpError>;

impl PairStream {
    /// From album frame 0 to the end of the album, for a disc made from it.
    pub(super) fn new(cx: &DeliveryContext, disc: &Disc) -> Result<Self, DeliverError> {
        let end = cx.timeline.end;
        if cx.session.songs.is_empty() || end <= Frames::ZERO {
            return Err(DeliverError::Refused("there is no song to deliver".to_owned()));
        }
        let spec = order(cx).conform(&cx.session, end.as_len() as u64);
        let conform = ConformRange::new(spec, Frames::ZERO)?;
        let pause = disc.tracks.first().map_or(0, |t| t.start().0.saturating_sub(disc.silence_in_front.0));
        let blank = pause as usize * SECTOR_FRAMES;
        Ok(Self { conform, pairs: Vec::new(), blank })
    }

    /// Takes the next frames of the tap and gives on what is ready.
    pub(super) fn push(
        &mut self,
        start: Frames,
        (left, right): (&[f64], &[f64]),
        take: Take<'_>,
    ) -> Result<Result<(), DeliverDdpError>, DeliverError> {
        let chunk = self.conform.push(start, left, right)?;
        put_pairs(&mut self.pairs, &mut self.blank, &chunk);
        Ok(take(&self.pairs))
    }

    /// The last pairs, and what the way did.
    pub(super) fn finish(
        mut self,
        take: Take<'_>,
    ) -> Result<(ConformReport, Result<(), DeliverDdpError>), DeliverError> {
        let chunk = self.conform.finish()?;
        put_pairs(&mut self.pairs, &mut self.blank, &chunk);
        let taken = take(&self.pairs);
        Ok((self.conform.report(), taken))
    }
}

/// The pairs of a chunk; the first `blank` of the stream are zero.
fn put_pairs(pairs: &mut Vec<Pair>, blank: &mut usize, chunk: &Chunk<'_>) {
    pairs.clear();
    // 16 bits were asked for; the quantizer holds them to their range.
    if let Chunk::Int { frames, .. } = chunk {
        pairs.extend(frames.iter().map(|frame| frame.map(|sample| sample as i16)));
    }
    let blanked = pairs.len().min(*blank);
    pairs[..blanked].fill([0; 2]);
    *blank -= blanked;
}

/// The PQ sheet of a disc. Titles come from the session, so that a disc without CD-Text has them too.
pub(super) fn pq_sheet(cx: &DeliveryContext, disc: &Disc, source: &str, image_md5: &str) -> PqSheet {
    let album = &cx.session.metadata;
    let tracks = disc.tracks.iter().zip(&cx.session.songs).map(|(track, song)| {
        let Track { isrc, pause, indexes, .. } = track.clone();
        PqSheetTrack {
            title: song.metadata.full_title(),
            performer: song.metadata.artist_or(album).to_owned(),
            isrc,
            pause,
            indexes,
            flags: track.flags.words(),
        }
    });
    let language = language_name(disc.language).unwrap_or("another language");
    PqSheet {
        title: album.title.clone(),
        artist: album.artist.clone(),
        label: album.label.clone(),
        catalog: album.catalog.clone(),
        upc: disc.upc.clone(),
        engineer: album.engineer.clone(),
        date: cx.written_at.strftime("%Y-%m-%d").to_string(),
        format: "44.1 kHz 16-bit stereo, DDP 2.00".to_owned(),
        source: source.to_owned(),
        image_md5: image_md5.to_owned(),
        cd_text: if disc.has_text() { format!("yes, {language}") } else { "no".to_owned() },
        tracks: tracks.collect(),
        lead_out: disc.lead_out,
        remarks: String::new(),
    }
}
