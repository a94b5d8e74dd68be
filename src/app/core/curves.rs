//! The curves behind the spectrum: of the songs' mixes and masters, of references and genres, and frozen ones.
//!
//! Mixes are measured as they come in; masters come with the figures of the album table, which renders the songs anew after
//! each change. A master of before the last change is drawn until the new one is there, and its name says so.
//!
//! All are kept as densities (see [`crate::meter::spectrum::BandCurve`]) and drawn on the live spectrum's grid with its slope.
//! All but frozen ones are levelled to the live average, so that tone is compared and not level; where nothing was heard yet
//! they stand as loud as they are. A frozen trace stands at its own level. What is frozen and what is levelled to is mean
//! power, whichever reading is shown: of the highest bins no density can be told.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Core, Done};
use crate::app::command::CurveAct;
use crate::app::frame::{CurveKind, CurveView, SpectrumView};
use crate::app::log::Log;
use crate::app::meter_settings::{SpectrumSettings, TraceRef};
use crate::app::settings::Folders;
use crate::jobs::Priority;
use crate::jobs::curves::{MeasuredCurves, measure};
use crate::media::SourceError;
use crate::meter::spectrum::{BandCurve, Spread};
use crate::model::SongId;
use crate::store::curves::{CurveFolder, KeptCurve};

/// Frozen traces.
pub(super) const FROZEN: usize = 4;

/// Letters of the frozen traces.
const LETTERS: [char; FROZEN] = ['A', 'B', 'C', 'D'];

/// What a job on files brings back.
pub(crate) struct CurvesDone {
    name: String,
    result: Result<MeasuredCurves, SourceError>,
}

/// A frozen trace.
#[derive(Debug, Clone)]
struct Frozen {
    name: String,
    is_shown: bool,
    freqs_hz: Vec<f32>,
    /// Without slope, dB a hertz.
    density_db: Vec<f32>,
}

/// What the pictures depend on besides the curves themselves.
#[derive(Debug, Clone, PartialEq)]
struct Basis {
    freqs_hz: Vec<f32>,
    slope_db_oct: f32,
    noise_db: f32,
}

/// The curves of the songs, of their mixes or of their masters.
#[derive(Debug, Default)]
struct Songs {
    /// The current song: its title and curve.
    current: Option<(String, Arc<BandCurve>)>,
    album: Option<Spread>,
    /// What the album's curve is of.
    album_of: Vec<Arc<BandCurve>>,
    /// So many of them are of before the last change.
    old: usize,
}

impl Songs {
    /// Takes up the curves as they are known now; whether that is anything new.
    fn set(
        &mut self,
        current: Option<(String, Arc<BandCurve>)>,
        album: Vec<Arc<BandCurve>>,
        old: usize,
    ) -> bool {
        let is_same = |a: &Arc<BandCurve>, b: &Arc<BandCurve>| Arc::ptr_eq(a, b);
        let same_song = match (&self.current, &current) {
            (Some((a, x)), Some((b, y))) => a == b && is_same(x, y),
            (None, None) => true,
            _ => false,
        };
        let same_album = self.album_of.len() == album.len()
            && self.album_of.iter().zip(&album).all(|(a, b)| is_same(a, b));
        let is_new = !same_song || !same_album || self.old != old;
        (self.current, self.old) = (current, old);
        if !same_album {
            self.album = Spread::of(&album.iter().map(AsRef::as_ref).collect::<Vec<_>>());
            self.album_of = album;
        }
        is_new
    }

    fn draw_current(
        &self,
        live: &SpectrumView,
        trace: TraceRef,
        kind: CurveKind,
        word: &str,
        is_shown: bool,
    ) -> Option<CurveView> {
        let (title, curve) = self.current.as_ref()?;
        let view = draw_curve(live, curve, &[]);
        Some(CurveView { trace, kind, name: format!("{word} of {title}"), is_shown, ..view })
    }

    fn draw_album(
        &self,
        live: &SpectrumView,
        trace: TraceRef,
        kind: CurveKind,
        word: &str,
        is_shown: bool,
    ) -> Option<CurveView> {
        let album = self.album.as_ref()?;
        let view = draw_curve(live, &album.mean, &album.spread_db);
        let old = match self.old {
            0 => String::new(),
            old => format!(" ({old} of before a change)"),
        };
        Some(CurveView { trace, kind, name: format!("album, {} {word}{old}", album.count), is_shown, ..view })
    }
}

