//! What playback services and delivery specifications make of a master: gain, resulting loudness and peak, a verdict.
//!
//! A service that turns songs to its target plays with `g = target − I`; one that only turns down with `min(g, 0)`; one
//! that raises without a limiter with `min(g, ceiling − TP)` where `g` is above 0. The table of services with its sources
//! and dates is data (`assets/services.json`): services change without notice. A specification without a gain is a test
//! that is passed or not; what it only advises is a note.
//!
//! What is heard through the monitors at a service's level ([`Playback::heard_db`]) never lifts the true peak over the
//! service's ceiling, nor over full scale: a limiter of the service is not imitated, and no converter may be driven into
//! clipping by a figure of a table.

use serde::{Deserialize, Serialize};

use super::song_figures::SongFigures;

/// A difference in level nobody hears, dB: under it a song counts as left alone.
const UNHEARD_DB: f64 = 0.05;
/// What a meter may differ by where a true peak is judged, dB.
const PEAK_SLACK_DB: f64 = 0.05;
/// Full scale, dBTP: over it a converter clips.
const FULL_SCALE_DBTP: f64 = 0.0;

/// Loudness a row may name, LUFS.
const LOUDNESS_LUFS: [f64; 2] = [-70.0, 0.0];
/// Ceilings and advised peaks a row may name, dBTP or dBFS.
const CEILING_DB: [f64; 2] = [-20.0, 3.0];
/// Highest RMS a row may name, dBFS.
const RMS_DBFS: [f64; 2] = [-70.0, 3.1];
/// Tolerances and loudness ranges a row may name, LU.
const SPAN_LU: [f64; 2] = [0.0, 70.0];
/// Playing times a row may name, seconds: to a week.
const LENGTH_S: [f64; 2] = [1.0, 604_800.0];

/// Which way a service turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Leaves the level alone.
    #[default]
    None,
    /// Turns down what is louder than its target.
    Down,
    /// Turns up as well.
    Both,
}

/// By what a service turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each song by its own loudness.
    #[default]
    Track,
    /// All songs by the loudness of the album.
    Album,
}

impl Mode {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Album => "album",
        }
    }
}

/// How sure a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The service's own words, or several good sources.
    High,
    /// One good source.
    Medium,
    /// One source, or old ones.
    #[default]
    Low,
    /// Sources contradict each other.
    Conflicting,
}

impl Confidence {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Conflicting => "sources differ",
        }
    }
}

/// A delivery specification: what a file must keep to. What is `null` is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// Integrated loudness within so many LU of the target.
    pub tolerance_lu: Option<f64>,
    /// Highest true peak, dBTP.
    pub max_true_peak_dbtp: Option<f64>,
    /// Highest sample, dBFS.
    pub max_sample_peak_dbfs: Option<f64>,
    /// Highest short-term loudness, LUFS.
    pub max_short_term_lufs: Option<f64>,
    /// Highest RMS (AES17), dBFS.
    pub max_rms_dbfs: Option<f64>,
    /// Smallest and largest loudness range that are advised, LU.
    pub range_lu: Option<[f64; 2]>,
    /// Playing time of a side, seconds: how many sides an album needs.
    pub side_s: Option<f64>,
    /// Playing time of a whole disc, seconds.
    pub disc_s: Option<f64>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Stable name (`spotify`).
    pub id: String,
    /// As shown.
    pub name: String,
    /// Loudness it turns to, or asks for, LUFS.
    pub target_lufs: Option<f64>,
    /// Which way it turns.
    pub direction: Direction,
    /// Raising stops where the true peak would pass this, dBTP.
    pub raise_ceiling_dbtp: Option<f64>,
    /// Raising goes through a limiter of the service, which cannot be foretold.
    pub raise_limiter: bool,
    /// By what it turns; the first is its habit. Empty: not said, either is taken.
    pub modes: Vec<Mode>,
    /// True peak it advises, dBTP.
    pub advice_dbtp: Option<f64>,
    /// True peak it advises for what is louder than its target, dBTP.
    pub advice_if_louder_dbtp: Option<f64>,
    /// It makes lossy files of what it gets.
    pub lossy: bool,
    /// A specification of files instead of a gain.
    pub spec: Option<Spec>,
    /// Formats it wants.
    pub formats: String,
    /// Where the row is from.
    pub source: String,
    /// When that was said, as far as known.
    pub date: String,
    /// How sure the row is.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

