//! What the descriptors of a set say, and everything against them: packets, order, codes, lengths, texts.
//!
//! Works on bytes alone and takes any; the files are [`super::verify`]'s business.

use super::cdtext::{self, Block};
use super::ddpid::{self, Identity};
use super::ddpms::{self, MapPacket, Stream};
use super::disc::{Disc, Track, error, seconds, warning};
use super::fields;
use super::pq::{self, PqPacket, PqTrack};
use crate::deliver::cd_image::SECTOR_BYTES;
use crate::model::metadata::ean13;
use crate::model::{Finding, Severity};
use crate::units::CdFrames;

/// The contents of a set's files, for [`interpret`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    pub(crate) id: Vec<u8>,
    pub(crate) ms: Vec<u8>,
    pub(crate) pq: Vec<u8>,
    pub(crate) cd_text: Option<Vec<u8>>,
    /// Measured length of the image.
    pub(crate) image_bytes: Option<u64>,
}

type Interpreted = (Identity, Vec<MapPacket>, Disc, Vec<Block>, Vec<Finding>);

/// Everything the descriptors say and everything against them. Takes any bytes.
pub(crate) fn interpret(contents: &Contents) -> Interpreted {
    let mut findings = Vec::new();
    let identity = Identity::from_bytes(&contents.id);
    check_identity(&contents.id, &identity, &mut findings);
    let map = ddpms::parse(&contents.ms);
    check_map(&contents.ms, &map, &mut findings);
    let packets = pq::parse(&contents.pq);
    check_record("the PQ descriptor", "ddp_pq", &contents.pq, pq::LENGTH, &mut findings);
    let mut disc = disc_of(&packets, &mut findings);
    disc.master_id.clone_from(&identity.master_id);
    check_upc(&mut disc, &identity, &packets, &mut findings);
    let audio = map.iter().find(|p| p.kind() == Stream::Audio);
    check_audio(&disc, audio, contents.image_bytes, &mut findings);
    findings.extend(disc.check());
    let mut cd_text = Vec::new();
    if let Some(file) = &contents.cd_text {
        let (blocks, against) = cdtext::parse(file);
        findings.extend(against);
        take_cd_text(&mut disc, &blocks, &mut findings);
        cd_text = blocks;
    }
    (identity, map, disc, cd_text, findings)
}

/// Whole packets, printable ASCII.
fn check_record(what: &str, rule: &str, bytes: &[u8], length: usize, findings: &mut Vec<Finding>) {
    if bytes.is_empty() || !bytes.len().is_multiple_of(length) {
        let text = format!("{what} has {} bytes, not a whole number of {length}", bytes.len());
        findings.push(error(rule, text));
    }
    if let Some(at) = fields::first_unprintable(bytes) {
        findings.push(error(rule, format!("{what} holds a byte that is not printable ASCII at offset {at}")));
    }
}

fn check_identity(record: &[u8], identity: &Identity, findings: &mut Vec<Finding>) {
    check_record("DDPID", "ddp_id", record, ddpid::LENGTH, findings);
    if record.len() > ddpid::LENGTH {
        findings.push(warning("ddp_id", format!("DDPID has {} bytes instead of 128", record.len())));
    }
    match identity.level.as_str() {
        ddpid::LEVEL if identity.kind == "CD" => {}
        ddpid::LEVEL => {
            findings.push(error(
                "ddp_id",
                format!("the set is of type “{}”, not an audio CD", identity.kind.escape_default()),
            ));
        }
        ddpid::LEVEL_1 => {
            findings.push(Finding::new("ddp_id", Severity::Info, "the set is of the older level DDP 1.01"));
        }
        other => {
            findings
                .push(error("ddp_id", format!("the level is “{}”, not DDP 2.00", other.escape_default())));
        }
    }
}

