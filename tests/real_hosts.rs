//! Live equals export on real audio hosts: the real program plays into ALSA's `file` plugin and into a JACK server, and
//! each recording is the offline render, sample for sample.
//!
//! ALSA's `file` plugin (in libasound itself) writes whatever a program plays, as fast as it comes. Here it writes into a
//! pipe, and whoever reads that keeps time: first as fast as it can, then no faster than the sound, so that a program that
//! is noticed late on a busy machine costs seconds and neither samples nor disk. JACK's dummy driver keeps time; in
//! synchronous mode it waits for its clients. A recorder is connected before the program may begin (`play --hold`).
#![cfg(all(feature = "device", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{glassmaster, sine, text, write_wav};
use serde_json::{Value, json};

/// Bits of the left and the right sample, both zeros the same.
type Frame = [u32; 2];

fn bits(sample: f32) -> u32 {
    if sample == 0.0 { 0 } else { sample.to_bits() }
}

/// Two songs of `seconds` together and a gap, equaliser, compressor and limiter on one song and on the album; sound from the first frame on.
fn album(home: &Path, rate: u32, seconds: f64) {
    let tone = |hz: f64, dbfs: f64| {
        let (low, high) = (sine(rate, hz, dbfs), sine(rate, hz * 7.3, dbfs - 9.0));
        // A quarter of a second at full level, then 12 dB down, and again: something to do for the dynamics.
        let level =
            move |frame: usize| if (frame / (rate as usize / 4)).is_multiple_of(2) { 1.0 } else { 0.25 };
        move |frame: usize, channel: usize| {
            level(frame) * (low(frame + 40, channel) + high(frame + 17 * channel, channel))
        }
    };
    write_wav(&home.join("1.wav"), rate, 0.55 * seconds, tone(220.0, -4.0));
    write_wav(&home.join("2.wav"), rate, 0.45 * seconds, tone(330.0, -3.0));
    let rate = rate.to_string();
    let made = glassmaster(home)
        .args(["new", "s.json", "--from", "1.wav", "2.wav", "--gap", "0.2", "--rate", &rate])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mut session: Value = serde_json::from_slice(&fs::read(home.join("s.json")).unwrap()).unwrap();
    session["songs"][0]["gap"] = 0.into();
    session["songs"][0]["chain"]["slots"] = chain(900);
    session["album_chain"]["slots"] = chain(910);
    session["next_id"] = 1_000.into();
    fs::write(home.join("s.json"), serde_json::to_vec(&session).unwrap()).unwrap();
}

fn chain(first_id: u32) -> Value {
    let slot = |i: u32, kind: &str, params: Value| {
        json!({"id": first_id + i, "kind": kind, "version": 1, "enabled": true, "mode": "stereo", "wet": 1.0,
            "params": params})
    };
    json!([
        slot(
            0,
            "eq",
            json!({"band1_type": "bell", "band1_freq_hz": 900.0, "band1_gain_db": 3.0,
            "band2_type": "high_shelf", "band2_freq_hz": 6_000.0, "band2_gain_db": -2.0})
        ),
        slot(1, "compressor", json!({"threshold_db": -20.0, "ratio": 3.0, "attack_ms": 10.0})),
        slot(2, "limiter", json!({"input_gain_db": 4.0, "ceiling_dbtp": -1.5})),
    ])
}

/// The whole album from its frame zero on as 32-bit floats: what every device must get.
fn rendered(home: &Path) -> Vec<Frame> {
    let out = home.join("want.wav");
    let args = ["render", "s.json", "--bits", "32f", "--range", "0..", "--force", "--out", "want.wav"];
    let output = glassmaster(home).args(args).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut wav = hound::WavReader::open(out).unwrap();
    let samples: Vec<u32> = wav.samples::<f32>().map(|s| bits(s.unwrap())).collect();
    let frames: Vec<Frame> = samples.chunks_exact(2).map(|f| [f[0], f[1]]).collect();
    let sounding = frames.iter().filter(|f| **f != [0; 2]).count();
    assert!(frames[0] != [0; 2] && sounding > frames.len() / 2, "a recording of silence proves nothing");
    frames
}