/// What holds a gain back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Nothing: the target is reached.
    Nothing,
    /// The service does not turn up.
    Direction,
    /// The true peak reaches the ceiling.
    Peak,
    /// A limiter of the service goes on from here; what it does cannot be foretold.
    Limiter,
    /// Nothing that is known of, and the true peak passes full scale.
    Unknown,
}

/// How a service plays something.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Playback {
    /// Gain of the service, dB.
    pub gain_db: f64,
    /// The part of it that is heard through the monitors, dB: no raise goes over the service's ceiling, nor over full scale.
    pub heard_db: f64,
    /// Loudness as played, LUFS; behind a limiter of the service the most it can be.
    pub lufs: f64,
    /// True peak as played, dBTP; `None` behind a limiter of the service.
    pub true_peak_dbtp: Option<f64>,
    /// What held the gain back.
    pub held: Held,
}

impl Playback {
    /// How much less is heard than the service's gain, dB; 0 where all of it is.
    pub fn unheard_db(&self) -> f64 {
        self.gain_db - self.heard_db
    }
}

/// How grave a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As wanted.
    #[default]
    Good,
    /// Worth knowing.
    Note,
    /// Something may be heard, or a test is not passed.
    Bad,
}

/// What a service makes of a song or an album.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Verdict {
    /// How it is played; `None` where nothing is turned or nothing is measured.
    pub playback: Option<Playback>,
    /// How grave.
    pub grade: Grade,
    /// In words.
    pub text: String,
}

impl Service {
    /// Its habit: by song or by album.
    pub fn mode(&self) -> Mode {
        self.modes.first().copied().unwrap_or_default()
    }

    /// Whether it turns this way; what turns nothing is judged either way.
    pub fn turns_by(&self, mode: Mode) -> bool {
        self.spec.is_some() || self.modes.is_empty() || self.modes.contains(&mode)
    }

    /// What in the row cannot be meant, naming its field; `None` where all is within bounds.
    pub fn fault(&self) -> Option<String> {
        let spec = self.spec.unwrap_or_default();
        let [range_least, range_most] =
            spec.range_lu.map_or([None; 2], |[least, most]| [Some(least), Some(most)]);
        let numbers = [
            ("target_lufs", self.target_lufs, LOUDNESS_LUFS),
            ("raise_ceiling_dbtp", self.raise_ceiling_dbtp, CEILING_DB),
            ("advice_dbtp", self.advice_dbtp, CEILING_DB),
            ("advice_if_louder_dbtp", self.advice_if_louder_dbtp, CEILING_DB),
            ("spec.tolerance_lu", spec.tolerance_lu, SPAN_LU),
            ("spec.max_true_peak_dbtp", spec.max_true_peak_dbtp, CEILING_DB),
            ("spec.max_sample_peak_dbfs", spec.max_sample_peak_dbfs, CEILING_DB),
            ("spec.max_short_term_lufs", spec.max_short_term_lufs, LOUDNESS_LUFS),
            ("spec.max_rms_dbfs", spec.max_rms_dbfs, RMS_DBFS),
            ("spec.range_lu", range_least, SPAN_LU),
            ("spec.range_lu", range_most, [range_least.unwrap_or(0.0), SPAN_LU[1]]),
            ("spec.side_s", spec.side_s, LENGTH_S),
            ("spec.disc_s", spec.disc_s, LENGTH_S),
        ];
        numbers.into_iter().find_map(|(field, value, [least, most])| {
            // Written so that what is no number is a fault too.
            let value = value.filter(|v| !(*v >= least && *v <= most))?;
            Some(format!("{field} is {value}, it must be between {least} and {most}"))
        })
    }

