//! The PQ descriptor: 64-byte packets that say where every track and index starts (ddp.md section 5).
//!
//! | offset | width | field |
//! |---|---|---|
//! | 0 | 4 | `VVVS` |
//! | 4 | 2 | track: `00` lead-in, `01`–`99`, `AA` lead-out |
//! | 6 | 2 | index |
//! | 8 | 2 | hours, blank |
//! | 10 | 2 + 2 + 2 | minutes, seconds, frames from the start of the image |
//! | 16 | 2 | control nibble as a hex digit; `1` or `S` (serial copy management) |
//! | 20 | 12 | ISRC, on a track's first packet |
//! | 32 | 13 | UPC/EAN, on the lead-in |

use super::disc::{Disc, Flags};
use super::fields;
use crate::units::CdFrames;

/// Length of a packet.
pub const LENGTH: usize = 64;

/// Which part of the disc a packet speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PqTrack {
    /// `00`.
    LeadIn,
    /// 1 to 99.
    Number(u8),
    /// `AA`.
    LeadOut,
    /// Anything else.
    Unknown,
}

/// One PQ packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PqPacket {
    /// `VVVS`.
    pub marker: String,
    /// Track.
    pub track: PqTrack,
    /// Index; `None` when not a number.
    pub index: Option<u8>,
    /// Hours field as it stands; blank in practice.
    pub hours: String,
    /// Position from the start of the image; `None` when not a time.
    pub time: Option<CdFrames>,
    /// Control flags; `None` when not valid.
    pub flags: Option<Flags>,
    /// ISRC or empty.
    pub isrc: String,
    /// UPC/EAN or empty.
    pub upc: String,
}

impl PqPacket {
    fn new(track: PqTrack, index: u8, time: CdFrames, flags: Flags) -> Self {
        Self {
            marker: "VVVS".to_owned(),
            track,
            index: Some(index),
            hours: String::new(),
            time: Some(time),
            flags: Some(flags),
            isrc: String::new(),
            upc: String::new(),
        }
    }

    /// The packet as written.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let mut record = [b' '; LENGTH];
        fields::put_text(&mut record, 0, 4, &self.marker);
        let track = match self.track {
            PqTrack::LeadIn => "00".to_owned(),
            PqTrack::Number(n) => format!("{n:02}"),
            PqTrack::LeadOut => "AA".to_owned(),
            PqTrack::Unknown => String::new(),
        };
        fields::put_text(&mut record, 4, 2, &track);
        fields::put_text(&mut record, 6, 2, &self.index.map_or(String::new(), |i| format!("{i:02}")));
        if let Some((m, s, f)) = self.time.map(CdFrames::msf) {
            fields::put_text(&mut record, 10, 6, &format!("{m:02}{s:02}{f:02}"));
        }
        if let Some(flags) = self.flags {
            fields::put_text(&mut record, 16, 2, &control_text(flags));
        }
        fields::put_text(&mut record, 20, 12, &self.isrc);
        fields::put_text(&mut record, 32, 13, &self.upc);
        record
    }

    /// Reads a packet of any length; what is missing is empty.
    pub fn from_bytes(record: &[u8]) -> Self {
        Self {
            marker: fields::text(record, 0, 4),
            track: track_of(&fields::text(record, 4, 2)),
            index: fields::number(record, 6, 2).and_then(|n| u8::try_from(n).ok()),
            hours: fields::text(record, 8, 2),
            time: time_of(record),
            flags: control_from_text(&fields::text(record, 16, 2)),
            isrc: fields::text(record, 20, 12),
            upc: fields::text(record, 32, 13),
        }
    }
}

/// The two control characters of a packet: the Q control nibble in hex, then `1` or `S`.
pub fn control_text(flags: Flags) -> String {
    let nibble = u8::from(flags.pre_emphasis)
        | u8::from(flags.copy) << 1
        | u8::from(flags.data) << 2
        | u8::from(flags.four_channel) << 3;
    format!("{nibble:X}{}", if flags.scms { 'S' } else { '1' })
}

/// The flags of two control characters; `None` when they are none.
pub fn control_from_text(text: &str) -> Option<Flags> {
    let mut chars = text.chars();
    let (nibble, address, None) = (chars.next()?.to_digit(16)?, chars.next()?, chars.next()) else {
        return None;
    };
    if !matches!(address, '1' | 'S') {
        return None;
    }
    Some(Flags {
        pre_emphasis: nibble & 1 != 0,
        copy: nibble & 2 != 0,
        data: nibble & 4 != 0,
        four_channel: nibble & 8 != 0,
        scms: address == 'S',
    })
}