/// How many silent frames a recording has before what was rendered; all of that must be equal. Behind the end of the
/// album stand the last milliseconds of its chains, until the program stops.
fn silence_before(recorded: &[Frame], rendered: &[Frame]) -> Result<usize, String> {
    let silent = recorded.iter().take_while(|f| **f == [0; 2]).count();
    let sound = &recorded[silent..];
    if let Some(i) = sound.iter().zip(rendered).position(|(r, w)| r != w) {
        return Err(format!("frame {i} of {}: {:?}, not {:?}", rendered.len(), sound[i], rendered[i]));
    }
    if sound.len() < rendered.len() {
        return Err(format!("{} frames of {}", sound.len(), rendered.len()));
    }
    Ok(silent)
}

#[test]
fn a_wrong_sample_or_one_too_few_is_seen() {
    let want: Vec<Frame> = (1..1_000).map(|i| [i, i + 7]).collect();
    let recording = |frames: &[Frame]| [&[[0; 2]; 64], frames, &[[0; 2]; 9]].concat();
    assert_eq!(silence_before(&recording(&want), &want), Ok(64));
    let mut wrong = want.clone();
    wrong[500][1] ^= 1;
    assert!(silence_before(&recording(&wrong), &want).unwrap_err().starts_with("frame 500"));
    let mut dropped = want.clone();
    dropped.remove(700);
    assert!(silence_before(&recording(&dropped), &want).unwrap_err().starts_with("frame 700"));
    assert!(silence_before(&want[..998], &want).is_err());
}

