//! A delivery: one pass over the album tap feeds every ordered deliverable; then every file is read back, held against
//! the tap and measured.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::JobContext;
use super::fan_out::{Push, fan_out};
use super::inspect::inspect;
use super::parallel::map_in_order;
use super::sources::{key_of, prepare};
use crate::audio::format::SampleFormat;
use crate::deliver::manifest::AudioProof;
use crate::deliver::{self, DeliverError, Deliverable, DeliveryContext, Written, naming};
use crate::dsp::fft;
use crate::media::file_source::FileSources;
use crate::media::library::Library;
use crate::media::pcm::{Encoding, Layout, PcmReader};
use crate::media::{self, SourceError};
use crate::meter::analysis::{Analyzer, FileFacts, Measurements};
use crate::model::{Finding, Order, Session, Severity};
use crate::process::audition::auditions;
use crate::render::{RangeOptions, RenderError, RenderPlan, render_range};
use crate::units::{Frames, SampleRate};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Deliverables with their settings.
    pub orders: Vec<Order>,
    /// Replace what is there already.
    pub force: bool,
    /// Local time written into the files.
    pub written_at: jiff::civil::DateTime,
    /// Threads for songs and for reading back; with more than one every deliverable has one of its own as well.
    pub threads: usize,
}

/// What was delivered.
#[derive(Debug, Default)]
pub struct Delivery {
    /// In the order they were ordered and written, each measured on the finished file.
    pub files: Vec<Written>,
    /// Of the checks before and the read-back after.
    pub findings: Vec<Finding>,
    /// BLAKE3 of the album pass.
    pub tap_hash: String,
    /// The code path of rate conversions and linear-phase filters here ([`fft::code_path`]): the same session gives the
    /// same bits wherever this is the same.
    pub fft_path: &'static str,
}

/// Why a delivery was not made. Nothing half-written stands under a final name.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No deliverable is called that.
    #[error("there is no deliverable “{0}”; `glassmaster deliver --list` names them all")]
    Unknown(String),
    /// Two orders would write one file.
    #[error("{0}")]
    Clash(String),
    /// A check found what must be mended first.
    #[error("{}", first_error(.0))]
    Refused(Vec<Finding>),
    /// A source cannot be read, or not to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Writing failed.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The album is empty.
    #[error("the album is empty: there is nothing to deliver")]
    Empty,
    /// The system gave no thread, or a source failed in the middle.
    #[error("{0}")]
    System(String),
}

fn first_error(findings: &[Finding]) -> String {
    let errors: Vec<&Finding> = findings.iter().filter(|f| f.severity == Severity::Error).collect();
    match errors.as_slice() {
        [] => "refused".to_owned(),
        [only] => format!("{}; mend it and deliver again", only.text),
        [first, rest @ ..] => {
            format!("{} (and {} more); mend them and deliver again", first.text, rest.len())
        }
    }
}

/// Share of the progress that the pass takes; the rest is reading back.
const PASS_SHARE: f64 = 0.75;