fn check_map(stream: &[u8], map: &[MapPacket], findings: &mut Vec<Finding>) {
    check_record("DDPMS", "ddp_map", stream, ddpms::LENGTH, findings);
    for (i, packet) in map.iter().enumerate() {
        if packet.marker != "VVVM" {
            findings.push(error("ddp_map", format!("packet {} of DDPMS does not start with VVVM", i + 1)));
        }
        if packet.name.contains(' ') {
            let text =
                format!("the name “{}” holds a space; some readers stop there", packet.name.escape_default());
            findings.push(warning("ddp_name", text));
        }
    }
    for (kind, what, least, most) in [
        (Stream::Audio, "audio image", 1, 1),
        (Stream::Pq, "PQ descriptor", 1, 1),
        (Stream::CdText, "CD-Text file", 0, 1),
    ] {
        let count = map.iter().filter(|p| p.kind() == kind).count();
        if count < least || count > most {
            findings.push(error("ddp_map", format!("DDPMS names {count} {what}s; it should be one")));
        }
    }
    let audio = map.iter().find(|p| p.kind() == Stream::Audio);
    if let Some(packet) = audio {
        check_audio_packet(packet, findings);
    }
}

fn check_audio_packet(packet: &MapPacket, findings: &mut Vec<Finding>) {
    if !matches!(packet.storage.as_str(), "0" | "7") {
        let text = format!(
            "the image is stored in the mode “{}”, not as audio sectors",
            packet.storage.escape_default()
        );
        findings.push(error("ddp_map", text));
    }
    if !matches!(packet.scrambling.as_str(), "0" | "1" | "") {
        findings.push(warning(
            "ddp_map",
            format!("the scrambling mark is “{}”", packet.scrambling.escape_default()),
        ));
    }
    if packet.start.is_some_and(|s| s != 0) {
        findings.push(warning("ddp_map", "the image does not start at time 0; times may be off"));
    }
}

/// The disc the packets describe; what breaks their order becomes a finding.
fn disc_of(packets: &[PqPacket], findings: &mut Vec<Finding>) -> Disc {
    let mut disc = Disc::default();
    if packets.first().map(|p| p.track) != Some(PqTrack::LeadIn) {
        findings.push(error("ddp_pq", "the PQ descriptor does not start with the lead-in"));
    }
    let mut lead_outs = 0;
    for (i, packet) in packets.iter().enumerate() {
        check_packet(i + 1, packet, findings);
        match packet.track {
            PqTrack::LeadIn if i == 0 => check_lead_in(packet, findings),
            PqTrack::LeadIn if lead_outs > 0 => {
                findings.push(warning("ddp_pq", "a second session follows the audio; it was not read"));
                break;
            }
            PqTrack::LeadIn | PqTrack::Unknown => {
                findings.push(error(
                    "ddp_pq",
                    format!("PQ packet {} has no track number that can stand there", i + 1),
                ));
            }
            PqTrack::LeadOut => {
                lead_outs += 1;
                take_lead_out(&mut disc, packet, lead_outs, findings);
            }
            PqTrack::Number(number) if lead_outs == 0 => take_index(&mut disc, number, packet, findings),
            PqTrack::Number(number) => {
                findings.push(error("ddp_pq", format!("track {number} comes after the lead-out")));
            }
        }
    }
    if lead_outs == 0 {
        findings.push(error("ddp_pq", "the PQ descriptor has no lead-out"));
    }
    disc
}

fn check_packet(number: usize, packet: &PqPacket, findings: &mut Vec<Finding>) {
    let mut broken = |what: &str| findings.push(error("ddp_pq", format!("PQ packet {number}: {what}")));
    if packet.marker != "VVVS" {
        broken("it does not start with VVVS");
    }
    if packet.time.is_none() {
        broken("its time is not mmssff");
    }
    if packet.flags.is_none() {
        broken("its control field is not valid");
    }
    if !matches!(packet.hours.as_str(), "" | "00") {
        broken("its hours field is not blank");
    }
    if packet.index.is_none() {
        broken("its index is not a number");
    }
    if !matches!(packet.track, PqTrack::Number(_)) && !packet.isrc.is_empty() {
        broken("lead-in and lead-out carry no ISRC");
    }
    if packet.flags.is_some_and(|f| f.data) {
        broken("it is marked as data");
    }
}

fn check_lead_in(packet: &PqPacket, findings: &mut Vec<Finding>) {
    if packet.index != Some(0) || packet.time != Some(CdFrames(0)) {
        findings.push(error("ddp_pq", "the lead-in is not index 00 at 00:00:00"));
    }
    check_outer_control(packet, "lead-in", findings);
}

