//! The two traits every processor implements, and the contract between a processor and its host.
//!
//! A [`Kind`] is what a processor *is*: a stable id, its parameters, and how to build one. A [`Processor`] is one
//! running instance. The host promises: blocks arrive one after another on a fixed grid of [`crate::audio::QUANTUM`]
//! frames, `set` is called between blocks only, `reset` brings an instance to the state it had when built. The
//! processor promises: nothing in `set`, `reset`, `process` allocates, frees, locks, waits or asks for the time; the
//! same blocks give the same bits on every machine; `latency` is exact and never changes during its life; it cannot
//! ask whether it runs live. A parameter that would change latency, memory or topology is marked
//! [`ParamDesc::structural`]: the host then builds a new instance and crossfades.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::audio::Block;
use crate::model::ParamValue;
use crate::units::{Frames, SampleRate};

/// Most bands whose gain a processor shows ([`Processor::band_gains_db`]).
pub const BANDS_SHOWN: usize = 24;

/// Position of a parameter in [`Kind::params`].
pub type ParamIndex = usize;

/// Unit of a number, for display and for the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number (Q, ratio …).
    None,
    /// Decibels.
    Db,
    /// Decibels relative to full scale, sample peak.
    Dbfs,
    /// Decibels true peak.
    Dbtp,
    /// Hertz.
    Hz,
    /// Milliseconds.
    Ms,
    /// Percent.
    Percent,
    /// Decibels per octave.
    DbPerOctave,
    /// A ratio `x : 1`.
    Ratio,
    /// Degrees.
    Degrees,
}

impl Unit {
    /// As printed after a number; empty for plain numbers.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Db => "dB",
            Self::Dbfs => "dBFS",
            Self::Dbtp => "dBTP",
            Self::Hz => "Hz",
            Self::Ms => "ms",
            Self::Percent => "%",
            Self::DbPerOctave => "dB/oct",
            Self::Ratio => ":1",
            Self::Degrees => "°",
        }
    }
}

/// How a knob travels over the range of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taper {
    /// Equal steps.
    Linear,
    /// Equal ratios; the range is positive.
    Log,
}

/// What kind of value a parameter holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamKind {
    /// A number in the unit of the parameter.
    Number {
        /// Smallest allowed.
        min: f64,
        /// Largest allowed.
        max: f64,
        /// When nothing is given.
        default: f64,
        /// Travel of a knob.
        taper: Taper,
    },
    /// On or off; as `f64` 1 or 0.
    Switch {
        /// When nothing is given.
        default: bool,
    },
    /// One of several words; as `f64` the index.
    Choice {
        /// Ids, as in files and on the command line.
        words: &'static [&'static str],
        /// Index when nothing is given.
        default: usize,
    },
}

/// One parameter of a processor.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDesc {
    /// Stable id, as in files (`threshold_db`).
    pub id: Cow<'static, str>,
    /// As shown (`Threshold`).
    pub name: Cow<'static, str>,
    /// Unit of a number.
    pub unit: Unit,
    /// Value type, range and default.
    pub kind: ParamKind,
    /// A change needs a new instance (crossfaded by the host); else [`Processor::set`] takes it, smoothed.
    pub structural: bool,
    /// Only for listening while working (a solo, a side-chain listen): saved and undone like any other, but every
    /// delivery and every rendered master has it at its default.
    pub audition: bool,
    /// One or two sentences of help, with the definition of the value.
    pub help: Cow<'static, str>,
}

impl ParamDesc {
    /// A number.
    pub const fn number(
        id: &'static str,
        name: &'static str,
        unit: Unit,
        min: f64,
        max: f64,
        default: f64,
    ) -> Self {
        Self {
            id: Cow::Borrowed(id),
            name: Cow::Borrowed(name),
            unit,
            kind: ParamKind::Number { min, max, default, taper: Taper::Linear },
            structural: false,
            audition: false,
            help: Cow::Borrowed(""),
        }
    }

    /// A switch.
    pub const fn switch(id: &'static str, name: &'static str, default: bool) -> Self {
        Self {
            id: Cow::Borrowed(id),
            name: Cow::Borrowed(name),
            unit: Unit::None,
            kind: ParamKind::Switch { default },
            structural: false,
            audition: false,
            help: Cow::Borrowed(""),
        }
    }

    /// A switch of [`FOLLOW_SWITCHES`]: the gain called `gain` follows the loudness.
    pub fn follow(id: &'static str, name: &'static str, gain: &'static str) -> Self {
        let mut switch = Self::switch(id, name, false);
        switch.help = Cow::Owned(format!(
            "While it is on, the program sets {gain} so that out is as loud as in, integrated over the song (ITU-R BS.1770-5), and does so again when the setting or what runs in has changed. The gain stands still while the song plays; what it is set to is saved and exported."
        ));
        switch
    }