/// The curves.
pub(super) struct Curves {
    folder: CurveFolder,
    /// By id.
    kept: Vec<(String, KeptCurve, BandCurve)>,
    frozen: [Option<Frozen>; FROZEN],
    mixes: Songs,
    masters: Songs,
    basis: Option<Basis>,
    /// Without the level of the moment.
    drawn: Vec<CurveView>,
    view: Arc<Vec<CurveView>>,
    /// The live average the view was levelled to.
    levelled_to: Option<Arc<SpectrumView>>,
}

impl Curves {
    pub(super) fn new(folders: &Folders) -> Self {
        Self {
            folder: CurveFolder::new(folders.curves()),
            kept: Vec::new(),
            frozen: [const { None }; FROZEN],
            mixes: Songs::default(),
            masters: Songs::default(),
            basis: None,
            drawn: Vec::new(),
            view: Arc::default(),
            levelled_to: None,
        }
    }

    /// Reads the folder again; a file that does not read is a line in the log.
    pub(super) fn refresh(&mut self, log: &mut Log) {
        let (kept, wrong) = self.folder.read();
        for line in wrong {
            log.warn(format!("Curve left out: {line}"));
        }
        self.kept.clear();
        for (id, kept) in kept {
            match BandCurve::new(kept.mean_db.clone()) {
                Some(mean) => self.kept.push((id, kept, mean)),
                None => {
                    log.warn(format!("Curve left out: “{}” has other points than this program", kept.name))
                }
            }
        }
        self.basis = None;
    }

    /// As shown.
    pub(super) fn view(&self) -> Arc<Vec<CurveView>> {
        Arc::clone(&self.view)
    }

    /// The curves of the mixes as they are known now, the current one's first.
    fn set_mixes(&mut self, current: Option<(String, Arc<BandCurve>)>, album: Vec<Arc<BandCurve>>) {
        if self.mixes.set(current, album, 0) {
            self.basis = None;
        }
    }

    /// The same of the masters; so many of them are of before a change.
    fn set_masters(
        &mut self,
        current: Option<(String, Arc<BandCurve>)>,
        album: Vec<Arc<BandCurve>>,
        old: usize,
    ) {
        if self.masters.set(current, album, old) {
            self.basis = None;
        }
    }

    /// Draws what changed, and levels it to the live average.
    fn update(&mut self, live: &Arc<SpectrumView>, settings: &SpectrumSettings) {
        let basis = Basis {
            freqs_hz: live.freqs_hz.clone(),
            slope_db_oct: live.slope_db_oct,
            noise_db: live.noise_db,
        };
        let is_drawn = self.basis.as_ref() == Some(&basis);
        if is_drawn && self.levelled_to.as_ref().is_some_and(|l| Arc::ptr_eq(l, live)) {
            return;
        }
        if !is_drawn {
            self.drawn = self.draw(live, settings);
            self.basis = Some(basis);
        }
        self.levelled_to = Some(Arc::clone(live));
        let level_db = level_of(live);
        let levelled = |view: &CurveView| {
            let own_db = view.levelled_by_db;
            let by_db = own_db.zip(level_db).map(|(own, live)| (live - f64::from(own)) as f32);
            CurveView { levelled_by_db: by_db, ..view.clone() }
        };
        self.view = Arc::new(self.drawn.iter().map(levelled).collect());
    }