/// What `play` said of a run: nothing ran dry, nothing failed, no conversion of rates.
fn assert_clean(output: &Output) -> Value {
    assert!(output.status.success(), "{:?}: {}", output.status, text(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    for counter in ["late_quanta", "failed_quanta"] {
        assert_eq!(said[counter], 0, "{said}");
    }
    said
}

mod alsa {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    const RATE: u32 = 48_000;

    /// What the device writes into.
    const PIPE: &str = "capture";

    /// Ends a recording: no sample is a number like this.
    const END: [u8; 8] = [0xff; 8];

    /// Whether ALSA is set up here at all; says that a check is left out if it is not.
    fn is_there() -> bool {
        let found = Path::new("/usr/share/alsa/alsa.conf").is_file();
        if !found {
            eprintln!("SKIPPED: ALSA is not set up (package libasound2-data)");
        }
        found
    }

    /// Makes the default device of this home one that writes into the pipe named by `GM_CAPTURE`.
    fn set_up(home: &Path) {
        let text = r#"pcm.!default {
  type file
  slave.pcm "null"
  file { @func getenv vars [ GM_CAPTURE ] default "/dev/null" }
  format "raw"
}
"#;
        fs::write(home.join(".asoundrc"), text).unwrap();
        assert!(Command::new("mkfifo").arg(home.join(PIPE)).status().unwrap().success());
    }

    /// Frames that went through the pipe, whichever opening of the device they came from. The first `at_once` are taken
    /// as they come, the others in the time they last.
    fn record(pipe: &mut File, at_once: usize, is_over: &AtomicBool) -> Vec<Frame> {
        let mut bytes = Vec::new();
        let mut part = vec![0; 1 << 14];
        let mut paced_since = None;
        loop {
            let count = pipe.read(&mut part).unwrap();
            bytes.extend_from_slice(&part[..count]);
            if is_over.load(Ordering::SeqCst) && bytes.ends_with(&END) {
                bytes.truncate(bytes.len() - END.len());
                let sample = |b: &[u8]| bits(f32::from_le_bytes(b.try_into().unwrap()));
                return bytes.chunks_exact(8).map(|f| [sample(&f[..4]), sample(&f[4..])]).collect();
            }
            let ahead = (bytes.len() / 8).saturating_sub(at_once);
            if ahead > 0 {
                let since = *paced_since.get_or_insert_with(Instant::now);
                let due = since + Duration::from_secs_f64(ahead as f64 / f64::from(RATE));
                while Instant::now() < due && !is_over.load(Ordering::SeqCst) {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
            }
        }
    }

    /// Plays the session in buffers of `buffer`: what `play` said, and what came out of it.
    fn play(home: &Path, at_once: usize, buffer: u32, more: &[&str]) -> (Output, Vec<Frame>) {
        // Open for both, so that the end of one opening of the device is not the end of the recording.
        let mut pipe = File::options().read(true).write(true).open(home.join(PIPE)).unwrap();
        let mut end = pipe.try_clone().unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let recorder = scope.spawn(|| record(&mut pipe, at_once, &is_over));
            let mut command = glassmaster(home);
            command.env("HOME", home).env("GM_CAPTURE", home.join(PIPE));
            command.args(["play", "s.json", "--host", "alsa", "--device", "default", "--preload", "--json"]);
            let output = command.arg("--buffer").arg(buffer.to_string()).args(more).output().unwrap();
            is_over.store(true, Ordering::SeqCst);
            end.write_all(&END).unwrap();
            (output, recorder.join().unwrap())
        })
    }

    #[test]
    fn gets_the_offline_render_at_every_buffer_size() {
        if !is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        set_up(home);
        album(home, RATE, 2.5);
        let want = rendered(home);
        for buffer in [256, 512, 333] {
            let (output, frames) = play(home, want.len() + 4 * buffer as usize, buffer, &[]);
            let said = assert_clean(&output);
            assert_eq!((&said["buffer_frames"], &said["xruns"]), (&buffer.into(), &0.into()), "{said}");
            let silent = silence_before(&frames, &want);
            let silent = silent.unwrap_or_else(|e| panic!("buffer {buffer}: {e}"));
            eprintln!("ALSA, buffer {buffer}: {} frames equal after {silent} silent ones", want.len());
        }
    }

    #[test]
    fn goes_on_in_its_place_when_the_device_is_opened_anew() {
        if !is_there() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        set_up(home);
        // Long enough that a busy machine notices half a second before all of it has been played in its own time.
        album(home, RATE, 6.0);
        let want = rendered(home);
        let (output, frames) = play(home, RATE as usize / 2, 256, &["--restart-after", "0.5"]);
        let said = assert_clean(&output);
        let at = said["restarted_at_frame"].as_u64();
        let at = at.unwrap_or_else(|| panic!("played to its end before it could be closed: {said}")) as usize;
        assert!(at >= RATE as usize / 2 && at < want.len(), "{said}");
        let silent = frames.iter().take_while(|f| **f == [0; 2]).count();
        let sound = &frames[silent..];
        // What was in the device's buffer when it was closed is gone, as with every device.
        let same = sound.iter().zip(&want).take_while(|(s, w)| s == w).count();
        let before = same.min(at);
        assert!(before + 4 * 256 >= at, "{before} of {at} before the restart");
        let gap = silence_before(&sound[before..], &want[at..]).unwrap();
        assert_eq!(gap, 0, "it goes on with the first buffer");
        eprintln!("ALSA: closed at frame {at} ({before} of them came out), {} more equal", want.len() - at);
    }
}