    /// One of several words.
    pub const fn choice(
        id: &'static str,
        name: &'static str,
        words: &'static [&'static str],
        default: usize,
    ) -> Self {
        Self {
            id: Cow::Borrowed(id),
            name: Cow::Borrowed(name),
            unit: Unit::None,
            kind: ParamKind::Choice { words, default },
            structural: false,
            audition: false,
            help: Cow::Borrowed(""),
        }
    }

    /// Travels in equal ratios.
    #[must_use]
    pub const fn log(mut self) -> Self {
        if let ParamKind::Number { taper, .. } = &mut self.kind {
            *taper = Taper::Log;
        }
        self
    }

    /// Needs a new instance on change.
    #[must_use]
    pub const fn structural(mut self) -> Self {
        self.structural = true;
        self
    }

    /// Only for listening; see [`ParamDesc::audition`].
    #[must_use]
    pub const fn audition(mut self) -> Self {
        self.audition = true;
        self
    }

    /// With a help text.
    #[must_use]
    pub fn help(mut self, text: &'static str) -> Self {
        self.help = Cow::Borrowed(text);
        self
    }

    /// The default as a number (switch 0/1, choice index).
    pub fn default_value(&self) -> f64 {
        match self.kind {
            ParamKind::Number { default, .. } => default,
            ParamKind::Switch { default } => f64::from(u8::from(default)),
            ParamKind::Choice { default, .. } => default as f64,
        }
    }

    /// A value from a file as a number.
    ///
    /// # Errors
    /// [`ParamError`] says what is wrong and what is allowed.
    pub fn value_from(&self, given: &ParamValue) -> Result<f64, ParamError> {
        let wrong = |allowed: String| ParamError { param: self.id.to_string(), given: shown(given), allowed };
        match (&self.kind, given) {
            (ParamKind::Number { min, max, .. }, ParamValue::Number(v)) if v >= min && v <= max => Ok(*v),
            (ParamKind::Number { min, max, .. }, _) => {
                Err(wrong(format!("{min} to {max} {}", self.unit.symbol())))
            }
            (ParamKind::Switch { .. }, ParamValue::Switch(on)) => Ok(f64::from(u8::from(*on))),
            (ParamKind::Switch { .. }, _) => Err(wrong("true or false".to_owned())),
            (ParamKind::Choice { words, .. }, ParamValue::Word(word)) => {
                words.iter().position(|w| w == word).map(|i| i as f64).ok_or_else(|| wrong(words.join(", ")))
            }
            // Numbers as words of a choice (`"oversampling": 8`) are taken too.
            (ParamKind::Choice { words, .. }, ParamValue::Number(n)) => words
                .iter()
                .position(|w| *w == n.to_string())
                .map(|i| i as f64)
                .ok_or_else(|| wrong(words.join(", "))),
            (ParamKind::Choice { words, .. }, ParamValue::Switch(_)) => Err(wrong(words.join(", "))),
        }
    }

    /// A number as the value a file holds.
    pub fn to_param_value(&self, value: f64) -> ParamValue {
        match &self.kind {
            ParamKind::Number { .. } => ParamValue::Number(value),
            ParamKind::Switch { .. } => ParamValue::Switch(value >= 0.5),
            ParamKind::Choice { words, default } => {
                ParamValue::Word((*words.get(value as usize).unwrap_or(&words[*default])).to_owned())
            }
        }
    }

    /// Brings a number into the allowed range; NaN becomes the default.
    pub fn clamped(&self, value: f64) -> f64 {
        if value.is_nan() {
            return self.default_value();
        }
        match &self.kind {
            ParamKind::Number { min, max, .. } => value.clamp(*min, *max),
            ParamKind::Switch { .. } => f64::from(u8::from(value >= 0.5)),
            ParamKind::Choice { words, .. } => value.round().clamp(0.0, (words.len() - 1) as f64),
        }
    }
}

fn shown(value: &ParamValue) -> String {
    match value {
        ParamValue::Switch(b) => b.to_string(),
        ParamValue::Number(n) => n.to_string(),
        ParamValue::Word(w) => format!("“{w}”"),
    }
}

/// Switches by which a kind asks that its make-up or output gain follow the loudness: the program measures what runs in and
/// out and sets that gain. The running processor knows nothing of it.
pub const FOLLOW_SWITCHES: [&str; 3] = ["auto_makeup", "auto_gain", "auto_level"];

/// Whether such a switch of a kind is on.
pub fn follows_loudness(kind: &dyn Kind, given: &BTreeMap<String, ParamValue>) -> bool {
    let (values, _) = values_of(kind, given);
    let switches = kind.params().iter().enumerate().filter(|(_, p)| FOLLOW_SWITCHES.contains(&p.id.as_ref()));
    switches.into_iter().any(|(index, _)| values.is_on(index))
}