    /// Every curve on the grid; `levelled_by_db` holds its own K-weighted level until it is levelled.
    fn draw(&self, live: &SpectrumView, settings: &SpectrumSettings) -> Vec<CurveView> {
        let mut drawn = Vec::new();
        let (shows_mix, shows_mixes) = (settings.shows_song, settings.shows_album);
        drawn.extend(self.mixes.draw_current(live, TraceRef::Song, CurveKind::Song, "mix", shows_mix));
        drawn.extend(self.mixes.draw_album(live, TraceRef::Album, CurveKind::Album, "mixes", shows_mixes));
        let (master, masters) = (settings.shows_master, settings.shows_masters);
        drawn.extend(self.masters.draw_current(live, TraceRef::Master, CurveKind::Master, "master", master));
        drawn.extend(self.masters.draw_album(
            live,
            TraceRef::Masters,
            CurveKind::Masters,
            "masters",
            masters,
        ));
        for (id, kept, mean) in &self.kept {
            let spread: &[f32] = if kept.is_reference() { &[] } else { &kept.spread_db };
            let view = draw_curve(live, mean, spread);
            let files = kept.files.len();
            let is_one = kept.is_reference();
            drawn.push(CurveView {
                trace: TraceRef::Curve(id.clone()),
                kind: if is_one { CurveKind::Reference } else { CurveKind::Genre },
                name: if is_one { kept.name.clone() } else { format!("{}, {files} files", kept.name) },
                is_shown: settings.shown_curves.contains(id),
                ..view
            });
        }
        for (slot, frozen) in self.frozen.iter().enumerate() {
            let Some(frozen) = frozen else { continue };
            drawn.push(draw_frozen(live, slot, frozen));
        }
        drawn
    }

    /// Keeps the average as it is now.
    fn freeze(&mut self, slot: usize, live: &SpectrumView) -> bool {
        if slot >= FROZEN || live.average_db.len() != live.freqs_hz.len() || live.average_db.is_empty() {
            return false;
        }
        self.frozen[slot] = Some(Frozen {
            name: LETTERS[slot].to_string(),
            is_shown: true,
            freqs_hz: live.freqs_hz.clone(),
            density_db: densities(live),
        });
        self.basis = None;
        true
    }

    fn frozen_mut(&mut self, slot: usize) -> Option<&mut Frozen> {
        self.basis = None;
        self.frozen.get_mut(slot)?.as_mut()
    }
}

/// The live average without slope, dB a hertz; from mean power, whichever reading is shown.
fn densities(live: &SpectrumView) -> Vec<f32> {
    let density = |(hz, db): (&f32, &f32)| db - live.tilt_db(*hz) - live.noise_db;
    let mean_power_db = if live.mean_power_db.is_empty() { &live.average_db } else { &live.mean_power_db };
    live.freqs_hz.iter().zip(mean_power_db).map(density).collect()
}

/// K-weighted level of the live average; `None` where nothing was heard.
fn level_of(live: &SpectrumView) -> Option<f64> {
    let curve = BandCurve::sampled(&live.freqs_hz, &densities(live))?;
    let level_db = curve.level_db();
    (level_db > -90.0).then_some(level_db)
}

/// A curve on the grid with the slope of the live spectrum.
fn draw_curve(live: &SpectrumView, curve: &BandCurve, spread_db: &[f32]) -> CurveView {
    let level =
        |hz: &f32| curve.at(f64::from(*hz)).map_or(f32::NAN, |d| d + live.noise_db + live.tilt_db(*hz));
    let spread = BandCurve::new(spread_db.to_vec());
    let deviation = |hz: &f32| spread.as_ref().and_then(|s| s.at(f64::from(*hz))).unwrap_or(0.0);
    let spread_db = if spread.is_some() { live.freqs_hz.iter().map(deviation).collect() } else { Vec::new() };
    CurveView {
        trace: TraceRef::Song,
        kind: CurveKind::Song,
        name: String::new(),
        levels_db: Arc::new(live.freqs_hz.iter().map(level).collect()),
        spread_db: Arc::new(spread_db),
        levelled_by_db: Some(curve.level_db() as f32),
        is_shown: false,
    }
}

fn draw_frozen(live: &SpectrumView, slot: usize, frozen: &Frozen) -> CurveView {
    let level = |(point, hz): (usize, &f32)| {
        // The grid changes with the rate alone.
        let is_same = frozen.freqs_hz.get(point).is_some_and(|f| (f / hz - 1.0).abs() < 1e-4);
        if is_same { frozen.density_db[point] + live.noise_db + live.tilt_db(*hz) } else { f32::NAN }
    };
    CurveView {
        trace: TraceRef::Frozen(slot),
        kind: CurveKind::Frozen(slot),
        name: frozen.name.clone(),
        levels_db: Arc::new(live.freqs_hz.iter().enumerate().map(level).collect()),
        spread_db: Arc::default(),
        levelled_by_db: None,
        is_shown: frozen.is_shown,
    }
}