type Ordered = (&'static dyn Deliverable, DeliveryContext);

fn ordered(
    session: &Arc<Session>,
    library: &Library,
    request: &Request,
) -> Result<Vec<Ordered>, ExportError> {
    let mut base = DeliveryContext::new(Arc::clone(session), request.written_at);
    base.force = request.force;
    base.scratch = library.cache().dir().to_owned();
    request
        .orders
        .iter()
        .map(|order| {
            let deliverable =
                deliver::find(&order.id).ok_or_else(|| ExportError::Unknown(order.id.clone()))?;
            Ok((deliverable, base.ordered(deliverable, &order.settings)?))
        })
        .collect()
}

/// Makes a delivery into a folder.
///
/// # Errors
/// [`ExportError`].
pub fn export(
    session: &Arc<Session>,
    library: &Arc<Library>,
    request: &Request,
    out: &Path,
    cx: &JobContext,
) -> Result<Delivery, ExportError> {
    if session.songs.is_empty() {
        return Err(ExportError::Empty);
    }
    let ordered = ordered(session, library, request)?;
    let mut delivery = Delivery { fft_path: fft::code_path(), ..Delivery::default() };
    for (deliverable, context) in &ordered {
        delivery.findings.extend(deliverable.check(context));
    }
    delivery.findings.extend(audition_findings(session));
    if delivery.findings.iter().any(|f| f.severity == Severity::Error) {
        return Err(ExportError::Refused(delivery.findings));
    }
    refuse_clashes(&ordered)?;
    cx.set_detail("preparing sources");
    if let Some(error) = prepare(session, library, request.threads, cx).into_iter().next() {
        return Err(error.into());
    }
    let mut sinks = Vec::new();
    for (deliverable, context) in &ordered {
        sinks.push(deliverable.begin(context, out)?);
    }
    let written;
    (delivery.tap_hash, written) =
        fan_out(sinks, request.threads, |push| pass(session, library, request, push, cx))?;
    cx.set_detail("reading back");
    read_back(&ordered, written, request.threads, &mut delivery, cx)?;
    measure_files(&mut delivery.files, request.threads)?;
    cx.set_fraction(1.0);
    Ok(delivery)
}

/// Nothing is begun where one order would write over another's files.
fn refuse_clashes(ordered: &[Ordered]) -> Result<(), ExportError> {
    let files = |(deliverable, context): &Ordered| Ok((deliverable.id(), deliverable.files(context)?));
    let files = ordered.iter().map(files).collect::<Result<Vec<_>, DeliverError>>()?;
    naming::clash_of_orders(&files).map_or(Ok(()), |clash| Err(ExportError::Clash(clash)))
}

/// Holds the files of every order against what went in, several orders at once.
fn read_back(
    ordered: &[Ordered],
    written: Vec<Vec<Written>>,
    threads: usize,
    delivery: &mut Delivery,
    cx: &JobContext,
) -> Result<(), ExportError> {
    let done = AtomicUsize::new(0);
    let orders: Vec<_> = ordered.iter().zip(written.into_iter().map(Mutex::new)).collect();
    let verified = map_in_order(&orders, threads, |_, ((deliverable, context), files)| {
        let mut files = std::mem::take(&mut *files.lock().unwrap_or_else(PoisonError::into_inner));
        let findings = deliverable.verify(context, &mut files);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        cx.set_fraction(PASS_SHARE + (1.0 - PASS_SHARE) * 0.6 * done as f64 / ordered.len() as f64);
        findings.map(|findings| (files, findings))
    });
    for one in verified {
        let (files, findings) = one?;
        delivery.findings.extend(conform_findings(&files));
        delivery.files.extend(files);
        delivery.findings.extend(findings);
    }
    Ok(())
}

/// What was only for listening and is off in the files.
fn audition_findings(session: &Session) -> impl Iterator<Item = Finding> + '_ {
    let finding = |text| Finding::new("audition_off", Severity::Info, text);
    auditions(session).into_iter().map(move |audition| finding(audition.note(session)))
}

/// A reduction by the guard that is worth more than a note, dB.
const GUARD_WARNING_DB: f64 = -1.0;

/// What happened to the sound of one order on its way into the files: samples cut off, reductions by the guard.
fn conform_findings(files: &[Written]) -> Vec<Finding> {
    // Files of one order share the pass and its report.
    let Some(file) = files.iter().max_by_key(|f| (f.conform.clipped_samples, f.conform.guard_events)) else {
        return Vec::new();
    };
    let (id, report) = (&file.deliverable, &file.conform);
    let mut findings = Vec::new();
    if report.clipped_samples > 0 {
        let text = format!(
            "{id}: {} samples passed full scale and were cut off; lower the album, or end its chain with the limiter",
            report.clipped_samples
        );
        findings.push(Finding::new("clipped", Severity::Error, text).measured(
            report.clipped_samples as f64,
            0.0,
            "samples",
        ));
    }
    if report.guard_events > 0 {
        let deepest = report.guard_deepest_db;
        let severity = if deepest < GUARD_WARNING_DB { Severity::Warning } else { Severity::Info };
        let text = format!(
            "{id}: the ceiling guard turned the converted sound down at {} places, by at most {:.2} dB",
            report.guard_events, -deepest
        );
        findings.push(Finding::new("ceiling_guard", severity, text).measured(
            deepest,
            GUARD_WARNING_DB,
            "dB",
        ));
    }
    findings
}