fn check_outer_control(packet: &PqPacket, what: &str, findings: &mut Vec<Finding>) {
    if packet.flags.is_some_and(|f| f != super::disc::Flags::default()) {
        findings.push(warning("ddp_pq", format!("the {what} carries control flags; 01 is usual")));
    }
}

fn take_lead_out(disc: &mut Disc, packet: &PqPacket, count: usize, findings: &mut Vec<Finding>) {
    let time = packet.time.unwrap_or_default();
    if count == 1 {
        disc.lead_out = time;
        check_outer_control(packet, "lead-out", findings);
        let last = disc.tracks.last().and_then(|t| t.indexes.last()).copied().unwrap_or_default();
        if time <= last {
            let text = format!("the lead-out at {time} is not after the last index at {last}");
            findings.push(error("ddp_pq", text).at(seconds(time), seconds(last)));
        }
    } else if time != disc.lead_out {
        findings.push(error("ddp_pq", format!("the lead-out stands at {} and at {time}", disc.lead_out)));
    } else if count > 2 {
        findings.push(warning("ddp_pq", "the lead-out stands more than twice"));
    }
    if packet.index != Some(1) {
        findings.push(error("ddp_pq", "the lead-out is not index 01"));
    }
}

fn take_index(disc: &mut Disc, number: u8, packet: &PqPacket, findings: &mut Vec<Finding>) {
    let here = usize::from(number);
    let time = packet.time.unwrap_or_default();
    if here == disc.tracks.len() + 1 {
        disc.tracks.push(Track {
            flags: packet.flags.unwrap_or_default(),
            isrc: packet.isrc.clone(),
            ..Track::default()
        });
    }
    if here != disc.tracks.len() {
        let text = format!("track {number} is out of order: track {} was expected", disc.tracks.len() + 1);
        findings.push(error("ddp_pq", text).at(seconds(time), seconds(time)));
        return;
    }
    let Some(track) = disc.tracks.last_mut() else { return };
    if packet.flags.is_some_and(|f| f != track.flags) {
        findings.push(error("ddp_pq", format!("track {number}: its packets carry different control flags")));
    }
    if !packet.isrc.is_empty() && packet.isrc != track.isrc {
        let text =
            format!("track {number}: ISRC {} is not on its first packet or differs from it", packet.isrc);
        findings.push(error("ddp_pq", text));
    }
    match packet.index {
        Some(0) if track.indexes.is_empty() && track.pause.is_none() => track.pause = Some(time),
        Some(index) if usize::from(index) == track.indexes.len() + 1 => track.indexes.push(time),
        _ => {
            let text =
                format!("track {number}: index {:02} is out of order", packet.index.unwrap_or_default());
            findings.push(error("ddp_pq", text).at(seconds(time), seconds(time)));
        }
    }
}

fn check_upc(disc: &mut Disc, identity: &Identity, packets: &[PqPacket], findings: &mut Vec<Finding>) {
    let widened = |code: &str| if code.len() == 12 { format!("0{code}") } else { code.to_owned() };
    let nothing = |code: &str| code.is_empty() || code.bytes().all(|b| b == b'0');
    let in_id = widened(&identity.upc);
    let in_pq = packets.iter().map(|p| widened(&p.upc)).find(|u| !nothing(u)).unwrap_or_default();
    let in_id = if nothing(&in_id) { String::new() } else { in_id };
    if packets.iter().any(|p| !nothing(&p.upc) && widened(&p.upc) != in_pq) {
        findings.push(error("ddp_upc", "the PQ descriptor carries different UPC/EAN codes"));
    }
    match (in_id.is_empty(), in_pq.is_empty()) {
        (false, true) => {
            let text = format!("UPC/EAN {in_id} is in DDPID only; the pressed disc may lack it");
            findings.push(warning("ddp_upc", text));
        }
        (true, false) => {
            let text = format!("UPC/EAN {in_pq} is in the PQ descriptor only");
            findings.push(Finding::new("ddp_upc", Severity::Info, text));
        }
        (false, false) if in_id != in_pq => {
            let text = format!("UPC/EAN is {in_id} in DDPID and {in_pq} in the PQ descriptor");
            findings.push(error("ddp_upc", text));
        }
        _ => {}
    }
    disc.upc = if in_pq.is_empty() { in_id } else { in_pq };
}

