//! The picture of a goniometer and the bar of a correlation, for the meters and the editors alike.
//!
//! A frame stands at `(R−L)/√2` across and `(L+R)/√2` up: mono is upright, left alone leans left at 45°, opposite phase lies
//! flat. At 0 dB mono at full scale touches the edge. Folded, what points down is turned upwards: angle and radius of the
//! polar picture. All points are one mesh. Neighbours in time that are near each other are joined by a line, fainter
//! the longer it is, as a beam that moves faster; others are dots. Both fade with age.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Align2, Color32, Painter, Pos2, Rangef, Rect, Shape, Stroke, Vec2, pos2, vec2};

use crate::gui::theme::{faded, theme};

/// Longest line, as a part of the radius.
const LONGEST: f32 = 0.2;
/// Length at which a line is as bright as a dot, points.
const BRIGHT: f32 = 2.0;
/// Faintest that is drawn.
const FAINTEST: f32 = 0.02;
/// Half the width of a line and of a dot, points, to where they have faded out.
const HALF_LINE: f32 = 1.0;
const HALF_DOT: f32 = 1.5;

/// Where the picture lies.
#[derive(Debug, Clone, Copy)]
pub struct Disc {
    /// Of the circle.
    pub centre: Pos2,
    /// Radius of the edge, points.
    pub radius: f32,
    /// Only the upper half: directions without polarity.
    pub is_folded: bool,
}

impl Disc {
    /// The largest in a place, with room for its letters.
    pub fn within(rect: Rect, is_folded: bool) -> Self {
        const MARGIN: f32 = 16.0;
        if is_folded {
            let radius = (0.5 * rect.width() - MARGIN).min(rect.height() - 1.5 * MARGIN).max(1.0);
            let base = rect.center().y + 0.5 * radius;
            return Self { centre: pos2(rect.center().x, base), radius, is_folded };
        }
        let radius = (0.5 * rect.height().min(rect.width()) - MARGIN).max(1.0);
        Self { centre: rect.center(), radius, is_folded }
    }

    /// Where a frame stands at a linear gain.
    pub fn place(&self, [left, right]: [f32; 2], gain: f32) -> Pos2 {
        let sign = if self.is_folded && left + right < 0.0 { -1.0 } else { 1.0 };
        self.centre + 0.5 * gain * self.radius * sign * vec2(right - left, -(left + right))
    }

    /// A direction (radians, 0 mono, negative to the left) at a part of the radius.
    pub fn towards(&self, angle: f32, part: f32) -> Pos2 {
        self.centre + part * self.radius * vec2(angle.sin(), -angle.cos())
    }

    /// Edge, lines of L, R, M and S, and their letters.
    pub fn paint_guides(&self, painter: &Painter) {
        use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};
        let t = theme();
        let thin = Stroke::new(1.0, t.line);
        let letter = |angle: f32, align: Align2, text: &str| {
            let at = self.towards(angle, 1.0 + 3.0 / self.radius);
            painter.text(at, align, text, t.font(t.small), t.text_weak);
        };
        letter(-FRAC_PI_4, Align2::RIGHT_BOTTOM, "L");
        letter(FRAC_PI_4, Align2::LEFT_BOTTOM, "R");
        if self.is_folded {
            let arc = (-30..=30).map(|i| self.towards(FRAC_PI_2 * i as f32 / 30.0, 1.0)).collect();
            painter.line(arc, thin);
            for angle in [-FRAC_PI_2, -FRAC_PI_4, 0.0, FRAC_PI_4, FRAC_PI_2] {
                painter.line_segment([self.centre, self.towards(angle, 1.0)], thin);
            }
            letter(0.0, Align2::CENTER_BOTTOM, "M");
            letter(-FRAC_PI_2, Align2::RIGHT_CENTER, "S");
            letter(FRAC_PI_2, Align2::LEFT_CENTER, "S");
            return;
        }
        painter.circle_stroke(self.centre, self.radius, thin);
        for angle in [-FRAC_PI_4, 0.0, FRAC_PI_4, FRAC_PI_2] {
            painter.line_segment([self.towards(angle, 1.0), self.towards(angle + PI, 1.0)], thin);
        }
        letter(0.0, Align2::CENTER_BOTTOM, "+M");
        letter(-FRAC_PI_2, Align2::RIGHT_CENTER, "+S");
        letter(FRAC_PI_2, Align2::LEFT_CENTER, "−S");
    }
}

