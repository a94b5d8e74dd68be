//! An album of measured songs: the figures of the whole, where each song stands in it, and what falls out of the row.
//!
//! The album's loudness is gated over the blocks of all songs (BS.1770-5 on their concatenation; AES TD1008), its range is
//! taken over all short-term values, its peaks are the highest, its DR is the mean of the songs', rounded ("Measuring DR",
//! 2009). So it can be had from the songs, each measured when it changes. A file of the whole album is not quite that:
//! it has blocks and windows that hold the end of one song and the start of the next, and grids of its own. On an album of
//! ten songs with gaps, a splice and a crossfade the two were 0.007 LU (integrated), 0.09 LU (range), 0.016 LU (maxima) and
//! 0.11 dB (smallest PSR) apart; peaks were the same. What is marked as falling out is a question to the engineer, not a fault: the thresholds are [`rules`].

use std::sync::Arc;

use serde::Serialize;

use super::dynamics::{aes17_dbfs, plr_db};
use super::loudness::{integrated_lufs, range_lu};
use super::song_figures::{MeasuredSong, SongFigures, balance_db};

/// Thresholds beyond which a song is marked.
pub mod rules {
    /// Distance of the integrated loudness from the median of the songs, LU.
    pub const LOUDNESS_LU: f64 = 2.0;
    /// Distance of the loudness range from the median of the songs, LU.
    pub const RANGE_LU: f64 = 4.0;
    /// True peak that services advise to stay under, dBTP.
    pub const TRUE_PEAK_DBTP: f64 = -1.0;
    /// By how much a ceiling may be passed before it is said, dB: what a meter may differ by.
    pub const CEILING_SLACK_DB: f64 = 0.05;
    /// Distance of a part of the spectrum from the median of the songs, dB.
    pub const BALANCE_DB: f64 = 3.0;
    /// Lowest correlation.
    pub const CORRELATION: f64 = 0.2;
    /// Fewest songs a median says something about.
    pub const FEWEST_SONGS: usize = 3;
}

/// One reading of a song in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Integrated loudness.
    Integrated,
    /// Highest short-term loudness.
    MaxShortTerm,
    /// Highest momentary loudness.
    MaxMomentary,
    /// Loudness range.
    Range,
    /// True peak.
    TruePeak,
    /// Sample peak.
    SamplePeak,
    /// Peak to loudness.
    Plr,
    /// Smallest peak to short-term loudness.
    MinPsr,
    /// TT DR.
    Dr,
    /// Power below 120 Hz against the album's mean.
    Low,
    /// Power between against the album's mean.
    Mid,
    /// Power above 2 kHz against the album's mean.
    High,
    /// Correlation.
    Correlation,
    /// Level of the start.
    Start,
    /// Level of the end.
    End,
    /// Distance from the mean loudness of the songs.
    FromMean,
    /// Distance from the loudest song.
    FromLoudest,
}

impl Reading {
    /// In the order of the table.
    pub const ALL: [Self; 17] = [
        Self::Integrated,
        Self::FromMean,
        Self::FromLoudest,
        Self::MaxShortTerm,
        Self::MaxMomentary,
        Self::Range,
        Self::TruePeak,
        Self::SamplePeak,
        Self::Plr,
        Self::MinPsr,
        Self::Dr,
        Self::Low,
        Self::Mid,
        Self::High,
        Self::Correlation,
        Self::Start,
        Self::End,
    ];