/// The album pass into every sink; its hash.
fn pass(
    session: &Arc<Session>,
    library: &Arc<Library>,
    request: &Request,
    push: &mut Push<'_>,
    cx: &JobContext,
) -> Result<String, ExportError> {
    cx.set_detail("rendering");
    let rate = session.sample_rate_hz;
    let plan = Arc::new(RenderPlan::for_master(session, &|source| key_of(source, rate), 0));
    let range = (Frames::ZERO, plan.timeline.end);
    let progress = |p: crate::render::Progress| {
        cx.set_fraction(PASS_SHARE * p.done.0 as f64 / p.total.0.max(1) as f64);
    };
    let options =
        RangeOptions { threads: request.threads, cancel: Some(cx.cancel_flag()), progress: Some(&progress) };
    let opener = FileSources::new(Arc::clone(library));
    let summary = render_range(&plan, &opener, range, options, push).map_err(|error| match error {
        RenderError::Cancelled => ExportError::Cancelled,
        RenderError::Sink(error) => error.into(),
        RenderError::Worker(error) => ExportError::System(error.to_string()),
    })?;
    if summary.failed.is_empty() {
        return Ok(summary.tap_hash);
    }
    Err(ExportError::System(
        "a source could not be read to its end while rendering; nothing was written, check the disk"
            .to_owned(),
    ))
}

/// What the last look at a finished file gave: measurements, and of a lossy one its residual.
type Measured = (Measurements, Option<NullResult>);

/// Whether what was measured while the file was written is proved to be what is in it: its sound was read back and is
/// the same, and nothing was rounded after measuring.
fn is_measured(file: &Written, proof: &AudioProof) -> bool {
    file.bit_exact && file.measurements.is_some() && proof.format != SampleFormat::Float32
}

/// Opens audio files and disc images again and measures what is in them, each file once.
fn measure_files(files: &mut [Written], threads: usize) -> Result<(), ExportError> {
    let measured = map_in_order(files, threads, |_, file| match (&file.audio, file.frames) {
        (Some(proof), _) if is_measured(file, proof) => None,
        (Some(proof), _) => Some(measure_file(&file.path, proof)),
        // No container tells what it is: sectors of 16-bit pairs (ddp.md section 6), or the same in a cue's WAV.
        (None, frames) if frames > 0 => Some(measure_image(file).map(|m| (m, None)).map_err(Into::into)),
        _ => None,
    });
    for (file, measured) in files.iter_mut().zip(measured) {
        if let Some((measurements, residual)) = measured.transpose()? {
            file.measurements = Some(measurements);
            if let Some(NullResult(null_db)) = residual {
                file.null_db = null_db;
                file.bit_exact = null_db.is_none();
            }
        }
        // What was kept for the comparison has done its work.
        if let Some(proof) = &mut file.audio {
            proof.reference = None;
        }
    }
    Ok(())
}

/// Residual in dBFS; `None` inside where there is none.
struct NullResult(Option<f64>);

/// One reading for the measurements and, where there is something to compare with, the null test.
fn measure_file(path: &Path, proof: &AudioProof) -> Result<Measured, ExportError> {
    let mut test = proof.reference.as_ref().and_then(|r| r.compare().ok());
    let mut compared = Ok(());
    let inspected = inspect(path, &JobContext::detached(), &mut |left, right| {
        if let (Some(test), Ok(())) = (&mut test, &compared) {
            compared = test.push(left, right);
        }
    })?;
    // What went in is kept for this comparison alone: a finished file is not refused for the loss of it.
    let residual = test.filter(|_| compared.is_ok()).and_then(|test| test.finish().ok());
    Ok((inspected.analysis.measurements, residual.map(NullResult)))
}