/// Points to draw, newest last.
#[derive(Debug, Clone, Copy)]
pub struct Trail<'a> {
    /// Left and right.
    pub points: &'a [[f32; 2]],
    /// Linear.
    pub gain: f32,
    /// Seconds from one to the next, and the time constant of the fading; without, none fades.
    pub fading: Option<(f32, f32)>,
    /// Each is near the next in time, so that lines may join them.
    pub is_joined: bool,
    /// Of the newest.
    pub colour: Color32,
}

impl Trail<'_> {
    /// Draws them.
    pub fn paint(&self, painter: &Painter, disc: &Disc) {
        painter.add(Shape::mesh(self.mesh(disc)));
    }

    /// All of them as one mesh. The first corner of a dot and the middle corners of a line are where the points are.
    pub fn mesh(&self, disc: &Disc) -> Mesh {
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(6 * self.points.len());
        mesh.reserve_triangles(4 * self.points.len());
        let mut before: Option<Pos2> = None;
        for (i, &point) in self.points.iter().enumerate() {
            let at = disc.place(point, self.gain);
            let from = before.replace(at).filter(|p| p.x.is_finite() && p.y.is_finite());
            let strength = self.strength(self.points.len() - 1 - i);
            if strength < FAINTEST || !at.x.is_finite() || !at.y.is_finite() {
                continue;
            }
            match from.map(|from| (from, (at - from).length())) {
                Some((from, length)) if self.is_joined && length > 0.5 => {
                    if length < LONGEST * disc.radius {
                        let bright = strength * (BRIGHT / length).min(1.0);
                        line(&mut mesh, from, at, faded(self.colour, bright));
                    } else {
                        dot(&mut mesh, at, faded(self.colour, strength));
                    }
                }
                _ => dot(&mut mesh, at, faded(self.colour, strength)),
            }
        }
        mesh
    }

    /// Of a point so many before the newest.
    fn strength(&self, before: usize) -> f32 {
        self.fading.map_or(1.0, |(spacing_s, time_s)| (-(before as f32 * spacing_s) / time_s.max(1e-3)).exp())
    }
}

fn vertex(mesh: &mut Mesh, pos: Pos2, color: Color32) {
    mesh.vertices.push(Vertex { pos, uv: WHITE_UV, color });
}

/// A soft dot: full in the middle, nothing at four corners.
fn dot(mesh: &mut Mesh, at: Pos2, colour: Color32) {
    let first = mesh.vertices.len() as u32;
    vertex(mesh, at, colour);
    for corner in [vec2(HALF_DOT, 0.0), vec2(0.0, HALF_DOT), vec2(-HALF_DOT, 0.0), vec2(0.0, -HALF_DOT)] {
        vertex(mesh, at + corner, Color32::TRANSPARENT);
    }
    for i in 0..4 {
        mesh.add_triangle(first, first + 1 + i, first + 1 + (i + 1) % 4);
    }
}

/// A soft line: full in the middle, nothing at both sides.
fn line(mesh: &mut Mesh, from: Pos2, to: Pos2, colour: Color32) {
    let first = mesh.vertices.len() as u32;
    let across: Vec2 = (to - from).normalized().rot90() * HALF_LINE;
    for at in [from, to] {
        vertex(mesh, at, colour);
        vertex(mesh, at + across, Color32::TRANSPARENT);
        vertex(mesh, at - across, Color32::TRANSPARENT);
    }
    for [a, b, c] in [[0, 1, 3], [1, 3, 4], [0, 2, 3], [2, 3, 5]] {
        mesh.add_triangle(first + a, first + b, first + c);
    }
}