    /// The target in words.
    pub fn target_text(&self) -> String {
        let Some(target) = self.target_lufs else { return "none".to_owned() };
        let tolerance =
            self.spec.and_then(|s| s.tolerance_lu).map(|t| format!(" ±{t:.1}")).unwrap_or_default();
        format!("{target:.1}{tolerance} LUFS").replace('-', "−")
    }

    /// Gain and result for something of a loudness and a true peak; `None` where the service turns nothing.
    pub fn playback(&self, integrated_lufs: f64, true_peak_dbtp: Option<f64>) -> Option<Playback> {
        let target_lufs = self.target_lufs.filter(|_| self.spec.is_none())?;
        if self.direction == Direction::None {
            return None;
        }
        let wanted_db = target_lufs - integrated_lufs;
        let (gain_db, held) = self.held_back(wanted_db, true_peak_dbtp);
        let ceiling_dbtp = self.raise_ceiling_dbtp.unwrap_or(FULL_SCALE_DBTP).min(FULL_SCALE_DBTP);
        let room_db = true_peak_dbtp.map_or(0.0, |peak| (ceiling_dbtp - peak).max(0.0));
        Some(Playback {
            gain_db,
            heard_db: gain_db.min(room_db),
            lufs: integrated_lufs + gain_db,
            true_peak_dbtp: true_peak_dbtp.filter(|_| held != Held::Limiter).map(|p| p + gain_db),
            held,
        })
    }

    /// The gain that is left of the one wanted.
    fn held_back(&self, wanted_db: f64, true_peak_dbtp: Option<f64>) -> (f64, Held) {
        if wanted_db <= 0.0 {
            return (wanted_db, Held::Nothing);
        }
        if self.direction == Direction::Down {
            return (0.0, Held::Direction);
        }
        let room_db = self.raise_ceiling_dbtp.zip(true_peak_dbtp).map(|(ceiling, peak)| ceiling - peak);
        match room_db {
            Some(room) if room < wanted_db && self.raise_limiter => (wanted_db, Held::Limiter),
            // What is over the ceiling as it is, is not turned down for it.
            Some(room) if room < wanted_db => (room.max(0.0), Held::Peak),
            _ if true_peak_dbtp.is_some_and(|peak| peak + wanted_db > FULL_SCALE_DBTP + PEAK_SLACK_DB) => {
                (wanted_db, Held::Unknown)
            }
            _ => (wanted_db, Held::Nothing),
        }
    }

    /// What it makes of a song ([`Mode::Track`]) or of an album; `None` where it does not turn that way.
    pub fn verdict_by(&self, mode: Mode, figures: &SongFigures) -> Option<Verdict> {
        self.turns_by(mode).then(|| self.verdict(figures))
    }

    /// What it makes of a song or an album, whichever way it turns.
    pub fn verdict(&self, figures: &SongFigures) -> Verdict {
        let Some(integrated) = figures.integrated_lufs else {
            return Verdict { text: "nothing to measure".to_owned(), ..Verdict::default() };
        };
        if let Some(spec) = &self.spec {
            return self.judge(spec, figures);
        }
        let playback = self.playback(integrated, figures.true_peak_dbtp);
        let mut words = vec![playback.map_or_else(|| "left as it is".to_owned(), |p| in_words(&p))];
        let mut grade = match playback.map(|p| p.held) {
            Some(Held::Limiter | Held::Peak | Held::Unknown) => Grade::Note,
            _ => Grade::Good,
        };
        if let Some(text) = self.peak_warning(figures) {
            words.push(text);
            grade = Grade::Bad;
        }
        Verdict { playback, grade, text: words.join("; ") }
    }

    /// The true peak advised for something as loud as that.
    fn advised_dbtp(&self, integrated_lufs: Option<f64>) -> Option<f64> {
        let is_louder = integrated_lufs.zip(self.target_lufs).is_some_and(|(is, target)| is > target);
        self.advice_if_louder_dbtp.filter(|_| is_louder).or(self.advice_dbtp)
    }