impl Core {
    /// Collects what the curves are of, and follows the live average.
    pub(super) fn tick_curves(&mut self) {
        let session = Arc::clone(self.document.session());
        let heard = if self.live.is_playing() { self.live.position() } else { self.cursor };
        let heard_song = self.timeline.song_at(heard).map(|s| s.id);
        let curve_of = |id| session.song(id).and_then(|s| self.sources.curve_of(&s.source.hash));
        let selected = self.selection.songs.first().copied();
        let current = if self.live.is_playing() { heard_song } else { selected.or(heard_song) };
        let title = |id| session.song(id).map(|s| s.metadata.title.clone());
        let mix = current.and_then(|id| Some((title(id)?, curve_of(id)?)));
        let album = session.songs.iter().filter_map(|s| curve_of(s.id)).collect();
        self.curves.set_mixes(mix, album);
        self.follow_masters(current, title);
        if self.settings.meters.spectrum.wants_masters() && !self.album.view.watched {
            self.watch_album(true);
        }
        let live = self.live.spectrum();
        self.curves.update(&live, &self.settings.meters.spectrum);
    }

    /// Takes up the masters the album table has measured.
    fn follow_masters(&mut self, current: Option<SongId>, title: impl Fn(SongId) -> Option<String>) {
        let master_of = |id| self.album.master_of(id);
        let master = current.and_then(|id| {
            let (curve, is_fresh) = master_of(id)?;
            let title = title(id)?;
            Some((if is_fresh { title } else { format!("{title} (before the last change)") }, curve))
        });
        let masters: Vec<_> = self.album.view.rows.iter().filter_map(|row| master_of(row.song)).collect();
        let old = masters.iter().filter(|(_, is_fresh)| !is_fresh).count();
        self.curves.set_masters(master, masters.into_iter().map(|(curve, _)| curve).collect(), old);
    }

    /// The settings of the spectrum changed.
    pub(super) fn curves_changed(&mut self) {
        self.curves.basis = None;
    }

    pub(super) fn act_on_curves(&mut self, act: CurveAct) {
        match act {
            CurveAct::Freeze(slot) => {
                if !self.curves.freeze(slot, &self.live.spectrum()) {
                    self.log.warn("Nothing to freeze: the spectrum has no average yet; play first");
                }
            }
            CurveAct::NameFrozen(slot, name) => {
                if let Some(frozen) = self.curves.frozen_mut(slot).filter(|_| !name.trim().is_empty()) {
                    name.trim().clone_into(&mut frozen.name);
                }
            }
            CurveAct::ShowFrozen(slot, is_shown) => {
                if let Some(frozen) = self.curves.frozen_mut(slot) {
                    frozen.is_shown = is_shown;
                }
            }
            CurveAct::ClearFrozen(slot) => {
                self.curves.basis = None;
                if let Some(frozen) = self.curves.frozen.get_mut(slot) {
                    *frozen = None;
                }
            }
            CurveAct::Measure { name, files } => self.measure_curve(&name, files),
            CurveAct::Rename { id, name } => self.rename_curve(&id, &name),
            CurveAct::Remove(id) => match self.curves.folder.remove(&id) {
                Ok(aside) => {
                    self.log.info(format!("Curve removed; it lies in {}", aside.display()));
                    self.change_shown(|shown| shown.retain(|s| *s != id));
                }
                Err(error) => self.log.error(format!("Curve not removed: {error}")),
            },
        }
    }

    fn measure_curve(&mut self, name: &str, files: Vec<PathBuf>) {
        let Some(first) = files.first() else { return };
        let stem = first.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        let name = if name.trim().is_empty() { stem } else { name.trim().to_owned() };
        self.jobs.spawn(&format!("Measure curve {name}"), Priority::Asked, move |cx| {
            let result = measure(&files, cx);
            Done::Curves(Box::new(CurvesDone { name, result }))
        });
    }

