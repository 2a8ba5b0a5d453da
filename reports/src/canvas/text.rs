//! How wide a text is: from the advance widths of the embedded font, in thousandths of its size.
//!
//! SVG viewers may take another font; DejaVu Sans is among the widest, so theirs will fit.

/// Widths of the letters from space to `~` in the plain font.
#[rustfmt::skip]
const PLAIN: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// Widths of the letters from space to `~` in the bold font.
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
    696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580,
    1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500,
    500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

/// Letters that are not in the tables: about the widest of Greek and of accented Latin.
const OTHER: u16 = 840;

/// The width of a text, in pixels.
#[must_use]
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    let widths = if bold { &BOLD } else { &PLAIN };
    let width = |letter: char| {
        let index = (letter as usize).wrapping_sub(usize::from(b' '));
        f64::from(widths.get(index).copied().unwrap_or(OTHER))
    };
    text.chars().map(width).sum::<f64>() * size / 1000.0
}

/// A text that is cut, with an ellipsis in the middle, if it is wider than `width_max`.
#[must_use]
pub fn shortened(text: &str, size: f64, width_max: f64) -> String {
    if text_width(text, size, false) <= width_max {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (2..letters.len()).rev() {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let start: String = letters[..head].iter().collect();
        let end: String = letters[letters.len() - tail..].iter().collect();
        let cut = format!("{start}\u{2026}{end}");
        if text_width(&cut, size, false) <= width_max {
            return cut;
        }
    }
    "\u{2026}".to_owned()
}

/// A text in lines none of which is wider than `width_max`, if its words allow that.
#[must_use]
pub fn wrapped(text: &str, size: f64, bold: bool, width_max: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut()
            && text_width(&format!("{line} {word}"), size, bold) <= width_max
        {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_in_the_middle_or_wrapped() {
        assert_eq!(shortened("short", 12.0, 100.0), "short");
        let cut = shortened("a-very-long-name-of-a-scenario", 12.0, 100.0);
        assert!(cut.starts_with("a-very") && cut.ends_with("nario"), "{cut}");
        assert!(text_width(&cut, 12.0, false) <= 100.0);
        let lines = wrapped("one two three four five six", 12.0, false, 60.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| text_width(line, 12.0, false) <= 60.0));
    }

    /// The tables are those of the font that is embedded.
    #[cfg(feature = "png")]
    #[test]
    fn widths_are_those_of_the_font() {
        use ab_glyph::{Font, FontRef};
        for (bold, bytes) in [(false, super::super::png::PLAIN), (true, super::super::png::BOLD)] {
            let font = FontRef::try_from_slice(bytes).unwrap();
            let units = font.units_per_em().unwrap();
            for letter in ' '..='~' {
                let width = font.h_advance_unscaled(font.glyph_id(letter)) * 1000.0 / units;
                let known = text_width(&letter.to_string(), 1000.0, bold);
                assert!((f64::from(width) - known).abs() <= 0.5, "{letter} {bold}");
            }
        }
    }
}