    /// Heading of its column, its unit, its decimals.
    pub fn heading(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::Integrated => ("I", "LUFS", 1),
            Self::MaxShortTerm => ("S max", "LUFS", 1),
            Self::MaxMomentary => ("M max", "LUFS", 1),
            Self::Range => ("LRA", "LU", 1),
            Self::TruePeak => ("TP", "dBTP", 2),
            Self::SamplePeak => ("SP", "dBFS", 2),
            Self::Plr => ("PLR", "dB", 1),
            Self::MinPsr => ("PSR min", "dB", 1),
            Self::Dr => ("DR", "dB", 0),
            Self::Low => ("Low", "dB", 1),
            Self::Mid => ("Mid", "dB", 1),
            Self::High => ("High", "dB", 1),
            Self::Correlation => ("Corr", "", 2),
            Self::Start => ("Start", "LUFS", 1),
            Self::End => ("End", "LUFS", 1),
            Self::FromMean => ("to mean", "LU", 1),
            Self::FromLoudest => ("to loudest", "LU", 1),
        }
    }

    /// What it is, and when a song is marked for it.
    pub fn about(self) -> String {
        let part = |what: &str| {
            let most = rules::BALANCE_DB;
            format!("{what}, against the mean of the album; marked more than {most} dB from the median")
        };
        let text = match self {
            Self::Integrated => {
                let most = rules::LOUDNESS_LU;
                return format!(
                    "Integrated loudness (BS.1770-5); marked more than {most} LU from the median of the songs"
                );
            }
            Self::MaxShortTerm => "Highest short-term loudness, 3 s",
            Self::MaxMomentary => "Highest momentary loudness, 400 ms",
            Self::Range => {
                let most = rules::RANGE_LU;
                return format!(
                    "Loudness range (Tech 3342); marked more than {most} LU from the median of the songs"
                );
            }
            Self::TruePeak => {
                let most = peak_text();
                return format!(
                    "True peak; marked over {most} dBTP and over the ceiling of the album's limiter"
                );
            }
            Self::SamplePeak => "Highest sample",
            Self::Plr => "True peak over integrated loudness",
            Self::MinPsr => {
                "Smallest distance of the true peak of 3 s from their loudness: the densest place"
            }
            Self::Dr => "TT dynamic range",
            Self::Low => return part("Power below 120 Hz"),
            Self::Mid => return part("Power from 120 Hz to 2 kHz"),
            Self::High => return part("Power above 2 kHz"),
            Self::Correlation => {
                return format!("Of left and right over the whole song; marked under {}", rules::CORRELATION);
            }
            Self::Start => "Short-term loudness of the first 3 s that sound",
            Self::End => "Short-term loudness of the last 3 s that sound",
            Self::FromMean => "Distance from the mean loudness of the songs",
            Self::FromLoudest => "Distance from the loudest song",
        };
        text.to_owned()
    }

    /// Its value in a row.
    pub fn of(self, song: &SongFigures, standing: &Standing) -> Option<f64> {
        match self {
            Self::Integrated => song.integrated_lufs,
            Self::MaxShortTerm => song.max_short_term_lufs,
            Self::MaxMomentary => song.max_momentary_lufs,
            Self::Range => song.loudness_range_lu,
            Self::TruePeak => song.true_peak_dbtp,
            Self::SamplePeak => song.sample_peak_dbfs,
            Self::Plr => song.plr_db,
            Self::MinPsr => song.min_psr_db,
            Self::Dr => song.dr,
            Self::Low => standing.balance_db.map(|b| b[0]),
            Self::Mid => standing.balance_db.map(|b| b[1]),
            Self::High => standing.balance_db.map(|b| b[2]),
            Self::Correlation => song.correlation,
            Self::Start => song.start_lufs,
            Self::End => song.end_lufs,
            Self::FromMean => standing.from_mean_lu,
            Self::FromLoudest => standing.from_loudest_lu,
        }
    }
}

/// A reading that falls out of the row, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlier {
    /// Which.
    pub reading: Reading,
    /// Why, one sentence.
    pub why: String,
}

/// Where a song stands among the others.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Standing {
    /// Distance from the mean loudness of the songs, LU.
    pub from_mean_lu: Option<f64>,
    /// Distance from the loudest song, LU: 0 or less.
    pub from_loudest_lu: Option<f64>,
    /// Balance against the mean of the songs, dB.
    pub balance_db: Option<[f64; 3]>,
    /// What falls out.
    pub outliers: Vec<Outlier>,
}