/// Measures a disc image: a WAV by its own header, anything else as raw little-endian 16-bit pairs.
fn measure_image(file: &Written) -> Result<Measurements, SourceError> {
    if media::probe(&file.path).is_ok() {
        let inspected = inspect(&file.path, &JobContext::detached(), &mut |_, _| ())?;
        return Ok(inspected.analysis.measurements);
    }
    let encoding = Encoding::Int { bytes: 2, big_endian: false };
    // What is there now, should it be less than was written: reading back says so.
    let frames = std::fs::metadata(&file.path).map_or(0, |m| m.len()).min(file.bytes) / 4;
    let layout = Layout { data_start: 0, frames, channels: 2, encoding };
    let mut reader = PcmReader::open(&file.path, layout)?;
    let facts = FileFacts {
        path: file.path.display().to_string(),
        format: file.format.clone(),
        sample_rate_hz: SampleRate::CD.0,
        channels: 2,
        bits: Some(16),
    };
    let mut analyzer = Analyzer::for_frames(facts, layout.frames);
    let (mut left, mut right) = (vec![0.0; 1 << 14], vec![0.0; 1 << 14]);
    let mut at = 0;
    loop {
        let frames = reader.read(at, &mut left, &mut right)?;
        if frames == 0 {
            return Ok(analyzer.finish().measurements);
        }
        analyzer.push(&left[..frames], &right[..frames]);
        at += frames as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::Chunk;
    use crate::deliver::ConformReport;
    use crate::deliver::master_file::{AudioKind, FileSpec, MasterFile, verify};

    const FRAMES: usize = 44_100 * 4;

    /// A file of four seconds that clips here and there, as it stands after writing, unproved.
    fn written(folder: &Path, kind: AudioKind, format: SampleFormat) -> Written {
        let wave = |n: usize, pitch: f64| (1.4 * (n as f64 * pitch).sin()).clamp(-1.0, 1.0);
        let target = folder.join(format!("{}.{}", format.name(), kind.extension()));
        let spec = FileSpec::plain(kind, format, SampleRate::CD, FRAMES as u64);
        let mut file = MasterFile::create(&target, true, spec).unwrap();
        if let Some(bits) = format.integer_bits() {
            let top = 2f64.powi(bits as i32 - 1);
            let whole = |x: f64| ((x * top).round() as i32).min(top as i32 - 1);
            let frames: Vec<[i32; 2]> =
                (0..FRAMES).map(|n| [whole(wave(n, 0.031)), whole(wave(n, 0.047))]).collect();
            frames.chunks(777).for_each(|frames| file.write(&Chunk::Int { frames, bits }).unwrap());
        } else {
            let planes = [0.031, 0.047].map(|p| (0..FRAMES).map(|n| wave(n, p)).collect::<Vec<_>>());
            for (left, right) in planes[0].chunks(777).zip(planes[1].chunks(777)) {
                file.write(&Chunk::Float { left, right }).unwrap();
            }
        }
        file.complete().unwrap().commit("test", None, ConformReport::default()).unwrap()
    }

    const KINDS: [(AudioKind, SampleFormat); 7] = [
        (AudioKind::Wav, SampleFormat::Int16),
        (AudioKind::Wav, SampleFormat::Int20),
        (AudioKind::Wav, SampleFormat::Int24),
        (AudioKind::Wav, SampleFormat::Float32),
        (AudioKind::Wav, SampleFormat::Float64),
        (AudioKind::Flac, SampleFormat::Int16),
        (AudioKind::Flac, SampleFormat::Int24),
    ];

    fn read_again(file: &Written) -> Measurements {
        inspect(&file.path, &JobContext::detached(), &mut |_, _| ()).unwrap().analysis.measurements
    }

    #[test]
    fn every_figure_is_that_of_the_finished_file_whether_or_not_it_is_read_twice() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, format) in KINDS {
            let mut file = written(folder.path(), kind, format);
            assert!(verify(&mut file).unwrap().is_empty() && file.bit_exact);
            let is_done = is_measured(&file, file.audio.as_ref().unwrap());
            assert_eq!(is_done, format != SampleFormat::Float32, "{kind:?} {format:?}");
            measure_files(std::slice::from_mut(&mut file), 1).unwrap();
            let told = file.measurements.clone().unwrap();
            assert!(told.per_channel.iter().all(|c| c.full_scale_samples > 1000), "{told:?}");
            assert_eq!(told, read_again(&file), "{kind:?} {format:?}");
        }
    }

    #[test]
    fn a_file_cut_short_after_writing_is_told_and_measured_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, format) in KINDS {
            let mut file = written(folder.path(), kind, format);
            let whole = std::fs::read(&file.path).unwrap();
            std::fs::write(&file.path, &whole[..whole.len() * 2 / 3]).unwrap();
            let findings = verify(&mut file).unwrap();
            assert!(findings.iter().all(|f| f.severity == Severity::Error) && findings.len() == 2);
            measure_files(std::slice::from_mut(&mut file), 1).unwrap();
            let told = file.measurements.clone().unwrap();
            assert!(
                told.frames > FRAMES as u64 / 2 && told.frames < FRAMES as u64,
                "{kind:?} {}",
                told.frames
            );
            assert_eq!(told, read_again(&file), "{kind:?} {format:?}");
        }
        // An image without a header of its own.
        let mut file =
            Written::other(folder.path().join("image.bin"), "test", "CD audio 16", String::new(), 2352 * 75);
        (file.frames, file.sample_rate_hz) = (588 * 75, 44_100);
        std::fs::write(&file.path, vec![7u8; 2352 * 50]).unwrap();
        measure_files(std::slice::from_mut(&mut file), 1).unwrap();
        assert_eq!(file.measurements.unwrap().frames, 588 * 50);
    }
}
