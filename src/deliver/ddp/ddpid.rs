//! DDPID: one 128-byte record that says what the set is (DDP 2.00; ddp.md section 3).
//!
//! | offset | width | field |
//! |---|---|---|
//! | 0 | 8 | level, `DDP 2.00` |
//! | 8 | 13 | UPC/EAN |
//! | 38 | 48 | master ID |
//! | 87 | 2 | type, `CD` |
//! | 93 | 2 + 33 | length and text of a user text (two layouts are in use; none is written) |

use super::fields;

/// Length of the record.
pub const LENGTH: usize = 128;
/// The level written.
pub const LEVEL: &str = "DDP 2.00";
/// The older level that is still read.
pub const LEVEL_1: &str = "DDP 1.01";

/// Identity of a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `DDP 2.00`.
    pub level: String,
    /// 12 or 13 digits, or empty.
    pub upc: String,
    /// Catalogue or job number; never reaches the disc.
    pub master_id: String,
    /// `CD` for an audio CD, `DV` for a DVD; empty in DDP 1.01.
    pub kind: String,
    /// User text; read only.
    pub text: String,
}

impl Identity {
    /// The identity of an audio CD.
    pub fn audio_cd(upc: &str, master_id: &str) -> Self {
        Self {
            level: LEVEL.to_owned(),
            upc: upc.to_owned(),
            master_id: master_id.to_owned(),
            kind: "CD".to_owned(),
            text: String::new(),
        }
    }

    /// The record. The user text is left out: its place is disputed and it never reaches the disc.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let mut record = [b' '; LENGTH];
        fields::put_text(&mut record, 0, 8, &self.level);
        fields::put_text(&mut record, 8, 13, &self.upc);
        fields::put_text(&mut record, 38, 48, &self.master_id);
        fields::put_text(&mut record, 87, 2, &self.kind);
        record
    }

    /// Reads a record of any length; what is missing is empty.
    pub fn from_bytes(record: &[u8]) -> Self {
        let level = fields::text(record, 0, 8);
        let old = level == LEVEL_1;
        Self {
            upc: fields::text(record, 8, 13),
            master_id: fields::text(record, 38, 48),
            kind: if old { String::new() } else { fields::text(record, 87, 2) },
            text: if old { user_text(record, 86, 40) } else { user_text_2(record) },
            level,
        }
    }
}

/// A text behind its two-digit length.
fn user_text(record: &[u8], offset: usize, width: usize) -> String {
    let length = fields::number(record, offset, 2).map_or(0, |n| n as usize).min(width);
    fields::text(record, offset + 2, length)
}

/// Length at 93 (some programs) or at 94 (Sonoris, HOFA): the latter leave 93 blank and have a digit at 95.
fn user_text_2(record: &[u8]) -> String {
    let second_layout =
        fields::raw(record, 93, 1) == b" " && fields::raw(record, 95, 1).iter().all(u8::is_ascii_digit);
    if second_layout { user_text(record, 94, 32) } else { user_text(record, 93, 33) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_is_written_as_published() {
        // ddp.md section 12.1.
        let record = Identity::audio_cd("0123456789012", "").to_bytes();
        let mut want = b"DDP 2.000123456789012".to_vec();
        want.resize(87, b' ');
        want.extend_from_slice(b"CD");
        want.resize(128, b' ');
        assert_eq!(record.to_vec(), want);
        assert_eq!(Identity::from_bytes(&record), Identity::audio_cd("0123456789012", ""));
    }

    #[test]
    fn both_layouts_of_the_user_text_are_read() {
        let mut record = Identity::audio_cd("", "CAT 1").to_bytes();
        fields::put_text(&mut record, 93, 35, " 5HELLO");
        assert_eq!(Identity::from_bytes(&record).text, "HELLO");
        let mut record = Identity::audio_cd("", "CAT 1").to_bytes();
        fields::put_text(&mut record, 93, 35, " 05HELLO");
        assert_eq!(Identity::from_bytes(&record).text, "HELLO");
        let mut record = Identity::audio_cd("", "CAT 1").to_bytes();
        fields::put_text(&mut record, 93, 35, "  5HELLO");
        assert_eq!(Identity::from_bytes(&record).text, "HELLO");
    }

    #[test]
    fn any_length_is_read_without_harm() {
        let record = Identity::audio_cd("0123456789012", "CAT").to_bytes();
        for n in 0..=record.len() {
            assert!(Identity::from_bytes(&record[..n]).level.len() <= 8);
        }
    }
}
