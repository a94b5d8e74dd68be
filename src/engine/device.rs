//! Audio devices through cpal: what there is, opening one, noticing that it has gone. The only file that names cpal.
//!
//! A device is asked for the session rate and for samples in the order 32-bit float, 32, 24, 16 bits; where it cannot run
//! at the session rate the monitor path is converted to one it can. A device that is lost sets a flag; closing it gives
//! the callback back with its plan, and opening the same or another device goes on where it stood.

use std::sync::Arc;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize};

use super::callback::{Callback, DeviceSample};
use super::lease::{Lease, LeaseReturn};
use super::shared::Shared;
use crate::audio::format::int_from_f64;
use crate::audio::priority;
use crate::units::{SESSION_RATES_HZ, SampleRate};

/// How long a driver may take to open a stream.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// In the order of preference.
const FORMATS: [SampleFormat; 4] =
    [SampleFormat::F32, SampleFormat::I32, SampleFormat::I24, SampleFormat::I16];

/// Why a device could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No such host in this program or on this machine.
    #[error("there is no audio host “{0}” here; `glassmaster devices` lists what there is")]
    NoHost(String),
    /// No such device.
    #[error("there is no audio device “{0}”; `glassmaster devices` lists what there is")]
    NoDevice(String),
    /// Nothing to play on.
    #[error("this machine has no audio output; `--device null` plays without sound")]
    NoOutput,
    /// Every offer was refused.
    #[error("{device} cannot be opened: {detail}; another buffer size, or closing other programs, may help")]
    Refused {
        /// The device.
        device: String,
        /// The last refusal.
        detail: String,
    },
    /// The driver holds on to what it was given.
    #[error("{0} does not answer; the program must be started anew to use it again")]
    Stuck(String),
}

/// One output device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Stable id, as in settings and on the command line (`alsa:hw:CARD=PCH,DEV=0`).
    pub id: String,
    /// As shown.
    pub name: String,
    /// Session rates it runs at, hertz.
    pub rates_hz: Vec<u32>,
    /// Sample formats, best first (`f32`, `i32`, `i24`, `i16`).
    pub formats: Vec<String>,
    /// Smallest and largest buffer in frames, where it says so.
    pub buffer_frames: Option<(u32, u32)>,
    /// Output channels, the most it has.
    pub channels: u16,
    /// Whether the host takes it when none is named.
    pub is_default: bool,
}

/// One audio host with its devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInfo {
    /// Name (`ALSA`, `JACK`, `PulseAudio` …).
    pub name: String,
    /// Its output devices.
    pub devices: Vec<DeviceInfo>,
    /// Whether samples reach the hardware as they are; a sound server mixes and may convert.
    pub mixes: bool,
    /// Why it could not be asked.
    pub error: Option<String>,
}

/// Which device, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceChoice {
    /// Host by name; `None` takes ALSA, or whatever comes first without it.
    pub host: Option<String>,
    /// Device by id or name; `None` takes the host's default.
    pub device: Option<String>,
    /// Frames of a buffer, 64 to 8192; 0 is 512.
    pub buffer_frames: u32,
}

/// How a device was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedAs {
    /// As shown.
    pub name: String,
    /// Rate of the device.
    pub rate: SampleRate,
    /// Whether the monitor path is converted from the session rate.
    pub converted: bool,
    /// Sample format.
    pub format: String,
    /// Frames of a buffer asked for; `None` is the device's own choice.
    pub buffer_frames: Option<u32>,
    /// Channels; the first two are used.
    pub channels: u16,
}