    /// What the file's own peak may do in the service's encoder: it is made before the gain.
    fn peak_warning(&self, figures: &SongFigures) -> Option<String> {
        let (advice, peak) = self.advised_dbtp(figures.integrated_lufs).zip(figures.true_peak_dbtp)?;
        let over = peak > advice + PEAK_SLACK_DB;
        let outcome = if self.lossy { "may distort when encoded" } else { "over what is advised" };
        over.then(|| format!("peak {} dBTP over {} dBTP: {outcome}", minus(peak, 2), minus(advice, 1)))
    }

    fn judge(&self, spec: &Spec, figures: &SongFigures) -> Verdict {
        let mut faults = Vec::new();
        let mut over = |name: &str, value: Option<f64>, limit: Option<f64>, unit: &str, slack: f64| {
            if let Some((value, limit)) = value.zip(limit).filter(|(v, l)| *v > l + slack) {
                faults.push(format!("{name} {} {unit}, at most {} {unit}", minus(value, 2), minus(limit, 1)));
            }
        };
        over("true peak", figures.true_peak_dbtp, spec.max_true_peak_dbtp, "dBTP", PEAK_SLACK_DB);
        over("sample peak", figures.sample_peak_dbfs, spec.max_sample_peak_dbfs, "dBFS", 0.0);
        over("max short-term", figures.max_short_term_lufs, spec.max_short_term_lufs, "LUFS", PEAK_SLACK_DB);
        over("RMS", figures.rms_dbfs, spec.max_rms_dbfs, "dBFS", PEAK_SLACK_DB);
        over("length", Some(figures.duration_s).filter(|_| spec.disc_s.is_some()), spec.disc_s, "s", 0.0);
        if let (Some(tolerance), Some(target), Some(loudness)) =
            (spec.tolerance_lu, self.target_lufs, figures.integrated_lufs)
            && (loudness - target).abs() > tolerance + 1e-9
        {
            let word = if loudness > target { "too loud" } else { "too quiet" };
            faults.push(format!(
                "{:.1} LU {word}: {} LUFS for {}",
                (loudness - target).abs(),
                minus(loudness, 1),
                self.target_text()
            ));
        }
        let mut words = Vec::new();
        let mut grade = Grade::Good;
        if !faults.is_empty() {
            words.push(format!("does not pass: {}", faults.join("; ")));
            grade = Grade::Bad;
        } else if spec.side_s.is_none() {
            words.push("passes".to_owned());
        }
        let advice = self.advice(spec, figures);
        if !advice.is_empty() {
            grade = grade.max(Grade::Note);
        }
        words.extend(advice);
        Verdict { grade, text: words.join("; "), ..Verdict::default() }
    }

    /// What a specification would rather have, and how many sides are needed: nothing of it is a fault.
    fn advice(&self, spec: &Spec, figures: &SongFigures) -> Vec<String> {
        let sides = spec.side_s.map(|side_s| sides_text(figures.duration_s, side_s));
        let range = spec
            .range_lu
            .zip(figures.loudness_range_lu)
            .filter(|([least, most], range)| !(least..=most).contains(&range));
        let range = range.map(|([least, most], range)| {
            format!("loudness range {range:.1} LU, {least:.0} to {most:.0} LU is advised")
        });
        let peak = figures.true_peak_dbtp.zip(self.advised_dbtp(figures.integrated_lufs));
        let peak = peak.filter(|(peak, advice)| *peak > advice + PEAK_SLACK_DB).map(|(peak, advice)| {
            format!("true peak {} dBTP, at most {} dBTP is advised", minus(peak, 2), minus(advice, 1))
        });
        [sides, range, peak].into_iter().flatten().collect()
    }
}

/// Sides an album needs at the least; where its songs fall decides.
fn sides_text(duration_s: f64, side_s: f64) -> String {
    let sides = (duration_s / side_s).ceil().max(1.0);
    let minutes = |s: f64| format!("{:.0}:{:02.0}", (s / 60.0).floor(), (s % 60.0).floor());
    let word = if sides > 1.5 { "sides" } else { "side" };
    format!("{} needs at least {sides:.0} {word} of {}", minutes(duration_s), minutes(side_s))
}

