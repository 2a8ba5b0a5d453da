//! A PNG file: plotters' bitmap for shapes, the embedded font for text.
//!
//! The picture is drawn at four times its nominal size and every 2 by 2 pixels are averaged, so
//! that lines of any width are smooth; the file has twice the nominal size, for dense screens and
//! print.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::RGBAColor;

use super::{Anchor, Canvas, Colour, Lettering, Spot, Stroke};

pub(super) const PLAIN: &[u8] = include_bytes!("../../font/DejaVuSans.subset.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../font/DejaVuSans-Bold.subset.ttf");

/// Pixels drawn for each pixel of the nominal size, across and down.
const DRAWN: u32 = 4;
/// Pixels drawn for each pixel of the file, across and down.
const AVERAGED: u32 = 2;
/// Bytes of a pixel.
const CHANNELS: u32 = 3;

/// A bitmap that is drawn on.
#[derive(Debug)]
pub struct PngCanvas {
    pixels: Vec<u8>,
    width: u32,
    height: u32,
}

impl PngCanvas {
    /// An empty picture.
    #[must_use]
    pub fn new(width: f64, height: f64) -> PngCanvas {
        let drawn = |length: f64| (length.ceil() as u32) * DRAWN;
        let (width, height) = (drawn(width), drawn(height));
        let count = width as usize * height as usize * CHANNELS as usize;
        PngCanvas { pixels: vec![0xff; count], width, height }
    }

    /// The whole file.
    ///
    /// # Errors
    /// Whatever the encoder has to say; memory does not run out of space.
    pub fn finish(self) -> Result<Vec<u8>, png::EncodingError> {
        let (width, height) = (self.width / AVERAGED, self.height / AVERAGED);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        // 5669 pixels a metre are 144 an inch: twice the nominal 72 of print.
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: 5669,
            yppu: 5669,
            unit: png::Unit::Meter,
        }));
        encoder.write_header()?.write_image_data(&self.averaged())?;
        Ok(file)
    }

    fn averaged(&self) -> Vec<u8> {
        let (width, height) = (self.width / AVERAGED, self.height / AVERAGED);
        let row = (self.width * CHANNELS) as usize;
        let mut small = Vec::with_capacity((width * height * CHANNELS) as usize);
        for y in 0..height as usize {
            let upper = &self.pixels[y * 2 * row..][..row];
            let lower = &self.pixels[(y * 2 + 1) * row..][..row];
            for (above, below) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
                for channel in 0..3 {
                    let sum = u16::from(above[channel])
                        + u16::from(above[channel + 3])
                        + u16::from(below[channel])
                        + u16::from(below[channel + 3]);
                    small.push(((sum + 2) / 4) as u8);
                }
            }
        }
        small
    }

    /// Draws with plotters. A bitmap in memory has no error to give; what lies outside is cut.
    fn draw(&mut self, paint: impl FnOnce(&mut BitMapBackend<'_>)) {
        let size = (self.width, self.height);
        paint(&mut BitMapBackend::with_buffer(&mut self.pixels, size));
    }

    /// Mixes a colour into one drawn pixel.
    fn blend(&mut self, x: i64, y: i64, colour: Colour, coverage: f32) {
        if x < 0 || y < 0 || x >= i64::from(self.width) || y >= i64::from(self.height) {
            return;
        }
        let start = (y as usize * self.width as usize + x as usize) * CHANNELS as usize;
        let coverage = coverage.clamp(0.0, 1.0);
        let mix = |old: u8, new: u8| {
            (f32::from(old) + (f32::from(new) - f32::from(old)) * coverage).round() as u8
        };
        let pixel = &mut self.pixels[start..start + CHANNELS as usize];
        for (old, new) in pixel.iter_mut().zip([colour.0, colour.1, colour.2]) {
            *old = mix(*old, new);
        }
    }
}

fn drawn(spot: Spot) -> (i32, i32) {
    let scale = f64::from(DRAWN);
    ((spot.0 * scale).round() as i32, (spot.1 * scale).round() as i32)
}

fn rgba(colour: Colour, opacity: f64) -> RGBAColor {
    RGBAColor(colour.0, colour.1, colour.2, opacity)
}

impl Canvas for PngCanvas {
    fn line(&mut self, spots: &[Spot], stroke: &Stroke) {
        let colour = rgba(stroke.colour, 1.0);
        let width = ((stroke.width * f64::from(DRAWN)).round() as u32).max(1);
        let style =
            plotters::style::ShapeStyle { color: colour, filled: true, stroke_width: width };
        for piece in dashes(spots, stroke.dash) {
            let mut places: Vec<(i32, i32)> = piece.into_iter().map(drawn).collect();
            places.dedup();
            self.draw(|bitmap| {
                // Joints one by one: a polygon around the whole line would have spikes at turns.
                for pair in places.windows(2) {
                    let _ = bitmap.draw_path(pair.iter().copied(), &style);
                }
                let ends = places.len().saturating_sub(1);
                for joint in places.get(1..ends).unwrap_or_default() {
                    let _ = bitmap.draw_circle(*joint, width / 2, &style, true);
                }
            });
        }
    }