/// A parameter that cannot be what a file says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{param} cannot be {given}; allowed: {allowed}")]
pub struct ParamError {
    /// Id of the parameter.
    pub param: String,
    /// What was given.
    pub given: String,
    /// What is allowed.
    pub allowed: String,
}

/// The value of every parameter of a kind, by index, inside its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(Vec<f64>);

impl Values {
    /// Every parameter at its default.
    pub fn defaults(params: &[ParamDesc]) -> Self {
        Self(params.iter().map(ParamDesc::default_value).collect())
    }

    /// The value of a parameter.
    pub fn get(&self, index: ParamIndex) -> f64 {
        self.0[index]
    }

    /// Whether a switch is on.
    pub fn is_on(&self, index: ParamIndex) -> bool {
        self.0[index] >= 0.5
    }

    /// The index of a chosen word.
    pub fn choice(&self, index: ParamIndex) -> usize {
        self.0[index] as usize
    }

    /// Puts a value, as it is.
    pub fn set(&mut self, index: ParamIndex, value: f64) {
        self.0[index] = value;
    }

    /// Values in the order of the parameters.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// What an instance is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Rate it will run at.
    pub sample_rate: SampleRate,
}

/// What a processor is: identity, parameters, and how to build one. Holds no sound.
pub trait Kind: Sync {
    /// Stable id, as in files; never renamed.
    fn id(&self) -> &'static str;

    /// As shown (`Parametric EQ`).
    fn name(&self) -> &'static str;

    /// Version of the sound; raised when the same settings sound different.
    fn version(&self) -> u32 {
        1
    }

    /// Parameters in a fixed order. Order may change between versions of the program; ids may not.
    fn params(&self) -> &'static [ParamDesc];

    /// Whether the same input always gives the same bits.
    fn deterministic(&self) -> bool {
        true
    }

    /// Lets a kind complete values from what was given (an EQ band is on when its type is given).
    fn complete(&self, _values: &mut Values, _given: &BTreeMap<String, ParamValue>) {}

    /// Whether this change of a parameter needs a new instance (crossfaded by the host) instead of
    /// [`Processor::set`]. Structural parameters always do; a kind may ask for more (every parameter of a linear-phase
    /// equaliser, whose kernel is not computed on the audio thread).
    fn needs_rebuild(&self, param: ParamIndex, _old: &Values, _new: &Values) -> bool {
        self.params()[param].structural
    }

    /// Builds an instance. May allocate. Values are inside their ranges.
    fn build(&self, values: &Values, setup: &Setup) -> Box<dyn Processor>;
}

/// One running instance. All of it may be called on the audio thread.
pub trait Processor: Send {
    /// Delay from input to output in frames at the rate it was built for.
    fn latency(&self) -> Frames {
        Frames::ZERO
    }

    /// Forgets the past: the state is as it was when built, with the values last set, settled.
    fn reset(&mut self);

    /// A new value for a parameter that is not structural, taken up smoothly from the next block on.
    fn set(&mut self, param: ParamIndex, value: f64);

    /// Works on one block in place. `start` is the frame number of its first frame on the grid of the chain; it counts
    /// on by one block every call.
    fn process(&mut self, start: Frames, block: &mut Block);

    /// The gain change in the last block, dB: the deepest reduction, negative; where nothing is reduced the largest
    /// gain added (upward compression, transients), positive. `None` for kinds that have none.
    fn gain_reduction_db(&self) -> Option<f64> {
        None
    }

    /// For kinds that put a gain on everything before they work (a limiter's input gain): the last block with that gain and
    /// nothing else done to it, as late as the output. The difference (delta) of a slot is heard against it, so that it is
    /// what was taken away and not what was turned up.
    fn driven(&self) -> Option<&Block> {
        None
    }

    /// The gain change of each band in the last block, dB, signed as [`Self::gain_reduction_db`]; how many bands were
    /// written. 0 for kinds without bands.
    fn band_gains_db(&self, _out: &mut [f32; BANDS_SHOWN]) -> usize {
        0
    }
}

/// The values a slot's parameters give a kind, and what was wrong with them. What is wrong has its default.
pub fn values_of(kind: &dyn Kind, given: &BTreeMap<String, ParamValue>) -> (Values, Vec<ParamError>) {
    let params = kind.params();
    let mut values = Values::defaults(params);
    let mut errors = Vec::new();
    for (id, value) in given {
        match params.iter().position(|p| p.id == id.as_str()) {
            Some(index) => match params[index].value_from(value) {
                Ok(v) => values.set(index, v),
                Err(error) => errors.push(error),
            },
            None => errors.push(ParamError {
                param: id.clone(),
                given: shown(value),
                allowed: format!(
                    "“{}” has no such parameter; `glassmaster processors` lists them",
                    kind.id()
                ),
            }),
        }
    }
    kind.complete(&mut values, given);
    (values, errors)
}