/// Image length, lead-out and PRE2 must agree.
fn check_audio(disc: &Disc, audio: Option<&MapPacket>, image: Option<u64>, findings: &mut Vec<Finding>) {
    let Some(packet) = audio else { return };
    let lead_out = u64::from(disc.lead_out.0);
    if packet.length.is_some_and(|sectors| sectors != lead_out) {
        let sectors = packet.length.unwrap_or_default();
        let text = format!(
            "the lead-out stands at {} ({lead_out} sectors), the map says {sectors} sectors",
            disc.lead_out
        );
        findings.push(error("ddp_leadout", text).measured(lead_out as f64, sectors as f64, "sectors"));
    }
    if let Some(bytes) = image {
        if !bytes.is_multiple_of(SECTOR_BYTES as u64) {
            findings
                .push(error("ddp_image", format!("the image has {bytes} bytes, not whole sectors of 2352")));
        }
        let sectors = bytes / SECTOR_BYTES as u64;
        if sectors != lead_out {
            let text = format!("the image holds {sectors} sectors, the lead-out stands at sector {lead_out}");
            findings.push(error("ddp_leadout", text).measured(sectors as f64, lead_out as f64, "sectors"));
        }
    }
    let start = disc.tracks.first().map_or(0, |t| t.start().0);
    match packet.pregap {
        Some(pregap) if pregap != u64::from(start) => {
            let text = format!(
                "the map says {pregap} sectors before track 1, its index 01 stands at sector {start}"
            );
            findings.push(error("ddp_pregap", text).measured(pregap as f64, f64::from(start), "sectors"));
        }
        None => {
            findings.push(warning("ddp_pregap", "the map does not say how long the pause before track 1 is"))
        }
        Some(_) => {}
    }
}

/// Texts of the first block go to the disc; codes in them must agree with the PQ descriptor.
fn take_cd_text(disc: &mut Disc, blocks: &[Block], findings: &mut Vec<Finding>) {
    let Some(block) = blocks.first() else { return };
    disc.texts = block.album.clone();
    disc.disc_id.clone_from(&block.disc_id);
    disc.genre.clone_from(&block.genre);
    disc.language = block.language;
    for (track, texts) in disc.tracks.iter_mut().zip(&block.songs) {
        track.texts = texts.clone();
    }
    if block.tracks != (1, disc.last_track()) {
        let text = format!(
            "CD-Text is for tracks {} to {}, the disc has {}",
            block.tracks.0,
            block.tracks.1,
            disc.tracks.len()
        );
        findings.push(error("ddp_cdtext", text));
    }
    if !block.upc.is_empty() && !ean13(&block.upc).is_ok_and(|u| u == disc.upc) {
        findings.push(error(
            "ddp_upc",
            format!("CD-Text carries UPC/EAN {}, the disc {}", block.upc.escape_default(), disc.upc),
        ));
    }
    for (i, (track, isrc)) in disc.tracks.iter().zip(&block.isrcs).enumerate() {
        if !isrc.is_empty() && *isrc != track.isrc {
            let text = format!(
                "track {}: CD-Text carries ISRC {}, the PQ descriptor {}",
                i + 1,
                isrc.escape_default(),
                track.isrc
            );
            findings.push(error("cd_isrc", text));
        }
    }
    check_encoding(disc, findings);
}

