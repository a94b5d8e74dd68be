//! Areas between curves.

use egui::{Color32, Mesh, Painter, Shape, pos2};

/// Fills from column to column (place, and two heights) between the heights.
pub fn fill_columns(painter: &Painter, columns: impl Iterator<Item = (f32, f32, f32)>, colour: Color32) {
    let mut mesh = Mesh::default();
    for (i, (x, from, to)) in columns.enumerate() {
        mesh.colored_vertex(pos2(x, from), colour);
        mesh.colored_vertex(pos2(x, to), colour);
        if i > 0 {
            let at = 2 * i as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    painter.add(Shape::mesh(mesh));
}
