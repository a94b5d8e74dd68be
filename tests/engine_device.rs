//! Devices through cpal, against a host of our own inside the process: odd buffer sizes, xruns, unplugging, refused rates,
//! every sample format. What the device gets equals the offline render.
#![cfg(feature = "device")]

mod render_support;

use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    Data, DeviceDescription, DeviceDescriptionBuilder, DeviceId, Error, ErrorKind, FrameCount,
    InputCallbackInfo, OutputCallbackInfo, OutputStreamTimestamp, SampleFormat, StreamConfig, StreamInstant,
    SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};
use glassmaster::engine::device::{DeviceError, OpenDevice, open_on};
use glassmaster::engine::{Callback, LiveEngine, MonotonicClock};
use glassmaster::units::{Frames, SampleRate};
use render_support::{Album, RATE, busy_album, key};

/// What the device does, and what it got.
#[derive(Default)]
struct Bench {
    rates: Vec<u32>,
    formats: Vec<SampleFormat>,
    /// Rates that are offered and then refused.
    refuse: Vec<u32>,
    /// Errors to raise before the next buffers.
    errors: VecDeque<ErrorKind>,
    /// Everything played, left channel, raw sample as `f64` of its integer or float value.
    played: Vec<f64>,
    opened: Vec<(u32, SampleFormat)>,
}

#[derive(Clone)]
struct BenchDevice(Arc<Mutex<Bench>>);

#[derive(Clone)]
struct BenchHost(BenchDevice);

struct BenchStream {
    stop: Arc<AtomicBool>,
    playing: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl HostTrait for BenchHost {
    type Device = BenchDevice;
    type Devices = std::iter::Once<BenchDevice>;
    fn is_available() -> bool {
        true
    }
    fn devices(&self) -> Result<Self::Devices, Error> {
        Ok(std::iter::once(self.0.clone()))
    }
    fn default_input_device(&self) -> Option<BenchDevice> {
        None
    }
    fn default_output_device(&self) -> Option<BenchDevice> {
        Some(self.0.clone())
    }
}

impl DeviceTrait for BenchDevice {
    type SupportedInputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::vec::IntoIter<SupportedStreamConfigRange>;
    type Stream = BenchStream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        Ok(DeviceDescriptionBuilder::new("bench").build())
    }
    fn id(&self) -> Result<DeviceId, Error> {
        Err(Error::new(ErrorKind::UnsupportedOperation))
    }
    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        Ok(std::iter::empty())
    }
    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        let bench = self.0.lock().unwrap();
        let size = SupportedBufferSize::Range { min: 16, max: 8192 };
        let all = bench.rates.iter().flat_map(|r| {
            bench.formats.iter().map(move |f| SupportedStreamConfigRange::new(2, *r, *r, size, *f))
        });
        Ok(all.collect::<Vec<_>>().into_iter())
    }
    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        Err(Error::new(ErrorKind::UnsupportedConfig))
    }
    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        Err(Error::new(ErrorKind::UnsupportedConfig))
    }
    fn build_input_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        _: D,
        _: E,
        _: Option<Duration>,
    ) -> Result<BenchStream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        Err(Error::new(ErrorKind::UnsupportedConfig))
    }
    fn build_output_stream_raw<D, E>(
        &self,
        config: StreamConfig,
        format: SampleFormat,
        mut data: D,
        mut error: E,
        _: Option<Duration>,
    ) -> Result<BenchStream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        if self.0.lock().unwrap().refuse.contains(&config.sample_rate) {
            return Err(Error::new(ErrorKind::UnsupportedConfig));
        }
        self.0.lock().unwrap().opened.push((config.sample_rate, format));
        let (stop, playing) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, started, bench) = (stop.clone(), playing.clone(), self.0.clone());
        let run = move || {
            // Never what was asked for, and never the same twice in a row.
            for frames in [1usize, 511, 64, 4_097, 333].into_iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                if !started.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                    continue;
                }
                let raised = bench.lock().unwrap().errors.pop_front();
                if let Some(kind) = raised {
                    error(Error::new(kind));
                    if kind == ErrorKind::DeviceNotAvailable {
                        return;
                    }
                }
                let left = call(&mut data, format, frames);
                bench.lock().unwrap().played.extend(left);
            }
        };
        let thread = std::thread::Builder::new().name("bench".to_owned()).spawn(run).unwrap();
        Ok(BenchStream { stop, playing, thread: Some(thread) })
    }
}