/// UTF-8 written into an ISO 8859-1 block shows as two letters for one: the commonest mistake.
fn check_encoding(disc: &Disc, findings: &mut Vec<Finding>) {
    let texts = disc.tracks.iter().flat_map(|t| t.texts.all()).chain(disc.texts.all());
    for text in texts {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        if !text.is_ascii()
            && let Ok(meant) = String::from_utf8(bytes)
        {
            let text =
                format!("CD-Text shows “{text}” where “{meant}” was meant: UTF-8 was written as ISO 8859-1");
            findings.push(warning("cd_text_character", text));
        } else if let Some(c) = text.chars().find(|c| c.is_control()) {
            let text = format!(
                "CD-Text holds the control character {:#04x} in “{}”",
                u32::from(c),
                text.escape_debug()
            );
            findings.push(error("cd_text_character", text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pq::tests::worked_example;
    use super::super::{DdpOptions, encode};
    use super::*;

    fn good() -> Contents {
        let mut disc = worked_example();
        disc.tracks[1].flags = super::super::disc::Flags::default();
        disc.texts.performer = "Someone".to_owned();
        let files = encode(&disc, &DdpOptions::default()).unwrap().files;
        let of = |name: &str| files.iter().find(|(n, _)| n == name).unwrap().1.clone();
        Contents {
            id: of("DDPID"),
            ms: of("DDPMS"),
            pq: of("PQDESCR"),
            cd_text: Some(of("CDTEXT.BIN")),
            image_bytes: Some(1650 * 2352),
        }
    }

    fn errors(contents: &Contents) -> Vec<String> {
        let (.., findings) = interpret(contents);
        findings.into_iter().filter(|f| f.severity == Severity::Error).map(|f| f.rule).collect()
    }

    #[test]
    fn a_good_set_is_read_back_without_a_finding() {
        let (_, map, disc, blocks, findings) = interpret(&good());
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!((map.len(), blocks.len(), disc.tracks.len()), (3, 1, 2));
        assert_eq!(disc.upc, "0123456789012");
        assert_eq!(disc.tracks[0].isrc, "USABC1111111");
        assert_eq!(disc.tracks[0].indexes, [CdFrames(150), CdFrames(525)]);
        assert_eq!(disc.tracks[1].texts.title, "Two");
    }

    #[test]
    fn every_truncation_is_an_error_and_never_a_panic() {
        let set = good();
        let parts: [fn(&mut Contents) -> &mut Vec<u8>; 4] =
            [|c| &mut c.id, |c| &mut c.ms, |c| &mut c.pq, |c| c.cd_text.get_or_insert_default()];
        for part in parts {
            let whole = part(&mut set.clone()).len();
            for n in 0..whole {
                let mut cut = set.clone();
                part(&mut cut).truncate(n);
                // Without its repetition the lead-out still stands once, which is allowed.
                let once = n == 448 && cut.pq.len() == n;
                assert_eq!(errors(&cut).is_empty(), once, "cut to {n} of {whole}");
            }
            // Bytes turned over: most are noticed, none may panic.
            for at in 0..whole {
                for flip in [0x01, 0x10, 0x80, 0xff] {
                    let mut bad = set.clone();
                    part(&mut bad)[at] ^= flip;
                    interpret(&bad);
                }
            }
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        let set = good();
        let broken = |change: fn(&mut Contents)| {
            let mut set = set.clone();
            change(&mut set);
            errors(&set)
        };
        let pq = |c: &mut Contents, packet: usize, at: usize, text: &str| {
            fields::put_text(&mut c.pq, packet * 64 + at, text.len(), text);
        };
        let mut late = set.clone();
        pq(&mut late, 6, 10, "002201");
        assert!(errors(&late).contains(&"ddp_leadout".to_owned()));
        let mut order = set.clone();
        pq(&mut order, 5, 10, "000500");
        assert!(errors(&order).contains(&"cd_index".to_owned()));
        let mut number = set.clone();
        pq(&mut number, 4, 4, "03");
        assert!(errors(&number).contains(&"ddp_pq".to_owned()));
        let mut upc = set.clone();
        pq(&mut upc, 0, 32, "4006381333931");
        assert_eq!(errors(&upc), ["ddp_upc"]);
        assert_eq!(broken(|c| c.image_bytes = Some(1649 * 2352)), ["ddp_leadout"]);
        assert_eq!(broken(|c| c.image_bytes = Some(1650 * 2352 + 4)), ["ddp_image"]);
        assert_eq!(broken(|c| fields::put_text(&mut c.ms, 2 * 128 + 46, 4, " 151")), ["ddp_pregap"]);
        assert_eq!(broken(|c| fields::put_text(&mut c.id, 0, 8, "DDP 3.00")), ["ddp_id"]);
        assert_eq!(broken(|c| fields::put_text(&mut c.ms, 0, 4, "VVVX")), ["ddp_map"]);
    }
}
