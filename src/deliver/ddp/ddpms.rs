//! DDPMS: the map stream, one 128-byte packet for each file of the set (DDP 2.00; ddp.md section 4).
//!
//! | offset | width | field |
//! |---|---|---|
//! | 0 | 4 | `VVVM` |
//! | 4 | 2 | DST, stream type: `S0` subcode, `D0` main data |
//! | 14 | 8 | DSL, length: bytes of a subcode file, sectors of the audio |
//! | 22 | 8 | DSS, start |
//! | 30 | 8 | SUB: `CDTEXT`, `PQ DESCR` |
//! | 38 | 2 | CDM: `DA` audio |
//! | 40 | 1 + 1 | SSM `7` whole sectors, SCR `1` |
//! | 46 | 4 | PRE2, sectors of track 1's pause held in the image |
//! | 55 | 2 | TRK |
//! | 71 | 3 + 17 | SIZ and DSI: the file's name |

use super::fields;

/// Length of a packet.
pub const LENGTH: usize = 128;
/// Width of a file name.
pub const NAME_WIDTH: usize = 17;

/// What a packet stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The audio image.
    Audio,
    /// The PQ descriptor.
    Pq,
    /// CD-Text packs.
    CdText,
    /// Anything else: data sessions, R–W subcode, text streams.
    Other,
}

/// One map packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MapPacket {
    /// `VVVM`.
    pub marker: String,
    /// DST.
    pub stream: String,
    /// DSL: bytes of a subcode file, sectors of the audio; `None` when blank or not a number.
    pub length: Option<u64>,
    /// DSS.
    pub start: Option<u64>,
    /// SUB.
    pub subcode: String,
    /// CDM.
    pub mode: String,
    /// SSM.
    pub storage: String,
    /// SCR.
    pub scrambling: String,
    /// PRE2.
    pub pregap: Option<u64>,
    /// TRK.
    pub track: String,
    /// DSI.
    pub name: String,
}

impl MapPacket {
    /// The packet of a CD-Text file of so many bytes.
    pub fn cd_text(name: &str, bytes: u64) -> Self {
        Self { subcode: "CDTEXT".to_owned(), track: "00".to_owned(), ..Self::file("S0", name, bytes) }
    }

    /// The packet of a PQ descriptor of so many bytes.
    pub fn pq(name: &str, bytes: u64) -> Self {
        Self { subcode: "PQ DESCR".to_owned(), ..Self::file("S0", name, bytes) }
    }

    /// The packet of an audio image of so many sectors, `pregap` of them before track 1's index 01.
    pub fn audio(name: &str, sectors: u32, pregap: u32) -> Self {
        Self {
            mode: "DA".to_owned(),
            storage: "7".to_owned(),
            scrambling: "1".to_owned(),
            pregap: Some(u64::from(pregap)),
            ..Self::file("D0", name, u64::from(sectors))
        }
    }

    fn file(stream: &str, name: &str, length: u64) -> Self {
        Self {
            marker: "VVVM".to_owned(),
            stream: stream.to_owned(),
            length: Some(length),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// What the packet stands for.
    pub fn kind(&self) -> Stream {
        match (self.stream.as_str(), self.subcode.as_str(), self.mode.as_str()) {
            ("D0", _, "DA") => Stream::Audio,
            ("S0", "PQ DESCR", _) => Stream::Pq,
            ("S0", "CDTEXT", _) => Stream::CdText,
            _ => Stream::Other,
        }
    }

    /// The packet as written.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let mut record = [b' '; LENGTH];
        fields::put_text(&mut record, 0, 4, &self.marker);
        fields::put_text(&mut record, 4, 2, &self.stream);
        for (value, offset, width) in [(self.length, 14, 8), (self.start, 22, 8), (self.pregap, 46, 4)] {
            if let Some(value) = value {
                fields::put_number(&mut record, offset, width, value);
            }
        }
        fields::put_text(&mut record, 30, 8, &self.subcode);
        fields::put_text(&mut record, 38, 2, &self.mode);
        fields::put_text(&mut record, 40, 1, &self.storage);
        fields::put_text(&mut record, 41, 1, &self.scrambling);
        fields::put_text(&mut record, 55, 2, &self.track);
        fields::put_number(&mut record, 71, 3, NAME_WIDTH as u64);
        fields::put_text(&mut record, 74, NAME_WIDTH, &self.name);
        record
    }

    /// Reads a packet of any length; what is missing is empty.
    pub fn from_bytes(record: &[u8]) -> Self {
        Self {
            marker: fields::text(record, 0, 4),
            stream: fields::text(record, 4, 2),
            length: fields::number(record, 14, 8),
            start: fields::number(record, 22, 8),
            subcode: fields::text(record, 30, 8),
            mode: fields::text(record, 38, 2),
            storage: fields::text(record, 40, 1),
            scrambling: fields::text(record, 41, 1),
            pregap: fields::number(record, 46, 4),
            track: fields::text(record, 55, 2),
            name: fields::text(record, 74, NAME_WIDTH),
        }
    }
}

/// A whole map stream; a rest shorter than a packet is left out.
pub fn parse(stream: &[u8]) -> Vec<MapPacket> {
    stream.chunks_exact(LENGTH).map(MapPacket::from_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_is_written_as_published() {
        // ddp.md section 12.2.
        let lines = [
            "VVVMS0              90        CDTEXT                   00               17CDTEXT.BIN",
            "VVVMS0             512        PQ DESCR                                  17SD",
            "VVVMD0            1650                DA71     150                      17IMAGE.DAT",
        ];
        let packets = [
            MapPacket::cd_text("CDTEXT.BIN", 90),
            MapPacket::pq("SD", 512),
            MapPacket::audio("IMAGE.DAT", 1650, 150),
        ];
        for (line, packet) in lines.iter().zip(&packets) {
            let want = format!("{line:128}");
            assert_eq!(String::from_utf8_lossy(&packet.to_bytes()), want);
            assert_eq!(MapPacket::from_bytes(&packet.to_bytes()), *packet);
        }
        assert_eq!(packets[0].kind(), Stream::CdText);
        assert_eq!(packets[1].kind(), Stream::Pq);
        assert_eq!(packets[2].kind(), Stream::Audio);
    }

    #[test]
    fn zero_padded_numbers_of_other_writers_read_the_same() {
        let mut record = MapPacket::audio("IMAGE.DAT", 1650, 150).to_bytes();
        fields::put_text(&mut record, 14, 8, "00001650");
        fields::put_text(&mut record, 22, 8, "00000000");
        fields::put_text(&mut record, 71, 3, "017");
        let packet = MapPacket::from_bytes(&record);
        assert_eq!((packet.length, packet.start, packet.name.as_str()), (Some(1650), Some(0), "IMAGE.DAT"));
    }
}