/// One buffer; the left channel of it.
#[expect(unsafe_code, reason = "cpal's door for hosts is a raw pointer")]
fn call(
    data: &mut impl FnMut(&mut Data, &OutputCallbackInfo),
    format: SampleFormat,
    frames: usize,
) -> Vec<f64> {
    let mut room = vec![0u32; 2 * frames];
    // SAFETY: `room` holds `2·frames` samples of at most four bytes and outlives the call.
    let mut buffer = unsafe { Data::from_parts(room.as_mut_ptr().cast(), 2 * frames, format) };
    let now = StreamInstant::new(0, 0);
    data(&mut buffer, &OutputCallbackInfo::new(OutputStreamTimestamp { callback: now, playback: now }));
    let bytes = buffer.bytes();
    let size = format.sample_size();
    bytes
        .chunks(2 * size)
        .map(|frame| match format {
            SampleFormat::F32 => f64::from(f32::from_ne_bytes(frame[..4].try_into().unwrap())),
            SampleFormat::I16 => f64::from(i16::from_ne_bytes(frame[..2].try_into().unwrap())),
            _ => f64::from(i32::from_ne_bytes(frame[..4].try_into().unwrap())),
        })
        .collect()
}

impl StreamTrait for BenchStream {
    fn play(&self) -> Result<(), Error> {
        self.playing.store(true, Ordering::Relaxed);
        Ok(())
    }
    fn pause(&self) -> Result<(), Error> {
        self.playing.store(false, Ordering::Relaxed);
        Ok(())
    }
    fn now(&self) -> StreamInstant {
        StreamInstant::new(0, 0)
    }
    fn buffer_size(&self) -> Result<FrameCount, Error> {
        Ok(512)
    }
}

impl Drop for BenchStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl PartialEq for BenchDevice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for BenchDevice {}
impl Hash for BenchDevice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}
impl fmt::Debug for BenchDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bench")
    }
}
impl fmt::Display for BenchDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bench")
    }
}

struct Setup {
    bench: Arc<Mutex<Bench>>,
    device: cpal::Device,
    engine: LiveEngine,
}

fn setup(album: &Album, bench: Bench) -> (Setup, Box<Callback>) {
    let bench = Arc::new(Mutex::new(bench));
    let host = BenchHost(BenchDevice(bench.clone()));
    let host = cpal::Host::from(cpal::platform::CustomHost::from_host(host));
    let device = host.default_output_device().unwrap();
    let memory = Arc::new(album.memory.clone());
    let clock = Box::new(MonotonicClock::default());
    let (mut engine, callback) = LiveEngine::new(RATE, memory.clone(), memory, clock).unwrap();
    engine.set_session(Arc::new(album.session.clone()), Arc::new(key)).unwrap();
    (Setup { bench, device, engine }, callback)
}

fn bench(rates: &[u32], formats: &[SampleFormat]) -> Bench {
    Bench { rates: rates.to_vec(), formats: formats.to_vec(), ..Bench::default() }
}

