//! Checksums of a set: MD5 and CRC-32 while the bytes go by, the two lists we write, and the lists others write.
//!
//! They are no part of DDP, but plants ask for them. Written: `CHECKSUM.MD5` (md5sum's binary form) and
//! `CHECKSUM.TXT` (`name=CRC32`). Read: any text that has a file's name and a checksum of 8 (CRC-32) or 32 (MD5) hex
//! digits on one line, which covers md5sum, BSD, SFV and the forms of the usual workstations.

use md5::{Digest, Md5};

/// Name of the MD5 list we write.
pub const MD5_NAME: &str = "CHECKSUM.MD5";
/// Name of the CRC-32 list we write.
pub const CRC_NAME: &str = "CHECKSUM.TXT";

/// Checksums of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Bytes summed.
    pub bytes: u64,
    /// MD5.
    pub md5: [u8; 16],
    /// CRC-32 as in zlib.
    pub crc32: u32,
}

impl Sums {
    /// Of a whole file in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut summer = Summer::default();
        summer.add(bytes);
        summer.finish()
    }

    /// MD5 in 32 lower-case hex digits.
    pub fn md5_hex(&self) -> String {
        self.md5.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// CRC-32 in 8 upper-case hex digits.
    pub fn crc32_hex(&self) -> String {
        format!("{:08X}", self.crc32)
    }
}

/// Sums bytes as they go by.
#[derive(Clone, Default)]
pub struct Summer {
    bytes: u64,
    md5: Md5,
    crc32: crc32fast::Hasher,
}

impl Summer {
    /// Takes the next bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.md5.update(bytes);
        self.crc32.update(bytes);
    }

    /// The checksums of all bytes taken in.
    pub fn finish(self) -> Sums {
        Sums { bytes: self.bytes, md5: self.md5.finalize().into(), crc32: self.crc32.finalize() }
    }
}

/// `CHECKSUM.MD5`: `<md5> *<name>` and a line feed for each file.
pub fn md5_list(files: &[(String, Sums)]) -> String {
    files.iter().map(|(name, sums)| format!("{} *{name}\n", sums.md5_hex())).collect()
}

/// `CHECKSUM.TXT`: a heading, then `name=CRC32` and a line feed for each file.
pub fn crc_list(files: &[(String, Sums)]) -> String {
    let lines: String = files.iter().map(|(name, sums)| format!("{name}={}\n", sums.crc32_hex())).collect();
    format!("[CRC32 Checksum]\n{lines}")
}

/// A checksum found in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// MD5.
    Md5([u8; 16]),
    /// CRC-32.
    Crc32(u32),
}

impl Claim {
    /// Whether a file has it.
    pub fn holds(&self, sums: &Sums) -> bool {
        match self {
            Self::Md5(md5) => *md5 == sums.md5,
            Self::Crc32(crc32) => *crc32 == sums.crc32,
        }
    }

    /// `MD5` or `CRC-32`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Md5(_) => "MD5",
            Self::Crc32(_) => "CRC-32",
        }
    }
}

/// Whether a file beside the set looks like a list of checksums by its name.
pub fn is_list_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".md5", ".sfv", ".chk", ".crc"].iter().any(|ending| lower.ends_with(ending))
        || ["checksum", "md5"].iter().any(|word| lower.contains(word))
}

/// The checksums a list claims for the given file names (case is not minded). A line counts when it has one of the
/// names and a run of 8 or 32 hex digits outside it.
pub fn claims(list: &[u8], names: &[&str]) -> Vec<(usize, Claim)> {
    let text = String::from_utf8_lossy(list).into_owned();
    text.lines().filter_map(|line| claim_of(line, names)).collect()
}

fn claim_of(line: &str, names: &[&str]) -> Option<(usize, Claim)> {
    let lower = line.to_ascii_lowercase();
    // The longest name that stands in the line as a word of its own.
    let (which, at) = names
        .iter()
        .enumerate()
        .filter_map(|(i, name)| Some((i, word_at(&lower, &name.to_ascii_lowercase())?)))
        .max_by_key(|(i, _)| names[*i].len())?;
    let without = format!("{} {}", &lower[..at], &lower[at + names[which].len()..]);
    let mut words = without.split(|c: char| !c.is_ascii_alphanumeric());
    let digits = words.find(|w| matches!(w.len(), 8 | 32) && w.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let value = u128::from_str_radix(digits, 16).ok()?;
    let claim = if digits.len() == 32 { Claim::Md5(value.to_be_bytes()) } else { Claim::Crc32(value as u32) };
    Some((which, claim))
}

/// Where `word` stands in `line` with nothing of a name on either side.
fn word_at(line: &str, word: &str) -> Option<usize> {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let free = |at: usize| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(of_a_name) && !after.is_some_and(of_a_name)
    };
    (!word.is_empty()).then(|| line.match_indices(word).map(|(at, _)| at).find(|&at| free(at))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_check_values() {
        // RFC 1321, appendix A.5; the CRC-32 check value of "123456789".
        let sums = Sums::of(b"message digest");
        assert_eq!(sums.md5_hex(), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(Sums::of(b"123456789").crc32_hex(), "CBF43926");
    }

    #[test]
    fn our_lists_have_the_published_form() {
        let files = [("DDPID".to_owned(), Sums::of(b"123456789"))];
        assert_eq!(md5_list(&files), "25f9e794323b453885f5181f1b624d0b *DDPID\n");
        assert_eq!(crc_list(&files), "[CRC32 Checksum]\nDDPID=CBF43926\n");
    }

    #[test]
    fn lists_of_other_programs_are_read() {
        let md5 = "25f9e794323b453885f5181f1b624d0b";
        let sums = Sums::of(b"123456789");
        let names = ["DDPID", "IMAGE.DAT"];
        for list in [
            format!("{md5} *IMAGE.DAT\r\n"),
            format!("{md5}  IMAGE.DAT\n"),
            format!("MD5 (image.dat) = {}\n", md5.to_uppercase()),
            format!("IMAGE.DAT\t{md5}"),
            "IMAGE.DAT=CBF43926\n".to_owned(),
            "; made by X\nIMAGE.DAT cbf43926\n".to_owned(),
            "\"IMAGE.DAT\",0,\"CBF43926\"".to_owned(),
        ] {
            let claims = claims(list.as_bytes(), &names);
            assert_eq!(claims.len(), 1, "{list}");
            assert_eq!(claims[0].0, 1, "{list}");
            assert!(claims[0].1.holds(&sums), "{list}");
        }
        assert!(claims(b"[CRC32 Checksum]\nOTHER.DAT=CBF43926", &names).is_empty());
        assert!(claims(b"\xff\xfe\x00MYIMAGE.DAT 12345678", &names).is_empty());
    }
}