/// What a gain does, in words.
fn in_words(playback: &Playback) -> String {
    let db = playback.gain_db;
    match playback.held {
        Held::Limiter => {
            format!("raised {db:.1} dB into the service's own limiter: what that does cannot be foretold")
        }
        Held::Unknown => {
            let peak = playback.true_peak_dbtp.unwrap_or_default();
            format!("raised {db:.1} dB to a true peak of +{peak:.1} dBTP: what holds it there is not known")
        }
        Held::Peak if db < UNHEARD_DB => "not raised: its peak leaves no room".to_owned(),
        Held::Peak => format!("raised {db:.1} dB, held by its peak"),
        Held::Direction => "left as it is: below the target, and nothing is raised".to_owned(),
        Held::Nothing if db.abs() < UNHEARD_DB => "left as it is".to_owned(),
        Held::Nothing if db < 0.0 => format!("plays {:.1} dB quieter", -db),
        Held::Nothing => format!("raised {db:.1} dB"),
    }
}

fn minus(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(target: f64, direction: Direction, ceiling: Option<f64>) -> Service {
        Service {
            target_lufs: Some(target),
            direction,
            raise_ceiling_dbtp: ceiling,
            advice_dbtp: Some(-1.0),
            lossy: true,
            ..Service::default()
        }
    }

    fn song(lufs: f64, peak: f64) -> SongFigures {
        SongFigures { integrated_lufs: Some(lufs), true_peak_dbtp: Some(peak), ..SongFigures::default() }
    }

    #[test]
    fn the_gain_is_the_distance_to_the_target() {
        let both = service(-14.0, Direction::Both, Some(-1.0));
        // Dyadic figures: exact.
        let loud = both.playback(-9.75, Some(-1.0)).unwrap();
        assert_eq!((loud.gain_db, loud.lufs, loud.true_peak_dbtp), (-4.25, -14.0, Some(-5.25)));
        assert_eq!(both.verdict(&song(-9.75, -1.0)).text, "plays 4.2 dB quieter");
        let quiet = both.playback(-17.0, Some(-6.0)).unwrap();
        assert_eq!((quiet.gain_db, quiet.held), (3.0, Held::Nothing));
        assert_eq!(both.verdict(&song(-17.0, -6.0)).text, "raised 3.0 dB");
    }

    #[test]
    fn raising_stops_at_the_ceiling_and_never_turns_down() {
        let both = service(-14.0, Direction::Both, Some(-1.0));
        let held = both.playback(-18.0, Some(-2.25)).unwrap();
        assert_eq!((held.gain_db, held.held, held.true_peak_dbtp), (1.25, Held::Peak, Some(-1.0)));
        assert_eq!(both.verdict(&song(-18.0, -2.25)).text, "raised 1.2 dB, held by its peak");
        let none = both.playback(-18.0, Some(-0.5)).unwrap();
        assert_eq!((none.gain_db, none.lufs), (0.0, -18.0));
        let text = both.verdict(&song(-18.0, -0.5)).text;
        assert_eq!(
            text,
            "not raised: its peak leaves no room; peak −0.50 dBTP over −1.0 dBTP: may distort when encoded"
        );
    }

    #[test]
    fn down_only_leaves_the_quiet_alone_and_none_leaves_all() {
        let down = service(-14.0, Direction::Down, None);
        assert_eq!(down.playback(-18.0, Some(-6.0)).unwrap().gain_db, 0.0);
        assert_eq!(down.playback(-8.0, Some(-1.0)).unwrap().gain_db, -6.0);
        let none = Service { direction: Direction::None, target_lufs: None, ..down };
        assert_eq!(none.playback(-8.0, Some(-1.0)), None);
        assert_eq!(none.verdict(&song(-8.0, -1.0)).text, "left as it is");
    }

    #[test]
    fn a_limiter_of_the_service_is_not_foretold() {
        let loud = Service { raise_limiter: true, ..service(-11.0, Direction::Both, Some(-1.0)) };
        let verdict = loud.verdict(&song(-14.0, -1.0));
        assert_eq!(verdict.playback.unwrap().held, Held::Limiter);
        assert!(verdict.text.contains("cannot be foretold"), "{}", verdict.text);
        assert_eq!(verdict.grade, Grade::Note);
    }

    #[test]
    fn what_is_heard_goes_over_no_ceiling_and_behind_a_limiter_no_peak_is_told() {
        let loud = Service { raise_limiter: true, ..service(-11.0, Direction::Both, Some(-1.0)) };
        // 3 dB wanted, 1 dB of room under the ceiling.
        let played = loud.playback(-14.0, Some(-2.0)).unwrap();
        assert_eq!((played.gain_db, played.heard_db, played.unheard_db()), (3.0, 1.0, 2.0));
        assert_eq!(played.true_peak_dbtp, None, "nobody knows what the limiter leaves");
        let over = loud.playback(-14.0, Some(0.5)).unwrap();
        assert_eq!(over.heard_db, 0.0, "nothing is turned down for what is over as it is");
        let unmeasured = loud.playback(-14.0, None).unwrap();
        assert_eq!(unmeasured.heard_db, 0.0, "no raise without a known peak");
        // A ceiling over full scale is the service's affair, not that of our converters.
        let high = service(-14.0, Direction::Both, Some(2.0)).playback(-20.0, Some(-1.0)).unwrap();
        assert_eq!((high.gain_db, high.heard_db), (3.0, 1.0));
        // Down is heard as it is.
        assert_eq!(loud.playback(-8.0, Some(1.0)).unwrap().heard_db, -3.0);
    }

    #[test]
    fn a_raise_nobody_holds_over_full_scale_is_not_good() {
        let free = Service { advice_dbtp: None, ..service(-14.0, Direction::Both, None) };
        let verdict = free.verdict(&song(-20.0, -1.0));
        assert_eq!(verdict.grade, Grade::Note);
        assert_eq!(
            verdict.text,
            "raised 6.0 dB to a true peak of +5.0 dBTP: what holds it there is not known"
        );
        let played = verdict.playback.unwrap();
        assert_eq!((played.held, played.heard_db), (Held::Unknown, 1.0));
        assert_eq!(free.verdict(&song(-20.0, -6.0)).grade, Grade::Good, "to 0 dBTP: as wanted");
    }

    #[test]
    fn what_is_louder_than_the_target_has_an_advice_of_its_own() {
        let spotify = Service { advice_if_louder_dbtp: Some(-2.0), ..service(-14.0, Direction::Both, None) };
        assert_eq!(spotify.verdict(&song(-14.0, -1.5)).grade, Grade::Good);
        let loud = spotify.verdict(&song(-13.0, -1.5));
        assert_eq!(loud.grade, Grade::Bad);
        assert_eq!(
            loud.text,
            "plays 1.0 dB quieter; peak −1.50 dBTP over −2.0 dBTP: may distort when encoded"
        );
        let rows: Vec<Service> =
            serde_json::from_str(
                &serde_json::from_str::<serde_json::Value>(include_str!("../../assets/services.json"))
                    .unwrap()["services"]
                    .to_string(),
            )
            .unwrap();
        let built_in = rows.iter().find(|s| s.id == "spotify").unwrap();
        assert_eq!((built_in.advice_dbtp, built_in.advice_if_louder_dbtp), (Some(-1.0), Some(-2.0)));
        for row in &rows {
            assert_eq!(row.fault(), None, "{}", row.id);
        }
    }

    #[test]
    fn advice_is_a_note_and_no_fault() {
        let spec = Spec { range_lu: Some([4.0, 18.0]), disc_s: Some(4797.0), ..Spec::default() };
        let row = Service { advice_dbtp: Some(-0.3), spec: Some(spec), ..Service::default() };
        let fine = SongFigures { loudness_range_lu: Some(10.0), ..song(-23.0, -0.5) };
        let verdict = row.verdict(&fine);
        assert_eq!((verdict.grade, verdict.text.as_str()), (Grade::Good, "passes"));
        let wide = SongFigures { loudness_range_lu: Some(20.0), ..song(-23.0, 0.0) };
        let verdict = row.verdict(&wide);
        assert_eq!(verdict.grade, Grade::Note);
        assert_eq!(
            verdict.text,
            "passes; loudness range 20.0 LU, 4 to 18 LU is advised; true peak 0.00 dBTP, at most −0.3 dBTP is advised"
        );
        let long = row.verdict(&SongFigures { duration_s: 5000.0, ..wide });
        assert_eq!(long.grade, Grade::Bad);
        assert!(long.text.starts_with("does not pass: length 5000.00 s, at most 4797.0 s; loudness range"));
    }

    #[test]
    fn a_way_a_service_does_not_turn_has_no_verdict() {
        let by_song = Service { modes: vec![Mode::Track], ..service(-14.0, Direction::Down, None) };
        let figures = song(-10.0, -2.0);
        assert_eq!(by_song.verdict_by(Mode::Album, &figures), None);
        assert_eq!(by_song.verdict_by(Mode::Track, &figures), Some(by_song.verdict(&figures)));
        let unsaid = Service { modes: Vec::new(), ..by_song };
        assert!(unsaid.turns_by(Mode::Album) && unsaid.turns_by(Mode::Track));
    }

    #[test]
    fn numbers_nobody_can_mean_are_named_with_their_field() {
        let spec = |spec: Spec| Service { spec: Some(spec), ..Service::default() };
        let rows = [
            ("target_lufs", Service { target_lufs: Some(14.0), ..Service::default() }),
            ("target_lufs", Service { target_lufs: Some(f64::NAN), ..Service::default() }),
            ("raise_ceiling_dbtp", Service { raise_ceiling_dbtp: Some(30.0), ..Service::default() }),
            ("advice_dbtp", Service { advice_dbtp: Some(-21.0), ..Service::default() }),
            ("advice_if_louder_dbtp", Service { advice_if_louder_dbtp: Some(4.0), ..Service::default() }),
            ("spec.side_s", spec(Spec { side_s: Some(0.0), ..Spec::default() })),
            ("spec.disc_s", spec(Spec { disc_s: Some(-1.0), ..Spec::default() })),
            ("spec.range_lu", spec(Spec { range_lu: Some([9.0, 3.0]), ..Spec::default() })),
            ("spec.tolerance_lu", spec(Spec { tolerance_lu: Some(-1.0), ..Spec::default() })),
            ("spec.max_rms_dbfs", spec(Spec { max_rms_dbfs: Some(f64::INFINITY), ..Spec::default() })),
        ];
        for (field, row) in rows {
            let fault = row.fault().unwrap();
            assert!(fault.starts_with(&format!("{field} is ")), "{fault}");
        }
        let fault = Service { target_lufs: Some(14.0), ..Service::default() }.fault().unwrap();
        assert_eq!(fault, "target_lufs is 14, it must be between -70 and 0");
    }

    #[test]
    fn a_specification_passes_or_says_what_does_not() {
        let spec = Spec { tolerance_lu: Some(0.5), max_true_peak_dbtp: Some(-1.0), ..Spec::default() };
        let ebu = Service { target_lufs: Some(-23.0), spec: Some(spec), ..Service::default() };
        assert_eq!(ebu.verdict(&song(-23.4, -3.0)).text, "passes");
        assert_eq!(ebu.playback(-23.4, None), None, "a specification turns nothing");
        let verdict = ebu.verdict(&song(-20.0, -0.5));
        assert_eq!(verdict.grade, Grade::Bad);
        assert_eq!(
            verdict.text,
            "does not pass: true peak −0.50 dBTP, at most −1.0 dBTP; 3.0 LU too loud: −20.0 LUFS for −23.0 ±0.5 LUFS"
        );
        let side =
            Service { spec: Some(Spec { side_s: Some(1170.0), ..Spec::default() }), ..Service::default() };
        let album = SongFigures { duration_s: 2412.0, ..song(-12.0, -3.0) };
        assert_eq!(side.verdict(&album).text, "40:12 needs at least 3 sides of 19:30");
    }
}