    fn fill(&mut self, spots: &[Spot], colour: Colour, opacity: f64) {
        if let Some((from, until)) = upright_rectangle(spots) {
            // Neighbours must not share a row of pixels: it would be seen twice as dark.
            for y in from.1..until.1 {
                for x in from.0..until.0 {
                    self.blend(i64::from(x), i64::from(y), colour, opacity as f32);
                }
            }
            return;
        }
        let mut places: Vec<(i32, i32)> = spots.iter().copied().map(drawn).collect();
        places.dedup();
        let colour = rgba(colour, opacity);
        self.draw(|bitmap| {
            let _ = bitmap.fill_polygon(places, &colour);
        });
    }

    fn text(&mut self, spot: Spot, text: &str, lettering: &Lettering) {
        let bytes = if lettering.bold { BOLD } else { PLAIN };
        let Ok(font) = FontRef::try_from_slice(bytes) else { return };
        let pixels = (lettering.size * f64::from(DRAWN)) as f32;
        let scale = scale_to_em(&font, pixels);
        let glyphs = laid_out(&font, scale, text);
        let width = glyphs.1;
        let shift = match lettering.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let (left, base) = drawn(spot);
        for glyph in glyphs.0 {
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            outline.draw(|x, y, coverage| {
                let along = i64::from(x) + (bounds.min.x + shift).round() as i64;
                let down = i64::from(y) + bounds.min.y as i64;
                let (x, y) = if lettering.upwards { (down, -along) } else { (along, down) };
                self.blend(i64::from(left) + x, i64::from(base) + y, lettering.colour, coverage);
            });
        }
    }

    fn begin_group(&mut self, _title: &str) {}

    fn end_group(&mut self) {}
}

/// The corners of a rectangle, the upper left one first, if that is what spots are.
fn upright_rectangle(spots: &[Spot]) -> Option<((i32, i32), (i32, i32))> {
    let [one, two, three, four] = spots else { return None };
    let upright = one.1 == two.1 && two.0 == three.0 && three.1 == four.1 && four.0 == one.0;
    let (from, until) = (drawn(*one), drawn(*three));
    let corner = |pick: fn(i32, i32) -> i32| (pick(from.0, until.0), pick(from.1, until.1));
    upright.then(|| (corner(i32::min), corner(i32::max)))
}

/// The scale at which the em square has `pixels` a side: ab_glyph measures by the height of a line.
fn scale_to_em(font: &FontRef<'_>, pixels: f32) -> PxScale {
    let height = font.units_per_em().map_or(1.0, |units| font.height_unscaled() / units);
    PxScale::from(pixels * height)
}

/// The glyphs of a text that begins at the origin, and its width.
fn laid_out(font: &FontRef<'_>, scale: PxScale, text: &str) -> (Vec<Glyph>, f32) {
    let scaled = font.as_scaled(scale);
    let mut glyphs = Vec::new();
    let mut across = 0.0;
    for letter in text.chars() {
        let id = scaled.glyph_id(letter);
        glyphs.push(id.with_scale_and_position(scale, point(across, 0.0)));
        across += scaled.h_advance(id);
    }
    (glyphs, across)
}

/// A line cut into its dashes.
fn dashes(spots: &[Spot], pattern: &[f64]) -> Vec<Vec<Spot>> {
    if pattern.is_empty() || spots.is_empty() {
        return vec![spots.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = vec![spots[0]];
    let (mut index, mut left) = (0, pattern[0]);
    for pair in spots.windows(2) {
        let (mut from, until) = (pair[0], pair[1]);
        loop {
            let (across, down) = (until.0 - from.0, until.1 - from.1);
            let length = libm::hypot(across, down);
            if length <= left {
                left -= length;
                piece.push(until);
                break;
            }
            from = (from.0 + across * left / length, from.1 + down * left / length);
            piece.push(from);
            // Dashes have even places in the pattern, gaps odd ones.
            if index % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            index = (index + 1) % pattern.len();
            left = pattern[index];
        }
    }
    if index % 2 == 0 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_dashes() {
        let pieces = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], &[4.0, 2.0]);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0], [(0.0, 0.0), (4.0, 0.0)]);
        assert_eq!(pieces[1], [(5.0, 1.0), (5.0, 5.0)]);
    }

    #[test]
    fn shapes_and_text_leave_ink() {
        let mut canvas = PngCanvas::new(40.0, 20.0);
        let blank = canvas.averaged();
        canvas.line(&[(1.0, 1.0), (30.0, 1.0)], &Stroke::solid(Colour::INK, 1.0));
        let lined = canvas.averaged();
        assert_ne!(blank, lined);
        canvas.text((2.0, 16.0), "\u{3bc}\u{2264}", &Lettering::plain(12.0));
        assert_ne!(lined, canvas.averaged());
        let file = canvas.finish().unwrap();
        assert_eq!(&file[1..4], b"PNG");
    }
}