/// The figures of the whole.
pub fn of_songs(songs: &[Arc<MeasuredSong>]) -> SongFigures {
    let powers: Vec<f64> = songs.iter().flat_map(|s| s.gating_powers.iter().copied()).collect();
    let short_terms: Vec<f64> = songs.iter().flat_map(|s| s.short_term_powers.iter().copied()).collect();
    let highest =
        |of: fn(&SongFigures) -> Option<f64>| songs.iter().filter_map(|s| of(&s.figures)).reduce(f64::max);
    let sum = |of: &dyn Fn(&MeasuredSong) -> f64| songs.iter().map(|s| of(s)).sum::<f64>();
    let integrated = integrated_lufs(&powers);
    let true_peak_dbtp = highest(|f| f.true_peak_dbtp);
    let frames = songs.iter().map(|s| s.frames).sum::<u64>().max(1) as f64;
    let [ll, rr, lr] = [0, 1, 2].map(|k| sum(&|s| s.products[k]));
    let norm = (ll * rr).sqrt();
    SongFigures {
        duration_s: sum(&|s| s.figures.duration_s),
        integrated_lufs: integrated,
        max_short_term_lufs: highest(|f| f.max_short_term_lufs),
        max_momentary_lufs: highest(|f| f.max_momentary_lufs),
        loudness_range_lu: range_lu(&short_terms, &mut vec![0.0; short_terms.len()]),
        true_peak_dbtp,
        sample_peak_dbfs: highest(|f| f.sample_peak_dbfs),
        rms_dbfs: aes17_dbfs((ll + rr) / (2.0 * frames)),
        plr_db: plr_db(true_peak_dbtp, integrated),
        min_psr_db: songs.iter().filter_map(|s| s.figures.min_psr_db).reduce(f64::min),
        dr: mean(songs.iter().map(|s| s.figures.dr)).map(f64::round),
        balance_db: balance_db([0, 1, 2].map(|k| sum(&|s| s.band_powers[k]))),
        correlation: (norm > 0.0).then(|| (lr / norm).clamp(-1.0, 1.0)),
        start_lufs: songs.first().and_then(|s| s.figures.start_lufs),
        end_lufs: songs.last().and_then(|s| s.figures.end_lufs),
    }
}

/// Where each song stands; `ceiling_dbtp` is that of the album's limiter, 0 where there is none.
pub fn standings(songs: &[SongFigures], ceiling_dbtp: f64) -> Vec<Standing> {
    let all = Row::of(songs);
    songs
        .iter()
        .map(|song| {
            let loudness = song.integrated_lufs;
            Standing {
                from_mean_lu: loudness.zip(all.mean_lufs).map(|(i, mean)| i - mean),
                from_loudest_lu: loudness.zip(all.loudest_lufs).map(|(i, loudest)| i - loudest),
                balance_db: song
                    .balance_db
                    .zip(all.mean_balance_db)
                    .map(|(b, m)| [0, 1, 2].map(|k| b[k] - m[k])),
                outliers: outliers(song, &all, ceiling_dbtp),
            }
        })
        .collect()
}

/// What the songs have in common.
struct Row {
    mean_lufs: Option<f64>,
    loudest_lufs: Option<f64>,
    mean_balance_db: Option<[f64; 3]>,
    /// `None` where there are too few songs.
    median_lufs: Option<f64>,
    median_range_lu: Option<f64>,
    median_balance_db: [Option<f64>; 3],
}

