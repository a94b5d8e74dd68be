//! What whole-program tests share: the binary, a folder of its own, files made on the spot.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "a test helper; no test uses all of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program under test, with a home of its own.
pub fn glassmaster(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassmaster"));
    command.env("GLASSMASTER_HOME", home.join("gm-home")).current_dir(home);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// Runs it and gives everything back.
pub fn run(home: &Path, args: &[&str]) -> Output {
    glassmaster(home).args(args).output().unwrap()
}

/// Runs it, asks for success, and reads standard output as JSON.
pub fn run_json(home: &Path, args: &[&str]) -> serde_json::Value {
    let output = run(home, args);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Asserts that a run failed with a code and one line on standard error that names `names`.
pub fn assert_one_line(output: &Output, code: i32, names: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "more than a line: {said}");
    assert!(said.contains(names), "does not name {names}: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// A stereo WAV of `seconds` made by `sample(frame, channel)` in −1..1, 24 bit.
pub fn write_wav(path: &Path, rate: u32, seconds: f64, sample: impl Fn(usize, usize) -> f64) -> PathBuf {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..(seconds * f64::from(rate)) as usize {
        for channel in 0..2 {
            wav.write_sample((sample(frame, channel) * 8_388_607.0).round() as i32).unwrap();
        }
    }
    wav.finalize().unwrap();
    path.to_owned()
}

/// A sine of a level in dBFS.
pub fn sine(rate: u32, hz: f64, dbfs: f64) -> impl Fn(usize, usize) -> f64 {
    let gain = 10f64.powf(dbfs / 20.0);
    move |frame, _| gain * (std::f64::consts::TAU * hz * frame as f64 / f64::from(rate)).sin()
}

/// Whether an outside program is there; says that a check is left out if it is not.
pub fn have(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|p| p.join(program).is_file()));
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// The folder of real test data, where it is; says that a check is left out if it is not.
pub fn testdata(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testdata").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: no test data at {}", path.display());
        return None;
    }
    Some(path)
}

/// Whether this process is the superuser, whom no permission stops.
#[cfg(unix)]
pub fn is_root(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let probe = tempfile::NamedTempFile::new_in(folder).unwrap();
    probe.as_file().metadata().unwrap().uid() == 0
}

/// Commands of the program as an ordinary user in `home`, also where the tests run as root; says that a check is left
/// out where that cannot be had.
#[cfg(unix)]
pub fn ordinary_user(home: &Path) -> Option<impl Fn() -> Command + use<>> {
    use std::os::unix::fs::PermissionsExt;
    let home = home.to_owned();
    let own = home.join("gm-home");
    std::fs::create_dir_all(&own).unwrap();
    if is_root(&home) {
        // A copy of the program where the other user may go, and a home that is everybody's.
        std::fs::copy(env!("CARGO_BIN_EXE_glassmaster"), own.join("glassmaster")).unwrap();
        std::fs::remove_dir_all(own.join("cache")).unwrap_or_default();
        for (path, mode) in [(home.clone(), 0o755), (own.clone(), 0o777), (own.join("glassmaster"), 0o755)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    let root = is_root(&home);
    let command = move || {
        if !root {
            return glassmaster(&home);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(own.join("glassmaster"));
        command.env("GLASSMASTER_HOME", &own).current_dir(&home);
        command
    };
    if root && !command().arg("--version").output().is_ok_and(|o| o.status.success()) {
        eprintln!("SKIPPED: root, and setpriv cannot run the program as another user");
        return None;
    }
    Some(command)
}

/// A mounted disk of one megabyte, unmounted when dropped.
#[cfg(unix)]
pub struct SmallDisk(PathBuf);

#[cfg(unix)]
impl SmallDisk {
    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Takes its last byte.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &[1; 512]).is_ok() {}
    }
}

#[cfg(unix)]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(done.is_ok_and(|s| s.success()), "{} stays mounted", self.0.display());
    }
}

/// Mounts a small disk in a new folder; says that a check is left out where mounting is not allowed.
#[cfg(unix)]
pub fn small_disk(at: &Path) -> Option<SmallDisk> {
    std::fs::create_dir(at).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at).output();
    if !mount.is_ok_and(|o| o.status.success()) {
        eprintln!("SKIPPED: a small tmpfs cannot be mounted (only root may)");
        return None;
    }
    Some(SmallDisk(at.to_owned()))
}
