//! The colours of a picture of levels: dark to light in even steps of what the eye calls lightness.
//!
//! In OKLab (B. Ottosson, "A perceptual color space for image processing", 2020) lightness `L` rises in a straight line from
//! the theme's dark colour to its light one; hue and saturation (`a`, `b`) follow a parabola that passes its middle colour half-way.

use egui::Color32;

use super::theme::Theme;

/// Steps of the ramp.
const STEPS: usize = 256;

/// OKLab: lightness, green to red, blue to yellow.
type Lab = [f64; 3];

/// The ramp of the theme, darkest first.
pub fn ramp(t: &Theme) -> Vec<Color32> {
    let [dark, middle, light] =
        [t.spectrogram_dark, t.spectrogram_middle, t.spectrogram_light].map(lab_from_rgb);
    let at = |step: usize| {
        let x = step as f64 / (STEPS - 1) as f64;
        let lightness = dark[0] + x * (light[0] - dark[0]);
        // Lagrange through 0, ½ and 1.
        let through = |k: usize| {
            let ends = dark[k] * (1.0 - x) * (1.0 - 2.0 * x) + light[k] * x * (2.0 * x - 1.0);
            ends + middle[k] * 4.0 * x * (1.0 - x)
        };
        rgb_from_lab([lightness, through(1), through(2)])
    };
    (0..STEPS).map(at).collect()
}

fn lab_from_rgb(colour: Color32) -> Lab {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = [colour.r(), colour.g(), colour.b()].map(linear);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn rgb_from_lab([lightness, a, b]: Lab) -> Color32 {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let byte = |v: f64| {
        let v = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.max(0.0).powf(1.0 / 2.4) - 0.055 };
        (v * 255.0).round().clamp(0.0, 255.0) as u8
    };
    Color32::from_rgb(
        byte(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        byte(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        byte(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme::theme;

    #[test]
    fn oklab_is_that_of_its_author() {
        // White is lightness 1 without colour; red from the published table.
        let [l, a, b] = lab_from_rgb(Color32::WHITE);
        assert!((l - 1.0).abs() < 1e-4 && a.abs() < 1e-4 && b.abs() < 1e-4);
        let [l, a, b] = lab_from_rgb(Color32::from_rgb(255, 0, 0));
        assert!((l - 0.628).abs() < 1e-3 && (a - 0.2249).abs() < 1e-3 && (b - 0.1258).abs() < 1e-3);
        for colour in [Color32::from_rgb(12, 200, 90), Color32::from_rgb(255, 128, 3)] {
            assert_eq!(rgb_from_lab(lab_from_rgb(colour)), colour);
        }
    }

    /// Every step is as much lighter as the others: nothing is louder to the eye than it is.
    #[test]
    fn lightness_rises_evenly() {
        let ramp = ramp(theme());
        let lightness: Vec<f64> = ramp.iter().map(|c| lab_from_rgb(*c)[0]).collect();
        let (first, last) = (lightness[0], lightness[255]);
        assert!(last - first > 0.7, "from dark to light");
        for (i, found) in lightness.iter().enumerate() {
            let expected = first + (last - first) * i as f64 / 255.0;
            assert!((found - expected).abs() < 0.006, "step {i}: {found}, not {expected}");
        }
    }
}
