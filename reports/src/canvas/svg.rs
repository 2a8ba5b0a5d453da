//! An SVG file, written by hand: coordinates to a tenth of a pixel, dashes as dashes, text as text,
//! and a `<title>` for every curve, which browsers show when the mouse rests on it.

use std::fmt::Write as _;

use super::{Anchor, Canvas, Colour, Lettering, Spot, Stroke};

/// An SVG file that grows.
#[derive(Debug)]
pub struct SvgCanvas {
    text: String,
    groups: usize,
}

impl SvgCanvas {
    /// An empty picture with a title and a description, for those who cannot see it.
    #[must_use]
    pub fn new(width: f64, height: f64, title: &str, description: &str) -> SvgCanvas {
        let mut text = String::new();
        let (wide, high) = (short(width), short(height));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" \
             viewBox=\"0 0 {wide} {high}\" role=\"img\" \
             font-family=\"'DejaVu Sans',Verdana,sans-serif\">"
        );
        let _ = writeln!(text, "<title>{}</title>", escaped(title));
        let _ = writeln!(text, "<desc>{}</desc>", escaped(description));
        let _ = writeln!(text, "<rect width=\"{wide}\" height=\"{high}\" fill=\"#fff\"/>");
        SvgCanvas { text, groups: 0 }
    }

    /// The whole file.
    #[must_use]
    pub fn finish(mut self) -> String {
        for _ in 0..self.groups {
            self.text.push_str("</g>\n");
        }
        self.text.push_str("</svg>\n");
        self.text
    }
}

impl Canvas for SvgCanvas {
    fn line(&mut self, spots: &[Spot], stroke: &Stroke) {
        let width = short(stroke.width);
        let colour = hex(stroke.colour);
        let _ =
            write!(self.text, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" ");
        if !stroke.dash.is_empty() {
            let lengths: Vec<String> = stroke.dash.iter().map(|length| short(*length)).collect();
            let _ = write!(self.text, "stroke-dasharray=\"{}\" ", lengths.join(" "));
        }
        if spots.len() > 2 {
            self.text.push_str("stroke-linejoin=\"round\" ");
        }
        let _ = writeln!(self.text, "d=\"{}\"/>", path(spots));
    }

    fn fill(&mut self, spots: &[Spot], colour: Colour, opacity: f64) {
        let _ = write!(self.text, "<path fill=\"{}\" ", hex(colour));
        if opacity < 1.0 {
            let _ = write!(self.text, "fill-opacity=\"{}\" ", hundredths(opacity));
        }
        let _ = writeln!(self.text, "d=\"{}z\"/>", path(spots));
    }

    fn text(&mut self, spot: Spot, text: &str, lettering: &Lettering) {
        let (x, y) = (short(spot.0), short(spot.1));
        let _ = if lettering.upwards {
            write!(self.text, "<text transform=\"translate({x} {y}) rotate(-90)\"")
        } else {
            write!(self.text, "<text x=\"{x}\" y=\"{y}\"")
        };
        let _ = write!(self.text, " font-size=\"{}\"", short(lettering.size));
        if lettering.bold {
            self.text.push_str(" font-weight=\"bold\"");
        }
        match lettering.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.text.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.text.push_str(" text-anchor=\"end\""),
        }
        let _ = writeln!(self.text, " fill=\"{}\">{}</text>", hex(lettering.colour), escaped(text));
    }

    fn begin_group(&mut self, title: &str) {
        self.groups += 1;
        let _ = writeln!(self.text, "<g><title>{}</title>", escaped(title));
    }

    fn end_group(&mut self) {
        if self.groups > 0 {
            self.groups -= 1;
            self.text.push_str("</g>\n");
        }
    }
}

/// Path data with relative steps, which are short where points are dense. Each step is taken
/// between rounded places, so that roundings do not add up.
fn path(spots: &[Spot]) -> String {
    let tenths = |number: f64| (number * 10.0).round() as i64;
    let mut data = String::new();
    let mut last: Option<(i64, i64)> = None;
    for spot in spots {
        let place = (tenths(spot.0), tenths(spot.1));
        match last {
            None => {
                let _ = write!(data, "M{} {}", decimal(place.0), decimal(place.1));
            }
            Some(last) => {
                let step = (place.0 - last.0, place.1 - last.1);
                let _ = match step {
                    (0, 0) => Ok(()),
                    (across, 0) => write!(data, "h{}", decimal(across)),
                    (0, down) => write!(data, "v{}", decimal(down)),
                    (across, down) => write!(data, "l{} {}", decimal(across), decimal(down)),
                };
            }
        }
        last = Some(place);
    }
    data
}

/// A number of tenths, as a decimal number.
fn decimal(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

fn short(number: f64) -> String {
    decimal((number * 10.0).round() as i64)
}

fn hundredths(share: f64) -> String {
    format!("{:.2}", share.clamp(0.0, 1.0))
}

fn hex(colour: Colour) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
}

/// A text as XML holds it. Control characters, which XML 1.0 forbids, become question marks.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() => safe.push('?'),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_and_exact() {
        let spots = [(1.0, 2.0), (1.04, 2.0), (3.25, 2.0), (3.25, 1.5), (0.0, 0.0)];
        assert_eq!(path(&spots), "M1 2h2.3v-0.5l-3.3 -1.5");
    }

    #[test]
    fn text_cannot_break_out() {
        let mut canvas = SvgCanvas::new(10.0, 10.0, "a<b", "");
        canvas.text((0.0, 0.0), "</text>\u{0}&", &Lettering::plain(10.0));
        let file = canvas.finish();
        assert!(file.contains("<title>a&lt;b</title>"), "{file}");
        assert!(file.contains(">&lt;/text&gt;?&amp;</text>"), "{file}");
    }
}
