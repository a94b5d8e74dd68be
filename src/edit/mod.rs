//! The only way a session changes: [`apply`] makes a new session from an old one and an [`Edit`].
//!
//! Nothing here has an inverse: undo keeps the old session ([`History`]), which costs what changed.

mod apply;
pub mod history;

use crate::model::{
    Chain, ChainRef, ChannelMode, Fade, FadeShape, Order, ParamValue, Slot, SlotId, SongId, SourceRef,
};
use crate::units::{Frames, SampleRate};

pub use apply::apply;
pub use history::{GestureId, History};

/// A text field of a song's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SongField {
    /// Title without version words.
    Title,
    /// Version.
    Version,
    /// Performer.
    Artist,
    /// Songwriter.
    Songwriter,
    /// Composer.
    Composer,
    /// Arranger.
    Arranger,
    /// Message.
    Message,
    /// ISRC; hyphens and spaces are removed.
    Isrc,
}

impl SongField {
    /// Every field, in the order of the metadata table.
    pub const ALL: [Self; 8] = [
        Self::Title,
        Self::Version,
        Self::Artist,
        Self::Isrc,
        Self::Songwriter,
        Self::Composer,
        Self::Arranger,
        Self::Message,
    ];

    /// As shown to the user.
    pub fn label(self) -> &'static str {
        match self {
            Self::Title => "Title",
            Self::Version => "Version",
            Self::Artist => "Performer",
            Self::Songwriter => "Songwriter",
            Self::Composer => "Composer",
            Self::Arranger => "Arranger",
            Self::Message => "Message",
            Self::Isrc => "ISRC",
        }
    }
}

/// A text field of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlbumField {
    /// Album title.
    Title,
    /// Album artist.
    Artist,
    /// Label.
    Label,
    /// Catalogue number.
    Catalog,
    /// UPC or EAN; hyphens and spaces are removed.
    Upc,
    /// Songwriter.
    Songwriter,
    /// Composer.
    Composer,
    /// Arranger.
    Arranger,
    /// Message.
    Message,
    /// Genre.
    Genre,
    /// Release date.
    ReleaseDate,
    /// Copyright line.
    Copyright,
    /// Mastering engineer.
    Engineer,
}

impl AlbumField {
    /// Every field, in the order of the metadata form.
    pub const ALL: [Self; 13] = [
        Self::Title,
        Self::Artist,
        Self::Label,
        Self::Catalog,
        Self::Upc,
        Self::Genre,
        Self::ReleaseDate,
        Self::Copyright,
        Self::Engineer,
        Self::Songwriter,
        Self::Composer,
        Self::Arranger,
        Self::Message,
    ];

    /// As shown to the user.
    pub fn label(self) -> &'static str {
        match self {
            Self::Title => "Album title",
            Self::Artist => "Album artist",
            Self::Label => "Label",
            Self::Catalog => "Catalogue number",
            Self::Upc => "UPC/EAN",
            Self::Songwriter => "Songwriter",
            Self::Composer => "Composer",
            Self::Arranger => "Arranger",
            Self::Message => "Message",
            Self::Genre => "Genre",
            Self::ReleaseDate => "Release date",
            Self::Copyright => "Copyright",
            Self::Engineer => "Mastering engineer",
        }
    }
}

/// A Red Book flag of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SongFlag {
    /// Digital copy permitted.
    CopyPermitted,
    /// 50/15 µs pre-emphasis.
    PreEmphasis,
}