/// The packets of a disc: lead-in, every index of every track, the lead-out twice.
pub fn packets_of(disc: &Disc) -> Vec<PqPacket> {
    let mut lead_in = PqPacket::new(PqTrack::LeadIn, 0, CdFrames(0), Flags::default());
    lead_in.upc.clone_from(&disc.upc);
    let mut packets = vec![lead_in];
    for (number, track) in (1u8..).zip(&disc.tracks) {
        let first = packets.len();
        let of = |index, time| PqPacket::new(PqTrack::Number(number), index, time, track.flags);
        packets.extend(track.pause.map(|time| of(0, time)));
        packets.extend((1u8..).zip(&track.indexes).map(|(index, &time)| of(index, time)));
        if let Some(packet) = packets.get_mut(first) {
            packet.isrc.clone_from(&track.isrc);
        }
    }
    let lead_out = PqPacket::new(PqTrack::LeadOut, 1, disc.lead_out, Flags::default());
    packets.extend([lead_out.clone(), lead_out]);
    packets
}

/// Packets as a file.
pub fn to_bytes(packets: &[PqPacket]) -> Vec<u8> {
    packets.iter().flat_map(PqPacket::to_bytes).collect()
}

/// A whole descriptor; a rest shorter than a packet is left out.
pub fn parse(descriptor: &[u8]) -> Vec<PqPacket> {
    descriptor.chunks_exact(LENGTH).map(PqPacket::from_bytes).collect()
}

fn track_of(text: &str) -> PqTrack {
    match text {
        "00" => PqTrack::LeadIn,
        "AA" => PqTrack::LeadOut,
        _ => match text.parse::<u8>() {
            Ok(n) if n > 0 && text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) => {
                PqTrack::Number(n)
            }
            _ => PqTrack::Unknown,
        },
    }
}

fn time_of(record: &[u8]) -> Option<CdFrames> {
    let part = |offset| fields::number(record, offset, 2).and_then(|n| u32::try_from(n).ok());
    let (m, s, f) = (part(10)?, part(12)?, part(14)?);
    (s < 60 && f < 75).then(|| CdFrames::from_msf(m, s, f))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::disc::Track;
    use super::*;

    /// The disc of ddp.md section 12 (an experiment with cue2ddp).
    pub(crate) fn worked_example() -> Disc {
        let mut disc = Disc { upc: "0123456789012".to_owned(), lead_out: CdFrames(1650), ..Disc::default() };
        disc.texts.title = "Disc".to_owned();
        let mut one = Track { isrc: "USABC1111111".to_owned(), pause: Some(CdFrames(0)), ..Track::default() };
        one.texts.title = "One".to_owned();
        one.flags.pre_emphasis = true;
        one.indexes = vec![CdFrames(150), CdFrames(525)];
        let mut two = Track { pause: Some(CdFrames(750)), indexes: vec![CdFrames(900)], ..Track::default() };
        two.texts.title = "Two".to_owned();
        two.flags = Flags { copy: true, four_channel: true, ..Flags::default() };
        disc.tracks = vec![one, two];
        disc
    }

    #[test]
    fn the_worked_example_is_written_as_published() {
        // ddp.md section 12.3.
        let lines = [
            "VVVS0000  00000001              0123456789012",
            "VVVS0100  00000011  USABC1111111",
            "VVVS0101  00020011",
            "VVVS0102  00070011",
            "VVVS0200  001000A1",
            "VVVS0201  001200A1",
            "VVVSAA01  00220001",
            "VVVSAA01  00220001",
        ];
        let want: String = lines.iter().map(|l| format!("{l:64}")).collect();
        let packets = packets_of(&worked_example());
        let bytes = to_bytes(&packets);
        assert_eq!(String::from_utf8_lossy(&bytes), want);
        assert_eq!(parse(&bytes), packets);
    }

    #[test]
    fn control_characters_of_the_table() {
        // ddp.md section 5.
        let flags =
            |pre_emphasis, copy, scms, data| Flags { pre_emphasis, copy, scms, data, four_channel: false };
        for (text, want) in [
            ("01", flags(false, false, false, false)),
            ("11", flags(true, false, false, false)),
            ("21", flags(false, true, false, false)),
            ("31", flags(true, true, false, false)),
            ("0S", flags(false, false, true, false)),
            ("1S", flags(true, false, true, false)),
            ("41", flags(false, false, false, true)),
        ] {
            assert_eq!(control_from_text(text), Some(want), "{text}");
            assert_eq!(control_text(want), text);
        }
        for text in ["", "0", "02", "G1", "011"] {
            assert_eq!(control_from_text(text), None, "{text}");
        }
    }

    #[test]
    fn nonsense_in_a_field_is_none() {
        let packet = PqPacket::from_bytes(b"VVVS1x0a  006100Z1");
        assert_eq!(packet.track, PqTrack::Unknown);
        assert_eq!((packet.index, packet.time, packet.flags), (None, None, None));
        assert_eq!(track_of("+1"), PqTrack::Unknown);
    }
}