#[cfg(feature = "jack-tests")]
mod jack {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, Stdio};
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use jack_client::{
        AsyncClient, AudioIn, Client, ClientOptions, Control, Port, PortFlags, ProcessHandler, ProcessScope,
    };

    use super::*;

    /// Set for the part of a test that runs as a client of the test's own server.
    const INSIDE: &str = "GM_INSIDE_JACK";

    /// Longest recording, frames.
    const LONGEST: usize = 1 << 21;

    /// Times a thing that is about to happen is looked for, 5 ms apart.
    const LOOKS: usize = 4_000;

    /// One server at a time: each keeps real time.
    static TURN: Mutex<()> = Mutex::new(());

    /// A JACK server of the test's own, under a name nobody else uses.
    struct Server(Child);

    impl Server {
        fn start(name: &str, rate: u32, period: u32) -> Self {
            let mut command = Command::new("jackd");
            command.args(["-n", name, "--no-realtime", "-S", "-t", "5000", "--no-mlock", "-d", "dummy"]);
            command.args(["-r", &rate.to_string(), "-p", &period.to_string(), "-C", "2", "-P", "2"]);
            command.env("JACK_NO_AUDIO_RESERVATION", "1").stdout(Stdio::null()).stderr(Stdio::null());
            Self(command.spawn().unwrap())
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // Asked, not killed: a killed server leaves its shared memory behind.
            let asked = Command::new("sh").arg("-c").arg(format!("kill {}", self.0.id())).status();
            assert!(asked.is_ok_and(|s| s.success()) && self.0.wait().is_ok(), "jackd stays");
        }
    }

    /// Runs a test again, as a client of a server of its own. Whether it is that second run already.
    fn inside(test: &str, rate: u32, period: u32) -> bool {
        if std::env::var(INSIDE).is_ok_and(|t| t == test) {
            return true;
        }
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("gm-{test}-{period}-{}", std::process::id());
        let _server = Server::start(&name, rate, period);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &format!("jack::{test}"), "--nocapture"]);
        command.env(INSIDE, test).env("JACK_DEFAULT_SERVER", &name).env("JACK_NO_START_SERVER", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        for line in text(&output.stderr).lines().filter(|l| l.starts_with("JACK, ")) {
            eprintln!("{line}");
        }
        false
    }

    struct Take {
        inputs: [Port<AudioIn>; 2],
        frames: Vec<Frame>,
    }

    impl ProcessHandler for Take {
        fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
            let (left, right) = (self.inputs[0].as_slice(scope), self.inputs[1].as_slice(scope));
            let room = LONGEST - self.frames.len();
            self.frames.extend(left.iter().zip(right).take(room).map(|(l, r)| [bits(*l), bits(*r)]));
            Control::Continue
        }
    }

    /// Records what it is connected to.
    struct Recorder(AsyncClient<(), Take>);

    impl Recorder {
        fn start() -> Self {
            let mut looks = 0..LOOKS;
            let client = loop {
                match Client::new("gm_recorder", ClientOptions::NO_START_SERVER) {
                    Ok((client, _)) => break client,
                    Err(error) => assert!(looks.next().is_some(), "no server: {error}"),
                }
                std::thread::park_timeout(Duration::from_millis(5));
            };
            let inputs = ["left", "right"].map(|n| client.register_port(n, AudioIn::default()).unwrap());
            let take = Take { inputs, frames: Vec::with_capacity(LONGEST) };
            Self(client.activate_async((), take).unwrap())
        }

        /// Connects to the program's ports, if they are there and not yet connected.
        fn connect(&self) -> bool {
            let client = self.0.as_client();
            let outs = client.ports(Some("cpal_client"), None, PortFlags::IS_OUTPUT);
            outs.len() == 2
                && outs.iter().zip(["left", "right"]).all(|(from, to)| {
                    client.connect_ports_by_name(from, &format!("gm_recorder:{to}")).is_ok()
                })
        }

        fn is_connected(&self) -> bool {
            let port = self.0.as_client().port_by_name("gm_recorder:right");
            port.is_some_and(|p| p.connected_count().is_ok_and(|n| n > 0))
        }

        fn connect_soon(&self) {
            let connected = (0..LOOKS).any(|_| {
                std::thread::park_timeout(Duration::from_millis(5));
                self.connect()
            });
            assert!(connected, "the program's ports did not come");
        }

        fn stop(self) -> Vec<Frame> {
            self.0.deactivate().unwrap().2.frames
        }
    }

    /// Starts `play`, waits until its device runs, connects the recorder, and lets it play.
    fn play(home: &Path, recorder: &Recorder, more: &[&str]) -> Child {
        let mut command = glassmaster(home);
        command.args(["play", "s.json", "--host", "jack", "--device", "default", "--preload", "--json"]);
        command.args(["--hold"]).args(more);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|l| !l.contains("ready")).collect();
        if child.try_wait().unwrap().is_some() {
            panic!("it does not play: {said:?}");
        }
        // The rest is let go by, so that the pipe never fills.
        std::thread::Builder::new().spawn(move || lines.for_each(drop)).unwrap();
        recorder.connect_soon();
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        child
    }

    fn matches_the_render(test: &str, rate: u32, period: u32) {
        if !common::have("jackd") || !inside(test, rate, period) {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        album(home, rate, 2.0);
        let want = rendered(home);
        let recorder = Recorder::start();
        let output = play(home, &recorder, &[]).wait_with_output().unwrap();
        let said = assert_clean(&output);
        assert_eq!(said["buffer_frames"], period, "{said}");
        let silent = silence_before(&recorder.stop(), &want).unwrap_or_else(|e| panic!("{e}"));
        eprintln!(
            "JACK, {rate} Hz, period {period}: {} frames equal after {silent} silent ones; load mean {:.3}",
            want.len(),
            said["load_mean"].as_f64().unwrap()
        );
    }

    #[test]
    fn gets_the_offline_render_at_48_khz_and_256_frames() {
        matches_the_render("gets_the_offline_render_at_48_khz_and_256_frames", 48_000, 256);
    }

    #[test]
    fn gets_the_offline_render_at_96_khz_and_1024_frames() {
        matches_the_render("gets_the_offline_render_at_96_khz_and_1024_frames", 96_000, 1_024);
    }

    /// A client that comes back has new ports; until the recorder is connected to them some periods go by.
    #[test]
    fn goes_on_in_its_place_when_the_device_is_opened_anew() {
        let test = "goes_on_in_its_place_when_the_device_is_opened_anew";
        if !common::have("jackd") || !inside(test, 48_000, 256) {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        album(home, 48_000, 3.0);
        let want = rendered(home);
        let recorder = Recorder::start();
        let mut child = play(home, &recorder, &["--restart-after", "0.5"]);
        while child.try_wait().unwrap().is_none() {
            if !recorder.is_connected() {
                recorder.connect();
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        let said = assert_clean(&child.wait_with_output().unwrap());
        let at = said["restarted_at_frame"].as_u64().unwrap() as usize;
        let recorded = recorder.stop();
        let begun = recorded.iter().position(|f| *f != [0; 2]).unwrap();
        let before = recorded[begun..].iter().zip(&want).take_while(|(r, w)| r == w).count();
        assert!(before <= at && before + 4 * 256 >= at, "{before} frames equal, closed at {at}");
        // The first place where both channels are connected again, and where in the album that is.
        let rest = &recorded[begun + before..];
        let again = rest.iter().position(|f| f[0] != 0 && f[1] != 0).unwrap();
        let window = &rest[again..again + 64];
        let place = want.windows(64).rposition(|w| w == window).expect("what follows is not of this album");
        assert!(place >= at, "{place} was played before {at}");
        assert!(rest[again..].len() >= want.len() - place, "the end is missing");
        assert!(rest[again..].iter().zip(&want[place..]).all(|(r, w)| r == w), "after the restart");
        eprintln!(
            "JACK, opened anew at frame {at}: {before} frames equal before, {} after, {} not recorded between",
            want.len() - place,
            place - at
        );
    }
}