    pub(super) fn curves_measured(&mut self, done: CurvesDone) {
        let CurvesDone { name, result } = done;
        let Ok(measured) = result else {
            self.log.info(format!("Curve “{name}”: cancelled"));
            return;
        };
        for line in &measured.left_out {
            self.log.warn(format!("Curve “{name}”: left out: {line}"));
        }
        for line in &measured.in_part {
            self.log.warn(format!("Curve “{name}”: taken in part: {line}"));
        }
        let Some(spread) = measured.spread else {
            self.log.error(format!("Curve “{name}” not made: none of the files could be measured"));
            return;
        };
        let mean_db = spread.mean.density_db().to_vec();
        let kept = KeptCurve { name, files: measured.files, mean_db, spread_db: spread.spread_db };
        match self.curves.folder.save(&kept) {
            Ok(id) => {
                self.log.info(format!("Curve “{}” kept", kept.name));
                self.change_shown(|shown| shown.push(id));
            }
            Err(error) => self.log.error(format!("Curve “{}” not kept: {error}", kept.name)),
        }
    }

    fn rename_curve(&mut self, id: &str, name: &str) {
        match self.curves.folder.rename(id, name) {
            Ok(new_id) => {
                let other = |shown: &mut Vec<String>| {
                    shown.iter_mut().filter(|s| *s == id).for_each(|s| s.clone_from(&new_id));
                };
                self.change_shown(other);
            }
            Err(error) => self.log.error(format!("Curve not renamed: {error}")),
        }
    }

