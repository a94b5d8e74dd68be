//! Looks at the machine: sound system, file dialogs, real-time rights, encoders, folders. Nothing is changed.

use std::path::Path;

use super::settings::Folders;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Works, could be better.
    Better,
    /// Something will not work.
    Missing,
}

impl State {
    /// As printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Better => "better",
            Self::Missing => "missing",
        }
    }
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable id.
    pub id: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub text: String,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Check {
    fn good(id: &'static str, text: impl Into<String>) -> Self {
        Self { id, state: State::Good, text: text.into(), mend: None }
    }

    fn not(id: &'static str, state: State, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { id, state, text: text.into(), mend: Some(mend.into()) }
    }
}

/// Looks at everything.
pub fn examine() -> Vec<Check> {
    let mut checks = vec![sound_cards(), realtime(), dialogs(), mp3(), window()];
    checks.extend(folders(&Folders::of_user()));
    checks
}

fn sound_cards() -> Check {
    if !cfg!(feature = "device") {
        return Check::not(
            "sound",
            State::Missing,
            "built without audio devices",
            "build with the feature `device` (it is on by default)",
        );
    }
    if !cfg!(target_os = "linux") {
        return Check::good("sound", "the system's own sound");
    }
    let cards = std::fs::read_to_string("/proc/asound/cards").unwrap_or_default();
    let names: Vec<&str> =
        cards.lines().filter_map(|l| l.split_once("]: ").map(|(_, name)| name.trim())).collect();
    if names.is_empty() {
        Check::not(
            "sound",
            State::Missing,
            "ALSA knows no sound card; playback goes to the null device",
            "connect the interface and look at `aplay -l`; in a container pass /dev/snd through",
        )
    } else {
        Check::good("sound", format!("ALSA cards: {}", names.join("; ")))
    }
}

/// The soft limit of real-time priority from `/proc/self/limits`, where there is such a file.
fn rtprio_limit() -> Option<String> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|l| l.starts_with("Max realtime priority"))?;
    line["Max realtime priority".len()..].split_whitespace().next().map(str::to_owned)
}

fn realtime() -> Check {
    match rtprio_limit().as_deref() {
        None => Check::good("real_time", "decided by the system"),
        Some("0") if !is_root() => Check::not(
            "real_time",
            State::Better,
            "this user may not run real-time threads; under load the sound may drop out",
            "add the user to the group `audio` and put `@audio - rtprio 95` into /etc/security/limits.d/audio.conf, then log in again",
        ),
        Some("0") => Check::good("real_time", "root may run real-time threads"),
        Some(limit) => Check::good("real_time", format!("real-time priority up to {limit}")),
    }
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:") && l.split_whitespace().nth(1) == Some("0")))
}

fn dialogs() -> Check {
    if !cfg!(target_os = "linux") {
        return Check::good("file_dialogs", "the system's own");
    }
    let portals = ["/usr/libexec/xdg-desktop-portal", "/usr/lib/xdg-desktop-portal"];
    let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some();
    if bus && portals.iter().any(|p| Path::new(p).exists()) {
        Check::good("file_dialogs", "desktop portal present")
    } else {
        Check::not(
            "file_dialogs",
            State::Better,
            "no desktop portal: Glassmaster shows its own file chooser",
            "install xdg-desktop-portal and the one of your desktop (gtk, kde, gnome)",
        )
    }
}

fn mp3() -> Check {
    if cfg!(feature = "mp3") {
        Check::good("mp3", "LAME is built in")
    } else {
        Check::not(
            "mp3",
            State::Better,
            "built without LAME: no MP3 references",
            "build with the feature `mp3`",
        )
    }
}

fn window() -> Check {
    if !cfg!(feature = "gui") {
        return Check::not(
            "window",
            State::Better,
            "built without the window",
            "build with the feature `gui`",
        );
    }
    let display = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if display || !cfg!(target_os = "linux") {
        Check::good("window", "a display is there")
    } else {
        Check::not(
            "window",
            State::Better,
            "no display",
            "start from a desktop, or use the command line: `glassmaster --help`",
        )
    }
}

fn folders(folders: &Folders) -> Vec<Check> {
    [("settings", &folders.config), ("data", &folders.data), ("cache", &folders.cache)]
        .into_iter()
        .map(|(id, folder)| match writable(folder) {
            Ok(()) => Check::good(id, folder.display().to_string()),
            Err(e) => Check::not(
                id,
                State::Missing,
                format!("{}: {e}", folder.display()),
                "make the folder writable, or set GLASSMASTER_HOME to one that is",
            ),
        })
        .collect()
}

/// Whether files can be made in a folder (made if it is not there).
fn writable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    tempfile::tempfile_in(folder).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lack_has_its_mend() {
        for check in examine() {
            assert_eq!(check.state == State::Good, check.mend.is_none(), "{check:?}");
            assert!(!check.text.is_empty());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_missing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let checks = folders(&Folders::under(&file.path().join("below")));
        assert!(checks.iter().all(|c| c.state == State::Missing));
    }
}