/// The polar level: what is now filled, its envelope as a line. `sectors` as [`crate::meter::stereo::PolarLevel`] gives them.
pub fn paint_polar(painter: &Painter, disc: &Disc, sectors: &[[f32; 2]], gain: f32, colour: Color32) {
    use std::f32::consts::{FRAC_PI_2, PI, SQRT_2};
    let count = sectors.len();
    if count == 0 {
        return;
    }
    let step = PI / count as f32;
    let part = |radius: f32| (radius * gain / SQRT_2).min(1.0);
    let (mut fill, mut outline) = (Mesh::default(), Vec::new());
    // The first sector is centred on −90°, which is +90° too: half of it at either end.
    for i in 0..=count {
        let [now, envelope] = sectors[i % count];
        let middle = -FRAC_PI_2 + step * i as f32;
        let angles = [middle - 0.5 * step, middle + 0.5 * step].map(|a| a.clamp(-FRAC_PI_2, FRAC_PI_2));
        let first = fill.vertices.len() as u32;
        vertex(&mut fill, disc.centre, faded(colour, 0.25));
        for angle in angles {
            vertex(&mut fill, disc.towards(angle, part(now)), faded(colour, 0.8));
            outline.push(disc.towards(angle, part(envelope)));
        }
        fill.add_triangle(first, first + 1, first + 2);
    }
    painter.add(Shape::mesh(fill));
    painter.line(outline, Stroke::new(1.0, faded(theme().text, 0.7)));
}

/// Place of a correlation on a bar from −1 to +1.
pub fn correlation_x(span: Rangef, value: f64) -> f32 {
    egui::remap(value.clamp(-1.0, 1.0) as f32, -1.0..=1.0, span)
}

