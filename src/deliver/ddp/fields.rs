//! Fixed-width fields of DDP's descriptor records: printable ASCII, unset means spaces.
//!
//! Text is left-aligned and padded with spaces; numbers are decimal and right-aligned (other writers pad them with
//! zeros, which reads the same).

/// Writes text left-aligned at `offset`; what is longer than `width` is cut (callers check lengths first).
pub(crate) fn put_text(record: &mut [u8], offset: usize, width: usize, text: &str) {
    for (cell, byte) in record.iter_mut().skip(offset).take(width).zip(text.bytes()) {
        *cell = byte;
    }
}

/// Writes a number right-aligned, padded with spaces, at `offset`.
pub(crate) fn put_number(record: &mut [u8], offset: usize, width: usize, number: u64) {
    put_text(record, offset, width, &format!("{number:>width$}"));
}

/// The raw bytes of a field; fewer, or none, where the record is too short.
pub(crate) fn raw(record: &[u8], offset: usize, width: usize) -> &[u8] {
    let start = offset.min(record.len());
    let end = offset.saturating_add(width).min(record.len());
    &record[start..end]
}

/// A text field without its padding; bytes outside ASCII are read as ISO 8859-1.
pub(crate) fn text(record: &[u8], offset: usize, width: usize) -> String {
    let text: String = raw(record, offset, width).iter().map(|&b| char::from(b)).collect();
    text.trim_matches([' ', '\0']).to_owned()
}

/// A number field: `None` when it is blank or not a number.
pub(crate) fn number(record: &[u8], offset: usize, width: usize) -> Option<u64> {
    let text = text(record, offset, width);
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Offset of the first byte that is not printable ASCII, if any.
pub(crate) fn first_unprintable(record: &[u8]) -> Option<usize> {
    record.iter().position(|b| !(0x20..=0x7e).contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_padded_as_the_format_asks_and_read_back() {
        let mut record = [b' '; 16];
        put_text(&mut record, 0, 4, "DA");
        put_number(&mut record, 4, 8, 1650);
        assert_eq!(&record, b"DA      1650    ");
        assert_eq!(text(&record, 0, 4), "DA");
        assert_eq!(number(&record, 4, 8), Some(1650));
        assert_eq!(number(b"00001650", 0, 8), Some(1650));
        assert_eq!(number(b"    ", 0, 4), None);
        assert_eq!(number(b"12x4", 0, 4), None);
        assert_eq!(text(&record, 200, 4), "");
        assert_eq!(first_unprintable(b"ab\ncd"), Some(2));
    }
}