fn wait(mut until: impl FnMut() -> bool) {
    for _ in 0..20_000_000 {
        if until() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("waited in vain");
}

/// Plays the album from its start until it is over.
fn play_through(setup: &mut Setup, end: i64) {
    setup.engine.play(Frames::ZERO);
    let shared = setup.engine.shared().clone();
    wait(|| shared.position() == Frames(end) && !shared.is_playing());
}

/// The played signal from its first sound on against the offline render from its first sound on.
fn assert_played(played: &[f64], tap: &[f64], to_device: impl Fn(f64) -> f64) {
    let want: Vec<f64> = tap.iter().map(|x| to_device(*x)).collect();
    let first = want.iter().position(|x| *x != 0.0).unwrap();
    let begun = played.iter().position(|x| *x != 0.0).unwrap();
    assert!(played.len() - begun >= want.len() - first, "the end is missing");
    for (i, (got, want)) in played[begun..].iter().zip(&want[first..]).enumerate() {
        assert_eq!(got.to_bits() << 1, want.to_bits() << 1, "frame {i}: {got}, not {want}");
    }
}

#[test]
fn every_format_gets_the_offline_render() {
    let album = busy_album();
    let end = album.plan().end().0;
    let (left, ..) = album.render((0, end), 1);
    for format in [SampleFormat::F32, SampleFormat::I32, SampleFormat::I24, SampleFormat::I16] {
        let (mut setup, callback) = setup(&album, bench(&[44_100, 48_000], &[format]));
        let open = open_on(&setup.device, RATE, 256, callback).map_err(|e| e.0).unwrap();
        assert_eq!((open.opened_as().rate, open.opened_as().converted), (RATE, false));
        play_through(&mut setup, end);
        assert!(open.close().is_some());
        let played = setup.bench.lock().unwrap().played.clone();
        assert_played(&played, &left, |x| match format {
            SampleFormat::F32 => f64::from(x as f32),
            SampleFormat::I32 => (x * 2f64.powi(31)).round().min(2f64.powi(31) - 1.0),
            SampleFormat::I24 => (x * 2f64.powi(23)).round().min(2f64.powi(23) - 1.0),
            _ => (x * 2f64.powi(15)).round().clamp(-2f64.powi(15), 2f64.powi(15) - 1.0),
        });
    }
}

#[test]
fn xruns_are_counted_and_an_unplugged_device_hands_over_to_the_next() {
    let album = busy_album();
    let (mut setup, callback) = setup(&album, bench(&[48_000], &[SampleFormat::F32]));
    let shared = setup.engine.shared().clone();
    let open = open_on(&setup.device, RATE, 256, callback).map_err(|e| e.0).unwrap();
    setup.engine.play(Frames::ZERO);
    wait(|| shared.is_playing());
    setup.bench.lock().unwrap().errors.extend([ErrorKind::Xrun, ErrorKind::DeviceNotAvailable]);
    wait(|| open.is_lost());
    assert!(setup.engine.poll().dropouts >= 1 && setup.engine.poll().device_lost);
    let callback = open.close().expect("the callback comes back from a lost device");
    let stood_at = shared.position();
    let open = open_on(&setup.device, RATE, 256, callback).map_err(|e| e.0).unwrap();
    let end = album.plan().end();
    wait(|| shared.position() == end);
    assert!(!open.is_lost() && stood_at <= end);
    open.close().unwrap();
    // One signal in two pieces: nothing is lost, nothing is played twice.
    let (left, ..) = album.render((0, end.0), 1);
    assert_played(&setup.bench.lock().unwrap().played, &left, |x| f64::from(x as f32));
}

#[test]
fn a_device_that_cannot_run_at_the_session_rate_gets_the_monitor_converted() {
    let mut album = Album::new();
    let tone: Vec<f64> = (0..96_000)
        .map(|i| 0.5 * (std::f64::consts::TAU * 1_000.0 * f64::from(i) / 48_000.0).sin())
        .collect();
    album.add(Arc::new((tone.clone(), tone)), 0);
    let mut refusing = bench(&[44_100, 48_000], &[SampleFormat::F32]);
    refusing.refuse.push(48_000);
    let (mut setup, callback) = setup(&album, refusing);
    let open: OpenDevice = open_on(&setup.device, RATE, 256, callback).map_err(|e| e.0).unwrap();
    assert_eq!((open.opened_as().rate, open.opened_as().converted), (SampleRate(44_100), true));
    play_through(&mut setup, 96_000);
    let bench = setup.bench.clone();
    wait(|| {
        let bench = bench.lock().unwrap();
        let begun = bench.played.iter().position(|x| *x != 0.0);
        begun.is_some_and(|b| bench.played.len() > b + 100_000)
    });
    open.close().unwrap();
    let played = setup.bench.lock().unwrap().played.clone();
    let begun = played.iter().position(|x| x.abs() > 0.01).unwrap();
    let ended = played.iter().rposition(|x| x.abs() > 0.01).unwrap();
    // Two seconds are two seconds: 88,200 frames, give or take the filter's ringing.
    assert!((ended - begun).abs_diff(88_200) < 60, "{} frames", ended - begun);
    // 1 kHz is 1 kHz: 441 periods a fit of sine and cosine at 1 kHz leaves nothing.
    let part = &played[begun + 10_000..begun + 10_000 + 44_100];
    let (mut s, mut c) = (0.0, 0.0);
    for (i, x) in (0u32..).zip(part) {
        let w = std::f64::consts::TAU * 1_000.0 * f64::from(i) / 44_100.0;
        s += x * w.sin() / 22_050.0;
        c += x * w.cos() / 22_050.0;
    }
    assert!((s.hypot(c) - 0.5).abs() < 1e-4, "{}", s.hypot(c));
}

#[test]
fn a_device_that_refuses_everything_gives_the_callback_back() {
    let album = busy_album();
    let mut refusing = bench(&[48_000], &[SampleFormat::F32]);
    refusing.refuse.push(48_000);
    let (setup, callback) = setup(&album, refusing);
    let Err((error, callback)) = open_on(&setup.device, RATE, 256, callback) else { panic!("it opened") };
    assert!(matches!(error, DeviceError::Refused { .. }), "{error}");
    assert!(callback.is_some() && setup.bench.lock().unwrap().opened.is_empty());
}