impl Row {
    fn of(songs: &[SongFigures]) -> Self {
        let part = |k: usize| songs.iter().map(move |s| s.balance_db.map(|b| b[k]));
        let means = [0, 1, 2].map(|k| mean(part(k)));
        Self {
            mean_lufs: mean(songs.iter().map(|s| s.integrated_lufs)),
            loudest_lufs: songs.iter().filter_map(|s| s.integrated_lufs).reduce(f64::max),
            mean_balance_db: match means {
                [Some(low), Some(mid), Some(high)] => Some([low, mid, high]),
                _ => None,
            },
            median_lufs: median(songs.iter().map(|s| s.integrated_lufs)),
            median_range_lu: median(songs.iter().map(|s| s.loudness_range_lu)),
            median_balance_db: [0, 1, 2].map(|k| median(part(k))),
        }
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.flatten().collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle value; `None` of too few songs.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.flatten().collect();
    if values.len() < rules::FEWEST_SONGS {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    Some(0.5 * (low + high))
}

fn outliers(song: &SongFigures, all: &Row, ceiling_dbtp: f64) -> Vec<Outlier> {
    let mut found = Vec::new();
    let mut mark = |reading, why: Option<String>| found.extend(why.map(|why| Outlier { reading, why }));
    let off = |value: Option<f64>, median: Option<f64>, most: f64| {
        value.zip(median).map(|(v, m)| v - m).filter(|d| d.abs() > most)
    };
    mark(
        Reading::Integrated,
        off(song.integrated_lufs, all.median_lufs, rules::LOUDNESS_LU).map(|d| {
            let word = if d > 0.0 { "louder" } else { "quieter" };
            let mark = rules::LOUDNESS_LU;
            format!("{:.1} LU {word} than the median of the songs ({mark} LU is the mark)", d.abs())
        }),
    );
    mark(
        Reading::Range,
        off(song.loudness_range_lu, all.median_range_lu, rules::RANGE_LU).map(|d| {
            let word = if d > 0.0 { "wider" } else { "narrower" };
            let mark = rules::RANGE_LU;
            format!("{:.1} LU {word} than the median of the songs ({mark} LU is the mark)", d.abs())
        }),
    );
    mark(Reading::TruePeak, song.true_peak_dbtp.and_then(|peak| peak_fault(peak, ceiling_dbtp)));
    let parts =
        [(Reading::Low, "below 120 Hz"), (Reading::Mid, "in the middle"), (Reading::High, "above 2 kHz")];
    for (k, (reading, where_)) in parts.into_iter().enumerate() {
        let distance = off(song.balance_db.map(|b| b[k]), all.median_balance_db[k], rules::BALANCE_DB);
        mark(
            reading,
            distance.map(|d| {
                let word = if d > 0.0 { "more" } else { "less" };
                let mark = rules::BALANCE_DB;
                format!(
                    "{:.1} dB {word} {where_} than the median of the songs ({mark} dB is the mark)",
                    d.abs()
                )
            }),
        );
    }
    mark(
        Reading::Correlation,
        song.correlation.filter(|c| *c < rules::CORRELATION).map(|c| {
            let mark = rules::CORRELATION;
            format!("correlation {c:.2}: under {mark:.2} much is lost in mono and on vinyl")
        }),
    );
    found
}

fn peak_fault(peak_dbtp: f64, ceiling_dbtp: f64) -> Option<String> {
    if ceiling_dbtp < rules::TRUE_PEAK_DBTP && peak_dbtp > ceiling_dbtp + rules::CEILING_SLACK_DB {
        return Some(format!("true peak {peak_dbtp:+.2} dBTP passes the ceiling of {ceiling_dbtp:.2} dBTP"));
    }
    // The advice is rounded as it is given: a limiter at −1.0 keeps it.
    (peak_dbtp > rules::TRUE_PEAK_DBTP + rules::CEILING_SLACK_DB)
        .then(|| format!("true peak {peak_dbtp:+.2} dBTP: over {} dBTP an encoder may clip", peak_text()))
}

/// The advised true peak as written.
fn peak_text() -> String {
    rules::TRUE_PEAK_DBTP.to_string().replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::loudness::power_from_lufs;

    fn figures(lufs: f64, balance: [f64; 3]) -> SongFigures {
        SongFigures {
            integrated_lufs: Some(lufs),
            loudness_range_lu: Some(6.0),
            true_peak_dbtp: Some(-1.0),
            balance_db: Some(balance),
            correlation: Some(0.7),
            ..SongFigures::default()
        }
    }

    fn marks(standing: &Standing) -> Vec<Reading> {
        standing.outliers.iter().map(|o| o.reading).collect()
    }

    #[test]
    fn distances_are_to_the_mean_and_the_loudest() {
        let flat = [-6.0, -2.0, -12.0];
        let songs = [figures(-14.0, flat), figures(-12.0, flat), figures(-10.0, flat)];
        let standings = standings(&songs, 0.0);
        assert_eq!(standings[0].from_mean_lu, Some(-2.0));
        assert_eq!(standings[0].from_loudest_lu, Some(-4.0));
        assert_eq!(standings[2].from_loudest_lu, Some(0.0));
        assert_eq!(standings[1].balance_db, Some([0.0; 3]));
        assert!(standings.iter().all(|s| s.outliers.is_empty()), "2 LU is not more than 2 LU");
    }

    #[test]
    fn each_rule_marks_its_reading_beyond_its_threshold_only() {
        let flat = [-6.0, -2.0, -12.0];
        let base = [figures(-12.0, flat), figures(-12.0, flat), figures(-12.0, flat)];
        let with = |change: fn(&mut SongFigures)| {
            let mut songs = base;
            change(&mut songs[0]);
            marks(&standings(&songs, -1.0)[0])
        };
        assert_eq!(with(|s| s.integrated_lufs = Some(-9.9)), [Reading::Integrated]);
        assert_eq!(with(|s| s.loudness_range_lu = Some(10.1)), [Reading::Range]);
        assert_eq!(with(|s| s.true_peak_dbtp = Some(-0.9)), [Reading::TruePeak]);
        assert_eq!(with(|s| s.true_peak_dbtp = Some(-0.96)), []);
        assert_eq!(with(|s| s.balance_db = Some([-2.9, -2.0, -12.0])), [Reading::Low]);
        assert_eq!(with(|s| s.balance_db = Some([-6.0, -2.0, -15.1])), [Reading::High]);
        assert_eq!(with(|s| s.correlation = Some(0.19)), [Reading::Correlation]);
        // A lower ceiling is kept to.
        let mut songs = base;
        songs[1].true_peak_dbtp = Some(-1.5);
        assert_eq!(marks(&standings(&songs, -2.0)[1]), [Reading::TruePeak]);
    }

    #[test]
    fn texts_name_the_thresholds_of_the_rules() {
        let (lu, range, db) = (rules::LOUDNESS_LU, rules::RANGE_LU, rules::BALANCE_DB);
        assert!(Reading::Integrated.about().contains(&format!(" {lu} LU from")));
        assert!(Reading::Range.about().contains(&format!(" {range} LU from")));
        assert!(Reading::Correlation.about().ends_with(&format!("under {}", rules::CORRELATION)));
        for part in [Reading::Low, Reading::Mid, Reading::High] {
            assert!(part.about().contains(&format!(" {db} dB from")));
        }
        // As they read with the rules of now.
        assert_eq!(
            Reading::TruePeak.about(),
            "True peak; marked over −1 dBTP and over the ceiling of the album's limiter"
        );
        let flat = [-6.0, -2.0, -12.0];
        let mut songs = [figures(-12.0, flat), figures(-12.0, flat), figures(-12.0, flat)];
        songs[0] = SongFigures {
            loudness_range_lu: Some(11.0),
            true_peak_dbtp: Some(-0.5),
            correlation: Some(0.1),
            ..figures(-9.0, [-6.0, -2.0, -16.0])
        };
        let why: Vec<String> = standings(&songs, 0.0)[0].outliers.iter().map(|o| o.why.clone()).collect();
        assert_eq!(
            why,
            [
                "3.0 LU louder than the median of the songs (2 LU is the mark)",
                "5.0 LU wider than the median of the songs (4 LU is the mark)",
                "true peak -0.50 dBTP: over −1 dBTP an encoder may clip",
                "4.0 dB less above 2 kHz than the median of the songs (3 dB is the mark)",
                "correlation 0.10: under 0.20 much is lost in mono and on vinyl",
            ]
        );
    }

    #[test]
    fn of_two_songs_no_median_is_taken() {
        let songs = [figures(-20.0, [-1.0, -9.0, -20.0]), figures(-10.0, [-9.0, -1.0, -9.0])];
        assert!(standings(&songs, 0.0).iter().all(|s| s.outliers.is_empty()));
    }

    #[test]
    fn the_album_is_gated_over_all_blocks() {
        // 100 blocks at −10 and 100 at −30 LUFS: the gate, 10 LU under the mean of about −13, leaves the loud ones.
        let song = |lufs: f64| {
            Arc::new(MeasuredSong {
                gating_powers: vec![power_from_lufs(lufs); 100],
                short_term_powers: vec![power_from_lufs(lufs); 100],
                figures: figures(lufs, [-6.0; 3]),
                ..MeasuredSong::default()
            })
        };
        let album = of_songs(&[song(-10.0), song(-30.0)]);
        assert!((album.integrated_lufs.unwrap() + 10.0).abs() < 1e-9);
        // Short-term values of −30 pass the gate 20 LU under −13: 10th to 95th percentile is all of it.
        assert!((album.loudness_range_lu.unwrap() - 20.0).abs() < 1e-9);
        assert_eq!(of_songs(&[]), SongFigures::default());
    }
}