    /// Reads the folder again and changes which curves are drawn.
    fn change_shown(&mut self, change: impl FnOnce(&mut Vec<String>)) {
        self.curves.refresh(&mut self.log);
        let mut settings = self.settings.meters.clone();
        change(&mut settings.spectrum.shown_curves);
        self.set_meters(settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::spectrum::CURVE_POINTS;

    /// A live average of density −50 dB/Hz that falls by 3 dB an octave, drawn at 4.5 dB an octave.
    fn live() -> SpectrumView {
        let freqs_hz: Vec<f32> = (0..512).map(|i| 10.0 * 2200f32.powf(i as f32 / 511.0)).collect();
        let (noise_db, slope_db_oct) = (9.4, 4.5);
        let level = |f: &f32| -50.0 + noise_db + (slope_db_oct - 3.0) * (f / 1000.0).log2();
        let average_db = freqs_hz.iter().map(level).collect();
        SpectrumView { freqs_hz, average_db, noise_db, slope_db_oct, ..SpectrumView::default() }
    }

    fn curves() -> Curves {
        let folder = std::env::temp_dir().join("no such folder of curves");
        Curves::new(&Folders { config: folder.clone(), data: folder.clone(), cache: folder })
    }

    /// A reference of the same tone 12 dB softer lies on the live average; one with more bass lies above it there.
    #[test]
    fn curves_of_files_lie_on_the_live_average_they_sound_like() {
        let tone = |tilt: f32, level: f32| {
            let at = |p| level + tilt * (crate::meter::spectrum::curve_hz(p) / 1000.0).log2() as f32;
            Arc::new(BandCurve::new((0..CURVE_POINTS).map(at).collect()).unwrap())
        };
        let mut curves = curves();
        let live = Arc::new(live());
        let soft = tone(-3.0, -62.0);
        curves.set_mixes(Some(("One".to_owned(), Arc::clone(&soft))), vec![soft, tone(-4.0, -40.0)]);
        let settings = SpectrumSettings { shows_song: true, ..SpectrumSettings::default() };
        curves.update(&live, &settings);
        let view = curves.view();
        assert_eq!(
            view.iter().map(|c| (c.kind, c.is_shown)).collect::<Vec<_>>(),
            [(CurveKind::Song, true), (CurveKind::Album, false)]
        );
        assert!((view[0].levelled_by_db.unwrap() - 12.0).abs() < 0.02);
        for point in [100, 256, 480] {
            let apart = view[0].level_db(point).unwrap() - live.average_db[point];
            assert!(apart.abs() < 0.05, "point {point}: {apart}");
        }
        assert!(view[0].level_db(0).is_none(), "10 Hz is not in the curve");
        assert!(view[1].level_db(80).unwrap() > live.average_db[80] + 1.0, "more bass");
        assert!(view[1].spread_db[256] > 0.0 && view[1].name == "album, 2 mixes");
        // Where nothing was heard, curves stand at their own level.
        let silent = Arc::new(SpectrumView { average_db: vec![-180.0; 512], ..(*live).clone() });
        curves.update(&silent, &settings);
        assert_eq!(curves.view()[0].levelled_by_db, None);
    }

    #[test]
    fn masters_have_curves_beside_the_mixes_and_say_when_they_are_old() {
        let flat = |level: f32| Arc::new(BandCurve::new(vec![level; CURVE_POINTS]).unwrap());
        let mut curves = curves();
        let live = Arc::new(live());
        let (mix, master, other) = (flat(-60.0), flat(-50.0), flat(-52.0));
        curves.set_mixes(Some(("One".to_owned(), Arc::clone(&mix))), vec![mix]);
        let settings = SpectrumSettings { shows_masters: true, ..SpectrumSettings::default() };
        let both = || vec![Arc::clone(&master), Arc::clone(&other)];
        curves.set_masters(Some(("One".to_owned(), Arc::clone(&master))), both(), 0);
        curves.update(&live, &settings);
        let named = |curves: &Curves| {
            curves.view().iter().map(|c| (c.kind, c.name.clone(), c.is_shown)).collect::<Vec<_>>()
        };
        assert_eq!(
            named(&curves),
            [
                (CurveKind::Song, "mix of One".to_owned(), false),
                (CurveKind::Album, "album, 1 mixes".to_owned(), false),
                (CurveKind::Master, "master of One".to_owned(), false),
                (CurveKind::Masters, "album, 2 masters".to_owned(), true),
            ]
        );
        assert_eq!(curves.view()[3].spread_db.len(), live.freqs_hz.len());
        curves.set_masters(Some(("One".to_owned(), Arc::clone(&master))), both(), 1);
        curves.update(&live, &settings);
        assert_eq!(named(&curves)[3].1, "album, 2 masters (1 of before a change)");
    }

    /// In the reading of tones noise stands higher than its mean power; what is frozen or levelled to does not.
    #[test]
    fn the_reading_of_tones_changes_neither_what_is_frozen_nor_the_level_of_the_curves() {
        let mean = live();
        let tones = SpectrumView {
            average_db: mean.average_db.iter().map(|db| db + 7.0).collect(),
            mean_power_db: mean.average_db.clone(),
            ..mean.clone()
        };
        let (mut by_mean, mut by_tones) = (curves(), curves());
        let curve = Arc::new(BandCurve::new(vec![-62.0; CURVE_POINTS]).unwrap());
        for (curves, live) in [(&mut by_mean, &mean), (&mut by_tones, &tones)] {
            curves.set_mixes(Some(("One".to_owned(), Arc::clone(&curve))), Vec::new());
            assert!(curves.freeze(0, live));
            curves.update(&Arc::new(live.clone()), &SpectrumSettings::default());
        }
        // Levels compared as drawn: where a curve has none they are no numbers, which equal nothing.
        let drawn = |curves: &Curves| {
            let levels = |c: &CurveView| (0..512).map(|p| c.level_db(p)).collect::<Vec<_>>();
            curves.view().iter().map(|c| (c.kind, c.levelled_by_db, levels(c))).collect::<Vec<_>>()
        };
        assert_eq!(drawn(&by_tones), drawn(&by_mean));
    }

    #[test]
    fn a_frozen_trace_stays_where_it_was_and_follows_slope_and_size() {
        let mut curves = curves();
        let mut now = live();
        assert!(!curves.freeze(0, &SpectrumView::default()), "nothing to freeze");
        assert!(!curves.freeze(4, &now), "there are four");
        assert!(curves.freeze(1, &now));
        curves.frozen_mut(1).unwrap().name = "verse".to_owned();
        curves.update(&Arc::new(now.clone()), &SpectrumSettings::default());
        let view = curves.view();
        assert_eq!((view[0].kind, view[0].name.as_str()), (CurveKind::Frozen(1), "verse"));
        assert!((view[0].level_db(300).unwrap() - now.average_db[300]).abs() < 1e-3);
        // Drawn with no slope and half as wide bins: noise reads 3 dB less, and 1 kHz is the pivot.
        let before = view[0].level_db(300).unwrap();
        (now.slope_db_oct, now.noise_db) = (0.0, 9.4 - 3.0103);
        curves.update(&Arc::new(now.clone()), &SpectrumSettings::default());
        let expected = before - 3.0103 - 4.5 * (now.freqs_hz[300] / 1000.0).log2();
        assert!((curves.view()[0].level_db(300).unwrap() - expected).abs() < 1e-3);
    }
}