/// Every host with its output devices. Asks the system; may take a second.
pub fn list() -> Vec<HostInfo> {
    cpal::available_hosts()
        .into_iter()
        .map(|id| {
            let mixes =
                id.name().eq_ignore_ascii_case("pulseaudio") || id.name().eq_ignore_ascii_case("pipewire");
            let (devices, error) = match cpal::host_from_id(id).and_then(|host| devices_of(&host)) {
                Ok(devices) => (devices, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            HostInfo { name: id.name().to_owned(), devices, mixes, error }
        })
        .collect()
}

fn devices_of(host: &cpal::Host) -> Result<Vec<DeviceInfo>, cpal::Error> {
    let default = host.default_output_device().map(|d| id_of(&d));
    let devices = host.output_devices()?;
    Ok(devices.map(|device| describe(&device, default.as_deref())).collect())
}

fn id_of(device: &cpal::Device) -> String {
    device.id().map_or_else(|_| device.to_string(), |id| id.to_string())
}

fn describe(device: &cpal::Device, default: Option<&str>) -> DeviceInfo {
    let configs: Vec<_> = device.supported_output_configs().map(Iterator::collect).unwrap_or_default();
    let offers = |rate: u32| configs.iter().any(|c: &cpal::SupportedStreamConfigRange| c.contains_rate(rate));
    let sizes = configs.iter().filter_map(|c| match c.buffer_size() {
        SupportedBufferSize::Range { min, max } => Some((*min, *max)),
        SupportedBufferSize::Unknown => None,
    });
    let id = id_of(device);
    DeviceInfo {
        is_default: default == Some(id.as_str()),
        name: device.to_string(),
        rates_hz: SESSION_RATES_HZ.into_iter().filter(|r| offers(*r)).collect(),
        formats: FORMATS
            .iter()
            .filter(|f| configs.iter().any(|c| c.sample_format() == **f))
            .map(ToString::to_string)
            .collect(),
        buffer_frames: sizes.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
        channels: configs.iter().map(cpal::SupportedStreamConfigRange::channels).max().unwrap_or(0),
        id,
    }
}

/// A running device. Stops when dropped; then the callback is lost.
pub struct OpenDevice {
    stream: cpal::Stream,
    back: LeaseReturn,
    shared: Arc<Shared>,
    opened_as: OpenedAs,
}

/// What is left when a device could not be opened: why, and the callback to try another with.
pub type Refusal = (DeviceError, Option<Box<Callback>>);

/// Opens a device for a session rate and starts it.
///
/// # Errors
/// Why not, with the callback.
pub fn open(choice: &DeviceChoice, rate: SampleRate, callback: Box<Callback>) -> Result<OpenDevice, Refusal> {
    match find(choice) {
        Ok(device) => open_on(&device, rate, choice.buffer_frames, callback),
        Err(error) => Err((error, Some(callback))),
    }
}

fn find(choice: &DeviceChoice) -> Result<cpal::Device, DeviceError> {
    let host = find_host(choice.host.as_deref())?;
    let Some(wanted) = &choice.device else {
        return host.default_output_device().ok_or(DeviceError::NoOutput);
    };
    let no_device = || DeviceError::NoDevice(wanted.clone());
    if let Some(device) = wanted.parse().ok().and_then(|id| host.device_by_id(&id)) {
        return Ok(device);
    }
    let mut devices = host.output_devices().map_err(|_error| no_device())?;
    devices.find(|d| id_of(d) == *wanted || d.to_string() == *wanted).ok_or_else(no_device)
}

/// The named host; without a name ALSA before any sound server, since a server mixes.
fn find_host(name: Option<&str>) -> Result<cpal::Host, DeviceError> {
    let hosts = cpal::available_hosts();
    let by_name = |name: &str| hosts.iter().find(|h| h.name().eq_ignore_ascii_case(name)).copied();
    let id = match name {
        Some(name) => by_name(name).ok_or_else(|| DeviceError::NoHost(name.to_owned()))?,
        None => by_name("alsa").or_else(|| hosts.first().copied()).ok_or(DeviceError::NoOutput)?,
    };
    cpal::host_from_id(id).map_err(|_error| DeviceError::NoHost(id.name().to_owned()))
}

/// Opens a device that is already at hand. See [`open`].
///
/// # Errors
/// Why not, with the callback.
pub fn open_on(
    device: &cpal::Device,
    rate: SampleRate,
    buffer_frames: u32,
    callback: Box<Callback>,
) -> Result<OpenDevice, Refusal> {
    let wanted = if buffer_frames == 0 { 512 } else { buffer_frames.clamp(64, 8192) };
    let mut callback = callback;
    let mut detail = "it offers no usable format".to_owned();
    for offer in offers(device, rate, wanted) {
        if let Err(error) = callback.fit(rate, SampleRate(offer.config.sample_rate)) {
            detail = error.to_string();
            continue;
        }
        match start(device, &offer, rate, callback) {
            Ok(open) => return Ok(open),
            Err((error, Some(returned))) => (detail, callback) = (error.to_string(), returned),
            Err((_, None)) => return Err((DeviceError::Stuck(device.to_string()), None)),
        }
    }
    Err((DeviceError::Refused { device: device.to_string(), detail }, Some(callback)))
}

/// One way of opening a device.
struct Offer {
    config: StreamConfig,
    format: SampleFormat,
}

/// What to try, best first: the session rate before any other, better formats before lesser, the asked buffer before
/// the device's own.
fn offers(device: &cpal::Device, rate: SampleRate, buffer_frames: u32) -> Vec<Offer> {
    let configs: Vec<_> = device.supported_output_configs().map(Iterator::collect).unwrap_or_default();
    let mut rates = vec![rate.0];
    rates.extend(SESSION_RATES_HZ.into_iter().rev().filter(|r| *r != rate.0));
    let mut offers = Vec::new();
    for (rate_hz, format) in rates.iter().flat_map(|r| FORMATS.iter().map(move |f| (*r, *f))) {
        let fitting = configs.iter().filter(|c: &&cpal::SupportedStreamConfigRange| {
            c.sample_format() == format && c.contains_rate(rate_hz) && c.channels() > 0
        });
        // Two channels if there are two, else as few above as possible, else one.
        let Some(best) = fitting.min_by_key(|c| if c.channels() == 1 { u16::MAX } else { c.channels() })
        else {
            continue;
        };
        let fixed = match *best.buffer_size() {
            SupportedBufferSize::Range { min, max } if min <= max => buffer_frames.clamp(min, max),
            _ => buffer_frames,
        };
        for buffer_size in [BufferSize::Fixed(fixed), BufferSize::Default] {
            let config = StreamConfig { channels: best.channels(), sample_rate: rate_hz, buffer_size };
            offers.push(Offer { config, format });
        }
    }
    offers
}

/// A refusal of one offer, with the callback where the driver gave it back.
type OfferRefused = (cpal::Error, Option<Box<Callback>>);

fn start(
    device: &cpal::Device,
    offer: &Offer,
    rate: SampleRate,
    callback: Box<Callback>,
) -> Result<OpenDevice, OfferRefused> {
    let shared = callback.shared().clone();
    shared.set_device_lost(false);
    let (lease, back) = Lease::new(callback);
    let built = match offer.format {
        SampleFormat::F32 => build::<f32>(device, offer.config, lease, shared.clone()),
        SampleFormat::I32 => build::<i32>(device, offer.config, lease, shared.clone()),
        SampleFormat::I24 => build::<cpal::I24>(device, offer.config, lease, shared.clone()),
        _ => build::<i16>(device, offer.config, lease, shared.clone()),
    };
    let started = built.and_then(|stream| stream.play().map(|()| stream));
    let stream = match started {
        Ok(stream) => stream,
        Err(error) => return Err((error, back.wait())),
    };
    let opened_as = OpenedAs {
        name: device.to_string(),
        rate: SampleRate(offer.config.sample_rate),
        converted: offer.config.sample_rate != rate.0,
        format: offer.format.to_string(),
        buffer_frames: match offer.config.buffer_size {
            BufferSize::Fixed(frames) => Some(frames),
            BufferSize::Default => None,
        },
        channels: offer.config.channels,
    };
    Ok(OpenDevice { stream, back, shared, opened_as })
}

fn build<S: SizedSample + DeviceSample>(
    device: &cpal::Device,
    config: StreamConfig,
    mut lease: Lease,
    shared: Arc<Shared>,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels);
    let mut asked = false;
    let told = shared.clone();
    let data = move |out: &mut [S], _: &cpal::OutputCallbackInfo| {
        if !std::mem::replace(&mut asked, true) {
            told.note_priority(priority::raise());
        }
        if let Some(callback) = lease.get() {
            callback.process(out, channels);
        }
    };
    let errors = move |error: cpal::Error| match error.kind() {
        ErrorKind::Xrun => shared.count_xrun(),
        // The stream goes on: on another route, or without the priority it asked for.
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        _ => shared.set_device_lost(true),
    };
    device.build_output_stream::<S, _, _>(config, data, errors, Some(OPEN_PATIENCE))
}

impl OpenDevice {
    /// How it was opened.
    pub fn opened_as(&self) -> &OpenedAs {
        &self.opened_as
    }

    /// Whether it has gone. Close it, and open it again or another.
    pub fn is_lost(&self) -> bool {
        self.shared.is_device_lost()
    }

    /// Stops it and takes the callback back, with the plan it was playing. `None` when the driver does not let go within
    /// two seconds.
    pub fn close(self) -> Option<Box<Callback>> {
        drop(self.stream);
        self.back.wait()
    }
}

impl DeviceSample for cpal::I24 {
    fn from_f64(value: f64) -> Self {
        Self::new_unchecked(int_from_f64(value, 24))
    }
}
