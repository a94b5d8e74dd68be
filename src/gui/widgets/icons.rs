//! The few icons, drawn as shapes so that they are sharp at every scale.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// To the start.
    ToStart,
    /// Play.
    Play,
    /// Stop.
    Stop,
    /// Loop.
    Loop,
    /// A cross: cancel, close.
    Close,
    /// A tick: fine.
    Check,
    /// A triangle with its point up: warning.
    Warning,
    /// A diamond: error.
    Error,
    /// A disc: information.
    Info,
    /// A plus.
    Add,
}

/// Paints an icon into the middle of a rectangle, about 12 points large.
pub fn paint(painter: &Painter, icon: Icon, rect: Rect, colour: Color32) {
    let c = rect.center();
    match icon {
        Icon::ToStart => {
            painter.rect_filled(Rect::from_min_max(c + vec2(-6.0, -5.5), c + vec2(-4.0, 5.5)), 0.0, colour);
            polygon(painter, &[c + vec2(5.0, -5.5), c + vec2(5.0, 5.5), c + vec2(-3.0, 0.0)], colour);
        }
        Icon::Play => {
            polygon(painter, &[c + vec2(-4.0, -6.0), c + vec2(6.0, 0.0), c + vec2(-4.0, 6.0)], colour)
        }
        Icon::Stop => {
            painter.rect_filled(Rect::from_center_size(c, vec2(10.0, 10.0)), 0.0, colour);
        }
        Icon::Loop => loop_icon(painter, c, colour),
        Icon::Close => cross(painter, c, 4.0, colour),
        Icon::Check => {
            let stroke = Stroke::new(1.5, colour);
            painter.add(Shape::line(
                vec![c + vec2(-4.0, 0.5), c + vec2(-1.0, 3.5), c + vec2(4.5, -3.5)],
                stroke,
            ));
        }
        Icon::Warning => {
            polygon(painter, &[c + vec2(0.0, -5.0), c + vec2(5.5, 4.5), c + vec2(-5.5, 4.5)], colour)
        }
        Icon::Error => polygon(
            painter,
            &[c + vec2(0.0, -5.5), c + vec2(5.5, 0.0), c + vec2(0.0, 5.5), c + vec2(-5.5, 0.0)],
            colour,
        ),
        Icon::Info => {
            painter.circle_filled(c, 4.0, colour);
        }
        Icon::Add => {
            let stroke = Stroke::new(1.5, colour);
            painter.line_segment([c - vec2(4.5, 0.0), c + vec2(4.5, 0.0)], stroke);
            painter.line_segment([c - vec2(0.0, 4.5), c + vec2(0.0, 4.5)], stroke);
        }
    }
}

fn polygon(painter: &Painter, points: &[Pos2], colour: Color32) {
    painter.add(Shape::convex_polygon(points.to_vec(), colour, Stroke::NONE));
}

fn cross(painter: &Painter, c: Pos2, reach: f32, colour: Color32) {
    let stroke = Stroke::new(1.5, colour);
    painter.line_segment([c - vec2(reach, reach), c + vec2(reach, reach)], stroke);
    painter.line_segment([c + vec2(-reach, reach), c + vec2(reach, -reach)], stroke);
}

fn loop_icon(painter: &Painter, c: Pos2, colour: Color32) {
    let stroke = Stroke::new(1.5, colour);
    let turn = |from: f32, to: f32| {
        (0..=16)
            .map(|i| {
                let a = from + (to - from) * i as f32 / 16.0;
                pos2(c.x + 5.5 * a.cos(), c.y + 5.5 * a.sin())
            })
            .collect::<Vec<_>>()
    };
    painter.add(Shape::line(turn(-0.9, 4.2), stroke));
    let tip = pos2(c.x + 5.5 * (-0.9f32).cos(), c.y + 5.5 * (-0.9f32).sin());
    polygon(painter, &[tip + vec2(-3.5, -2.5), tip + vec2(2.0, -2.0), tip + vec2(-0.5, 3.0)], colour);
}
