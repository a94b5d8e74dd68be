//! cdrdao's table of contents for a WAV image that starts at 00:02:00 ([`ImageStart::Program`]).
//!
//! [`ImageStart::Program`]: super::cd_image::ImageStart::Program

use super::ddp::disc::{Disc, FIRST_INDEX_MIN, Texts, Track};
use crate::units::CdFrames;

/// The `.toc` of a disc whose audio is the named file. With CD-Text, texts that one track has are given for all, as
/// cdrdao asks for.
pub fn text(disc: &Disc, file: &str) -> String {
    let mut out = String::from("CD_DA\n");
    if !disc.upc.is_empty() {
        out.push_str(&format!("CATALOG \"{}\"\n", disc.upc));
    }
    let used = used_texts(disc);
    if !used.is_empty() {
        out.push_str("CD_TEXT {\n  LANGUAGE_MAP { 0 : 9 }\n");
        put_texts(&mut out, &disc.texts, &used);
        out.push_str("}\n");
    }
    for (i, track) in disc.tracks.iter().enumerate() {
        put_track(&mut out, disc, i, track, file, &used);
    }
    out
}

fn put_track(out: &mut String, disc: &Disc, index: usize, track: &Track, file: &str, used: &[usize]) {
    let or_no = |on: bool| if on { "" } else { "NO " };
    out.push_str("\nTRACK AUDIO\n");
    out.push_str(&format!(
        "{}COPY\n{}PRE_EMPHASIS\n",
        or_no(track.flags.copy),
        or_no(track.flags.pre_emphasis)
    ));
    out.push_str("TWO_CHANNEL_AUDIO\n");
    if !track.isrc.is_empty() {
        out.push_str(&format!("ISRC \"{}\"\n", track.isrc));
    }
    if !used.is_empty() {
        out.push_str("CD_TEXT {\n");
        put_texts(out, &track.texts, used);
        out.push_str("}\n");
    }
    // Tracks follow each other without a hole; the first begins where the file does.
    let first = if index == 0 { FIRST_INDEX_MIN } else { track.first() };
    let next = disc.tracks.get(index + 1).map_or(disc.lead_out, Track::first);
    let (from, length) = (less(first, FIRST_INDEX_MIN), less(next, first));
    out.push_str(&format!("FILE \"{}\" {from} {length}\n", escaped(file)));
    if track.start() > first {
        out.push_str(&format!("START {}\n", less(track.start(), first)));
    }
    for mark in track.indexes.iter().skip(1) {
        out.push_str(&format!("INDEX {}\n", less(*mark, track.start())));
    }
}

fn less(a: CdFrames, b: CdFrames) -> CdFrames {
    CdFrames(a.0.saturating_sub(b.0))
}

/// Which of the six texts the disc or any track has.
fn used_texts(disc: &Disc) -> Vec<usize> {
    let has = |kind: usize| {
        !disc.texts.all()[kind].is_empty() || disc.tracks.iter().any(|t| !t.texts.all()[kind].is_empty())
    };
    (0..6).filter(|&kind| has(kind)).collect()
}

fn put_texts(out: &mut String, texts: &Texts, used: &[usize]) {
    out.push_str("  LANGUAGE 0 {\n");
    for &kind in used {
        let name = Texts::NAMES[kind].to_ascii_uppercase();
        out.push_str(&format!("    {name} \"{}\"\n", escaped(texts.all()[kind])));
    }
    out.push_str("  }\n");
}

/// Quotes and backslashes are escaped, letters outside ASCII are octal ISO 8859-1.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            '\u{a0}'..='\u{ff}' => out.push_str(&format!("\\{:03o}", u32::from(c))),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::ddp::pq::tests::worked_example;
    use super::*;

    #[test]
    fn pauses_come_from_the_file_and_marks_count_from_index_one() {
        let toc = text(&worked_example(), "a.wav");
        assert!(toc.contains("FILE \"a.wav\" 00:00:00 00:08:00\nINDEX 00:05:00\n"), "{toc}");
        assert!(toc.contains("FILE \"a.wav\" 00:08:00 00:12:00\nSTART 00:02:00\n"), "{toc}");
        assert!(toc.contains("CATALOG \"0123456789012\""));
        assert_eq!(escaped("é\"x"), "\\351\\\"x");
    }
}