/// The bar of a correlation from zero to where it is, with a mark for the lowest. A held one is faint.
pub fn paint_correlation(painter: &Painter, bar: Rect, now: Option<f64>, lowest: Option<f64>, is_held: bool) {
    let t = theme();
    let x = |c: f64| correlation_x(bar.x_range(), c);
    painter.rect_filled(bar, 1.0, t.ground);
    painter.vline(x(0.0), bar.y_range(), Stroke::new(1.0, t.line_strong));
    if let Some(c) = now {
        let colour = if c < 0.0 { t.meter_high } else { t.master };
        let strength = if is_held { 0.4 } else { 1.0 };
        let span = x(0.0).min(x(c))..=x(0.0).max(x(c));
        painter.rect_filled(Rect::from_x_y_ranges(span, bar.y_range()), 0.0, faded(colour, strength));
        painter.vline(x(c), bar.y_range(), Stroke::new(2.0, faded(t.text, strength)));
    }
    if let Some(lowest) = lowest {
        painter.vline(x(lowest), bar.y_range(), Stroke::new(1.0, t.meter_mid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn disc(is_folded: bool) -> Disc {
        Disc { centre: pos2(200.0, 150.0), radius: 100.0, is_folded }
    }

    /// Where what is painted is at full strength.
    fn painted(points: &[[f32; 2]], is_folded: bool, is_joined: bool) -> Vec<Vec2> {
        let colour = Color32::WHITE;
        let trail = Trail { points, gain: 1.0, fading: None, is_joined, colour };
        let mesh = trail.mesh(&disc(is_folded));
        assert!(mesh.is_valid());
        let solid = mesh.vertices.iter().filter(|v| v.color.a() > 0);
        solid.map(|v| v.pos - pos2(200.0, 150.0)).collect()
    }

    fn tone(left: f32, right: f32, phase: f32) -> Vec<[f32; 2]> {
        let at = |i: usize| TAU * i as f32 / 97.0;
        (0..970).map(|i| [left * at(i).sin(), right * (at(i) + phase).sin()]).collect()
    }

    #[test]
    fn mono_is_upright_left_leans_left_and_opposite_lies_flat() {
        for is_joined in [false, true] {
            let mono = painted(&tone(1.0, 1.0, 0.0), false, is_joined);
            assert!(mono.iter().all(|v| v.x.abs() < 1e-3));
            let top = mono.iter().map(|v| -v.y).fold(0.0, f32::max);
            assert!((top - 100.0).abs() < 0.1, "mono at full scale touches the edge: {top}");
            let left = painted(&tone(0.8, 0.0, 0.0), false, is_joined);
            assert!(
                left.iter().all(|v| (v.x - v.y).abs() < 1e-3),
                "up and to the left, down and to the right"
            );
            assert!(left.iter().any(|v| v.x < -30.0 && v.y < -30.0));
            let right = painted(&tone(0.0, 0.8, 0.0), false, is_joined);
            assert!(right.iter().all(|v| (v.x + v.y).abs() < 1e-3));
            let opposite = painted(&tone(0.5, 0.5, TAU / 2.0), false, is_joined);
            assert!(opposite.iter().all(|v| v.y.abs() < 1e-3));
            assert!(opposite.iter().any(|v| v.x > 49.0));
        }
    }

    #[test]
    fn a_phase_of_90_degrees_is_the_ellipse_of_the_formula() {
        // L = a·sin, R = b·cos: with x = R − L, y = L + R is (y − x)²/4a² + (x + y)²/4b² = 1.
        let (a, b) = (0.8f32, 0.4f32);
        for is_joined in [false, true] {
            let ellipse = painted(&tone(a, b, TAU / 4.0), false, is_joined);
            assert!(ellipse.len() > 900);
            for v in ellipse {
                let (x, y) = (v.x / 50.0, -v.y / 50.0);
                let on = (y - x).powi(2) / (4.0 * a * a) + (x + y).powi(2) / (4.0 * b * b);
                assert!((on - 1.0).abs() < 1e-3, "{v:?}: {on}");
            }
        }
        // Equal levels: a circle of half the radius times √2.
        let circle = painted(&tone(0.5, 0.5, TAU / 4.0), false, true);
        assert!(circle.iter().all(|v| (v.length() - 50.0 * 0.5 * 2f32.sqrt()).abs() < 0.01));
    }

    #[test]
    fn folded_all_points_up() {
        let folded = painted(&tone(0.9, 0.3, 0.7), true, false);
        assert!(folded.iter().all(|v| v.y < 1e-3));
        let left = painted(&tone(0.8, 0.0, 0.0), true, false);
        assert!(left.iter().all(|v| v.x < 1e-3 && (v.x - v.y).abs() < 1e-3));
    }

    #[test]
    fn what_is_old_is_faint_by_its_time_and_not_by_its_number() {
        // 300 ms at two densities: after 200 ms e⁻¹ is left in both.
        for count in [300usize, 3000] {
            let points: Vec<[f32; 2]> = (0..count).map(|_| [0.5, 0.5]).collect();
            let spacing_s = 0.3 / count as f32;
            let colour = Color32::WHITE;
            let trail = Trail {
                points: &points,
                gain: 1.0,
                fading: Some((spacing_s, 0.2)),
                is_joined: false,
                colour,
            };
            let mesh = trail.mesh(&disc(false));
            let strength = |age_s: f32| {
                let index = count - 1 - (age_s / spacing_s) as usize;
                f32::from(mesh.vertices[5 * index].color.a()) / 255.0
            };
            assert!((strength(0.0) - 1.0).abs() < 0.01, "{}", strength(0.0));
            assert!((strength(0.2) - (-1f32).exp()).abs() < 0.01, "{}", strength(0.2));
        }
    }

    #[test]
    fn a_fast_beam_is_faint_and_a_jump_is_a_dot() {
        let mesh_of = |points: &[[f32; 2]]| {
            Trail { points, gain: 1.0, fading: None, is_joined: true, colour: Color32::WHITE }
                .mesh(&disc(false))
        };
        let (slow, fast) = (mesh_of(&[[0.0; 2], [0.01, 0.01]]), mesh_of(&[[0.0; 2], [0.1, 0.1]]));
        assert_eq!((slow.vertices.len(), fast.vertices.len()), (11, 11), "a dot and a line");
        let strength = |mesh: &Mesh| f32::from(mesh.vertices[5].color.a()) / 255.0;
        assert!((strength(&slow) - 1.0).abs() < 0.01 && (strength(&fast) - 0.2).abs() < 0.01);
        assert_eq!(mesh_of(&[[0.0; 2], [0.5, 0.5]]).vertices.len(), 10, "two dots");
    }

    #[test]
    fn four_thousand_points_are_one_mesh_without_nonsense() {
        let mut points = tone(0.5, 0.4, 0.3);
        points[3] = [f32::NAN, 0.1];
        points[9] = [f32::INFINITY, 0.1];
        let trail = Trail {
            points: &points,
            gain: 1.0,
            fading: Some((1.0, 0.05)),
            is_joined: true,
            colour: Color32::WHITE,
        };
        let mesh = trail.mesh(&disc(false));
        assert!(mesh.vertices.len() <= 6 * 5, "only the newest are left: {}", mesh.vertices.len());
        assert!(mesh.vertices.iter().all(|v| v.pos.x.is_finite() && v.pos.y.is_finite()));
    }
}