/// One thing a user can do to a session. Times are frames at the session rate.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Takes sources in as songs at a place in the running order, each with `gap` before it (the first song of the
    /// album gets the pause of the disc, two seconds, instead).
    AddSongs {
        /// The files.
        sources: Vec<SourceRef>,
        /// Index of the first new song.
        at: usize,
        /// Silence before each.
        gap: Frames,
    },
    /// Takes songs out.
    RemoveSongs(Vec<SongId>),
    /// Moves a song in the running order; its gap, codes and chain travel with it.
    MoveSong {
        /// Which.
        song: SongId,
        /// Its new index.
        to: usize,
    },
    /// Gives a song another file; all work on it stays, trims are kept inside the new length.
    Relink {
        /// Which.
        song: SongId,
        /// The new file.
        source: SourceRef,
    },
    /// Silence before a song; negative overlaps the song before.
    SetGap {
        /// Which.
        song: SongId,
        /// The gap.
        gap: Frames,
    },
    /// First source frame heard.
    SetTrimStart {
        /// Which.
        song: SongId,
        /// Source frame.
        pos_source: Frames,
    },
    /// First source frame not heard any more.
    SetTrimEnd {
        /// Which.
        song: SongId,
        /// Source frame.
        pos_source: Frames,
    },
    /// Cuts a song in two at a source frame; the second part follows without a gap.
    SplitSong {
        /// Which.
        song: SongId,
        /// Source frame of the cut.
        pos_source: Frames,
    },
    /// Fade at the head.
    SetFadeIn {
        /// Which.
        song: SongId,
        /// The fade.
        fade: Fade,
    },
    /// Fade at the tail.
    SetFadeOut {
        /// Which.
        song: SongId,
        /// The fade.
        fade: Fade,
    },
    /// Curve of the crossfade with the song before.
    SetCrossShape {
        /// Which.
        song: SongId,
        /// The curve.
        shape: FadeShape,
    },
    /// Gain into the song's chain, dB.
    SetGain {
        /// Which.
        song: SongId,
        /// −60 to +24.
        gain_db: f64,
    },
    /// Level after the song's chain, dB.
    SetLevel {
        /// Which.
        song: SongId,
        /// −60 to +24.
        level_db: f64,
    },
    /// A text of a song.
    SetSongText {
        /// Which.
        song: SongId,
        /// Which field.
        field: SongField,
        /// The text.
        text: String,
    },
    /// A flag of a song.
    SetSongFlag {
        /// Which.
        song: SongId,
        /// Which flag.
        flag: SongFlag,
        /// On or off.
        on: bool,
    },
    /// Notes on a song.
    SetSongNotes {
        /// Which.
        song: SongId,
        /// The text.
        text: String,
    },
    /// A text of the release.
    SetAlbumText {
        /// Which field.
        field: AlbumField,
        /// The text.
        text: String,
    },
    /// Notes on the session.
    SetNotes(String),
    /// Counted round, from 1.
    SetRound(u32),
    /// Whether starts keep to CD frames.
    SetSnap(bool),
    /// Whether moving and trimming moves the songs after.
    SetRipple(bool),
    /// Seed of the dither noise.
    SetDitherSeed(u64),
    /// The ordered deliverables.
    SetOrders(Vec<Order>),
    /// Rate of the session; every time in it is scaled.
    SetSampleRate(SampleRate),
    /// A new processor in a chain.
    AddSlot {
        /// Which chain.
        chain: ChainRef,
        /// Its place.
        at: usize,
        /// Kind of processor.
        kind: String,
    },
    /// A slot copied from elsewhere (with its settings) into a chain.
    PasteSlot {
        /// Which chain.
        chain: ChainRef,
        /// Its place.
        at: usize,
        /// What to copy; its id is replaced.
        slot: Box<Slot>,
    },
    /// Takes a slot out.
    RemoveSlot {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
    },
    /// Moves a slot inside its chain.
    MoveSlot {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// Its new index.
        to: usize,
    },
    /// On or bypassed.
    SetSlotEnabled {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// On.
        enabled: bool,
    },
    /// Part of the signal a slot works on.
    SetSlotMode {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// The part.
        mode: ChannelMode,
    },
    /// Share of the processed signal.
    SetSlotWet {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// 0 to 1.
        wet: f64,
    },
    /// Values of a slot. Several at once are one step (a node dragged in frequency and gain).
    SetParams {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// Parameter ids and values; numbers are brought into range.
        values: Vec<(String, ParamValue)>,
    },
    /// Every parameter of a slot to its default.
    ResetSlot {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
    },
    /// The settings of a slot from another one of its kind (a preset): parameters, part of the signal, mix. Its
    /// identity and whether it is on stay.
    SetSlot {
        /// Which chain.
        chain: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// Where the settings come from.
        to: Box<Slot>,
    },
    /// A slot to the end of another chain.
    SendSlot {
        /// Where it stands.
        from: ChainRef,
        /// Which slot.
        slot: SlotId,
        /// The chain it goes to.
        to: ChainRef,
        /// Also stays where it was.
        keep: bool,
    },
    /// A whole chain (paste, preset, chain file).
    SetChain {
        /// Which chain.
        chain: ChainRef,
        /// The new one; ids are replaced.
        to: Chain,
    },
}

impl Edit {
    /// What the undo list calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddSongs { .. } => "Add songs",
            Self::RemoveSongs(_) => "Remove songs",
            Self::MoveSong { .. } => "Move song",
            Self::Relink { .. } => "Relink source",
            Self::SetGap { .. } => "Gap",
            Self::SetTrimStart { .. } => "Trim head",
            Self::SetTrimEnd { .. } => "Trim tail",
            Self::SplitSong { .. } => "Split song",
            Self::SetFadeIn { .. } => "Fade in",
            Self::SetFadeOut { .. } => "Fade out",
            Self::SetCrossShape { .. } => "Crossfade shape",
            Self::SetGain { .. } => "Song gain",
            Self::SetLevel { .. } => "Song level",
            Self::SetSongText { field, .. } => field.label(),
            Self::SetSongFlag { .. } => "Track flag",
            Self::SetSongNotes { .. } | Self::SetNotes(_) => "Notes",
            Self::SetAlbumText { field, .. } => field.label(),
            Self::SetRound(_) => "Round",
            Self::SetSnap(_) => "Snap to CD frames",
            Self::SetRipple(_) => "Ripple",
            Self::SetDitherSeed(_) => "Dither seed",
            Self::SetOrders(_) => "Deliverables",
            Self::SetSampleRate(_) => "Session rate",
            Self::AddSlot { .. } => "Add processor",
            Self::PasteSlot { .. } => "Paste processor",
            Self::RemoveSlot { .. } => "Remove processor",
            Self::MoveSlot { .. } => "Move processor",
            Self::SetSlotEnabled { .. } => "Bypass",
            Self::SetSlotMode { .. } => "Channel mode",
            Self::SetSlotWet { .. } => "Mix",
            Self::SetParams { .. } => "Parameter",
            Self::ResetSlot { .. } => "Reset processor",
            Self::SetSlot { .. } => "Load preset",
            Self::SendSlot { keep: true, .. } => "Copy processor",
            Self::SendSlot { keep: false, .. } => "Move processor",
            Self::SetChain { .. } => "Change chain",
        }
    }
}

/// Why an edit was not done. The session stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The song is not in the session (any more).
    #[error("that song is no longer in the album")]
    NoSong,
    /// The slot is not in the chain (any more).
    #[error("that processor is no longer in the chain")]
    NoSlot,
    /// No such kind of processor.
    #[error("there is no processor “{0}”; the Process menu lists them all")]
    NoKind(String),
    /// A value that cannot be.
    #[error("{0}")]
    Value(String),
}
