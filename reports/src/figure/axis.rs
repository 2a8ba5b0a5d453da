//! Axes: scales, ticks at 1, 2 and 5 times powers of ten, and where a value lies.

use crate::canvas::text_width;

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with the unit: `time (s)`.
    pub label: String,
    /// How values become places.
    pub scale: Scale,
}

/// How values become places.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// Evenly from zero, or by powers of ten if the values span two of them. Zero then has a place
    /// of its own, below the powers.
    Auto,
    /// Evenly between the lowest and the highest value, or by powers of ten as `Auto`: for what was
    /// varied, whose zero means nothing.
    Span,
    /// By powers of ten.
    Logarithmic,
    /// Evenly, from 0 to 1.
    Share,
    /// Names, side by side: value 0 is the first.
    Names(Vec<String>),
}

impl Axis {
    /// An axis that measures something.
    #[must_use]
    pub fn new(label: impl Into<String>, scale: Scale) -> Axis {
        Axis { label: label.into(), scale }
    }

    /// Whether this is an axis of names.
    #[must_use]
    pub fn has_names(&self) -> bool {
        matches!(self.scale, Scale::Names(_))
    }
}

/// Where values of one axis lie in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// The pixel of the lowest value.
    start: f64,
    /// The pixel of the highest value.
    end: f64,
    law: Law,
    ticks: Vec<Tick>,
}

/// A tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// At which pixel.
    pub pixel: f64,
    /// What stands there; nothing at small ticks.
    pub label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    Even {
        from: f64,
        until: f64,
    },
    /// Decimal logarithms; `zero` is the share of the axis, at its start, that is for zero.
    Powers {
        from: f64,
        until: f64,
        zero: f64,
    },
}

/// What part of a logarithmic axis is for the value zero, if it occurs.
const ZERO_SHARE: f64 = 0.07;
/// About how far apart labelled ticks are, in pixels.
const TICK_DISTANCE: f64 = 60.0;
/// The room for half a mark, in pixels.
const MARK_ROOM: f64 = 7.0;
/// The size of labels, and how far apart they are at least, in pixels.
const LABEL_SIZE: f64 = 12.0;
const LABEL_GAP: f64 = 12.0;

impl Projection {
    /// Lays `axis` out between two pixels, for `values`.
    #[must_use]
    pub fn new(
        axis: &Axis,
        values: impl Iterator<Item = f64>,
        (start, end): (f64, f64),
    ) -> Projection {
        let extent = Extent::of(values);
        // What was varied lies on both ends: its marks must not lie on the frame.
        let pad = if axis.scale == Scale::Span { MARK_ROOM } else { 0.0 };
        let (start, end) =
            (start + pad * (end - start).signum(), end - pad * (end - start).signum());
        let room = Room { length: (end - start).abs(), is_across: end > start };
        let (law, ticks) = match &axis.scale {
            Scale::Names(names) => names_along(names),
            Scale::Share => even(0.0, 1.0, room),
            Scale::Linear => even(extent.lowest.min(0.0), extent.highest, room),
            Scale::Auto | Scale::Span if extent.spans_powers() => powers(&extent, room),
            Scale::Span => between(&extent, room),
            Scale::Auto => even(extent.lowest.min(0.0), extent.highest, room),
            Scale::Logarithmic if extent.lowest_positive.is_finite() => powers(&extent, room),
            Scale::Logarithmic => even(0.0, extent.highest, room),
        };
        let mut projection = Projection { start, end, law, ticks: Vec::new() };
        let placed = |(value, label)| Tick { pixel: projection.pixel(value), label };
        projection.ticks = ticks.into_iter().map(placed).collect();
        projection
    }

    /// The pixel of a value.
    #[must_use]
    pub fn pixel(&self, value: f64) -> f64 {
        let share = match self.law {
            Law::Even { from, until } => (value - from) / (until - from),
            Law::Powers { from, until, zero } if value > 0.0 => {
                zero + (1.0 - zero) * (libm::log10(value) - from) / (until - from)
            }
            Law::Powers { .. } => 0.0,
        };
        self.start + (self.end - self.start) * share.clamp(0.0, 1.0)
    }

    /// The ticks, in the order of their values.
    #[must_use]
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// The pixels between which the axis breaks, to make room for zero.
    #[must_use]
    pub fn gap(&self) -> Option<(f64, f64)> {
        match self.law {
            Law::Powers { zero, .. } if zero > 0.0 => {
                Some((self.start, self.start + (self.end - self.start) * zero))
            }
            Law::Powers { .. } | Law::Even { .. } => None,
        }
    }
}

/// The room that an axis has. Upwards pixels count down.
#[derive(Clone, Copy, Debug)]
struct Room {
    length: f64,
    is_across: bool,
}

/// The values of an axis, as far as the scale needs them.
#[derive(Clone, Copy, Debug)]
struct Extent {
    lowest: f64,
    highest: f64,
    lowest_positive: f64,
    /// Whether all values are whole numbers.
    is_whole: bool,
}

impl Extent {
    fn of(values: impl Iterator<Item = f64>) -> Extent {
        let none = Extent {
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            lowest_positive: f64::INFINITY,
            is_whole: true,
        };
        let mut extent = values.filter(|value| value.is_finite()).fold(none, |extent, value| {
            let positive = if value > 0.0 { value } else { f64::INFINITY };
            Extent {
                lowest: extent.lowest.min(value),
                highest: extent.highest.max(value),
                lowest_positive: extent.lowest_positive.min(positive),
                is_whole: extent.is_whole && value.fract() == 0.0,
            }
        });
        if extent.lowest > extent.highest {
            extent = Extent { lowest: 0.0, highest: 1.0, lowest_positive: 1.0, is_whole: true };
        }
        extent
    }

    fn spans_powers(&self) -> bool {
        self.lowest >= 0.0 && self.highest / self.lowest_positive >= 100.0
    }
}

type Laid = (Law, Vec<(f64, Option<String>)>);

fn names_along(names: &[String]) -> Laid {
    let until = names.len() as f64 - 0.5;
    let ticks = names.iter().enumerate().map(|(index, name)| (index as f64, Some(name.clone())));
    (Law::Even { from: -0.5, until: until.max(0.5) }, ticks.collect())
}

/// An even axis. Upwards it ends at a tick; across it ends where the values do: no room is lost.
fn even(lowest: f64, highest: f64, room: Room) -> Laid {
    let highest = if highest > lowest { highest } else { lowest + 1.0 };
    let parts = (room.length / TICK_DISTANCE).clamp(2.0, 10.0);
    let step = step_above((highest - lowest) / parts);
    let first = (lowest / step.size()).floor() as i64;
    // What exceeds a tick by a rounding error does not need another one.
    let above = ((highest / step.size()) - 1e-9).ceil() as i64;
    let within = ((highest / step.size()) + 1e-9).floor() as i64;
    let last = if room.is_across { within } else { above };
    let until = step.times(last).max(highest);
    let ticks = (first..=last).map(|index| (step.times(index), Some(step.label(index))));
    (Law::Even { from: step.times(first), until }, ticks.collect())
}

/// An even axis that begins and ends where the values do. Between whole numbers (hosts) there is
/// nothing, and so no tick.
fn between(extent: &Extent, room: Room) -> Laid {
    let (lowest, highest) = (extent.lowest, extent.highest);
    // A single value lies in the middle.
    let (from, until) =
        if highest > lowest { (lowest, highest) } else { (lowest - 1.0, lowest + 1.0) };
    let parts = (room.length / TICK_DISTANCE).clamp(2.0, 10.0);
    let finest = (until - from) / parts;
    let step = step_above(if extent.is_whole { finest.max(1.0) } else { finest });
    let first = (from / step.size() - 1e-9).ceil() as i64;
    let last = (until / step.size() + 1e-9).floor() as i64;
    let ticks = (first..=last).map(|index| (step.times(index), Some(step.label(index))));
    (Law::Even { from, until }, ticks.collect())
}

/// 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    digit: i64,
    power: i32,
}

/// The smallest such step that is not below `size`.
fn step_above(size: f64) -> Step {
    let power = libm::log10(size).floor() as i32;
    for (digit, power) in [(1, power), (2, power), (5, power)] {
        let step = Step { digit, power };
        if step.size() >= size * (1.0 - 1e-9) {
            return step;
        }
    }
    Step { digit: 1, power: power + 1 }
}

impl Step {
    fn size(self) -> f64 {
        self.times(1)
    }

    /// A multiple, rounded once: 3 times 0.1 is 0.3.
    fn times(self, count: i64) -> f64 {
        scaled(self.digit * count, self.power)
    }

    fn label(self, count: i64) -> String {
        labelled(self.digit * count, self.power)
    }
}

fn scaled(digits: i64, power: i32) -> f64 {
    let ten = |power: i32| (0..power).fold(1.0_f64, |number, _| number * 10.0);
    if power >= 0 { digits as f64 * ten(power) } else { digits as f64 / ten(-power) }
}

/// `digits` times a power of ten as people write it: `0.05`, `20,000`, `5×10⁹`.
fn labelled(digits: i64, power: i32) -> String {
    let value = scaled(digits, power);
    if digits == 0 {
        return "0".to_owned();
    }
    if value.abs() >= 1e7 || value.abs() < 1e-4 {
        return by_power(digits, power);
    }
    if power < 0 {
        return format!("{value:.*}", power.unsigned_abs() as usize);
    }
    let sign = if digits < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(value.abs() as u64))
}

/// Digits in groups of three: `1,200`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn by_power(digits: i64, power: i32) -> String {
    let (mut digits, mut power) = (digits, power);
    while digits % 10 == 0 {
        digits /= 10;
        power += 1;
    }
    let raised: String = power.to_string().chars().map(superscript).collect();
    if digits == 1 { format!("10{raised}") } else { format!("{digits}\u{d7}10{raised}") }
}

fn superscript(letter: char) -> char {
    match letter {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32(0x2070 + digit)).unwrap_or('?'),
    }
}

/// A logarithmic axis that ends at 1, 2 or 5 times a power of ten.
fn powers(extent: &Extent, room: Room) -> Laid {
    let lowest = below(extent.lowest_positive);
    let highest = step_above(extent.highest.max(extent.lowest_positive));
    let highest = if highest == lowest { step_above(highest.size() * 1.5) } else { highest };
    let (from, until) = (libm::log10(lowest.size()), libm::log10(highest.size()));
    let zero = if extent.lowest <= 0.0 { ZERO_SHARE } else { 0.0 };
    let mut ticks = Vec::new();
    if zero > 0.0 {
        ticks.push((0.0, Some("0".to_owned())));
    }
    let decade = room.length * (1.0 - zero) / (until - from);
    let widest = [lowest, highest].map(|step| text_width(&step.label(1), LABEL_SIZE, false));
    let across = widest[0].max(widest[1]) + LABEL_GAP;
    let need = if room.is_across { across } else { LABEL_SIZE + LABEL_GAP };
    // Where decades are narrow only some of them have a label; 1, 2 and 5 are 0.3 decades apart.
    let every = (need / decade).ceil().max(1.0) as i32;
    let has_between = decade * 0.3 >= need;
    for power in lowest.power..=highest.power {
        for digit in 1..=9 {
            let value = scaled(digit, power);
            let outside = value < lowest.size() * 0.999 || value > highest.size() * 1.001;
            let wide = match digit {
                1 => power % every == 0,
                2 | 5 => has_between,
                _ => false,
            };
            if !outside && (wide || decade >= TICK_DISTANCE * 0.5 || digit == 1) {
                ticks.push((value, wide.then(|| labelled(digit, power))));
            }
        }
    }
    (Law::Powers { from, until, zero }, ticks)
}

/// The largest step that is not above `size`.
fn below(size: f64) -> Step {
    let above = step_above(size);
    if above.size() <= size * (1.0 + 1e-9) {
        return above;
    }
    match above.digit {
        1 => Step { digit: 5, power: above.power - 1 },
        2 => Step { digit: 1, power: above.power },
        _ => Step { digit: 2, power: above.power },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, values: &[f64], length: f64) -> Vec<String> {
        let axis = Axis::new("", scale);
        let projection = Projection::new(&axis, values.iter().copied(), (length, 0.0));
        projection.ticks().iter().filter_map(|tick| tick.label.clone()).collect()
    }

    #[test]
    fn even_ticks_are_round() {
        assert_eq!(
            labels(Scale::Linear, &[3.0, 97.0], 300.0),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(labels(Scale::Linear, &[0.31], 300.0), ["0", "0.1", "0.2", "0.3", "0.4"]);
        let thousands = labels(Scale::Linear, &[11_000.0], 300.0);
        assert_eq!(thousands, ["0", "5,000", "10,000", "15,000"]);
        let below = labels(Scale::Linear, &[-4.0, 4.0], 300.0);
        assert_eq!(below, ["\u{2212}4", "\u{2212}2", "0", "2", "4"]);
    }

    #[test]
    fn an_axis_across_ends_where_values_do() {
        let axis = Axis::new("", Scale::Linear);
        let projection = Projection::new(&axis, [20.3].into_iter(), (0.0, 609.0));
        assert!((projection.pixel(20.3) - 609.0).abs() < 1e-9);
        let last = projection.ticks().last().map(|tick| (tick.label.clone(), tick.pixel));
        assert_eq!(last, Some((Some("20".to_owned()), 600.0)));
    }

    #[test]
    fn an_axis_of_what_was_varied_has_whole_ticks_and_room_for_marks() {
        let axis = Axis::new("nodes", Scale::Span);
        let laid = |values: [f64; 3]| {
            let projection = Projection::new(&axis, values.into_iter(), (100.0, 700.0));
            let labels = projection.ticks().iter().filter_map(|tick| tick.label.clone());
            (labels.collect::<Vec<String>>(), projection.pixel(values[0]))
        };
        assert_eq!(laid([3.0, 4.0, 5.0]).0, ["3", "4", "5"]);
        assert!(laid([0.5, 1.0, 1.5]).0.len() > 3);
        assert!((laid([3.0, 5.0, 9.0]).1 - 107.0).abs() < 1e-9);
        assert!(laid([1.0, 10.0, 1000.0]).1 > 106.0);
    }

    #[test]
    fn values_that_span_powers_of_ten_get_a_logarithmic_axis() {
        assert_eq!(labels(Scale::Auto, &[1.0, 90.0], 400.0)[0], "0");
        assert_eq!(labels(Scale::Auto, &[1.0, 1000.0], 200.0), ["1", "10", "100", "1,000"]);
        assert_eq!(labels(Scale::Auto, &[0.0, 1.0, 1000.0], 200.0)[0], "0");
        let wide = labels(Scale::Logarithmic, &[1e-6, 1e9], 600.0);
        assert!(wide.contains(&"10\u{2079}".to_owned()) || wide.len() < 16, "{wide:?}");
    }

    #[test]
    fn zero_has_its_own_place_on_a_logarithmic_axis() {
        let axis = Axis::new("", Scale::Auto);
        let values = [0.0, 1.0, 1000.0];
        let projection = Projection::new(&axis, values.into_iter(), (0.0, 100.0));
        assert_eq!(projection.pixel(0.0), 0.0);
        assert!((projection.pixel(1.0) - 7.0).abs() < 1e-9);
        assert!((projection.pixel(1000.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn odd_values_do_not_break_an_axis() {
        for values in [&[][..], &[0.0], &[f64::NAN, f64::INFINITY], &[1e-300, 1e300], &[5.0]] {
            for scale in [Scale::Linear, Scale::Auto, Scale::Logarithmic] {
                let axis = Axis::new("", scale);
                let projection = Projection::new(&axis, values.iter().copied(), (0.0, 500.0));
                assert!(projection.ticks().len() >= 2, "{values:?} {axis:?}");
                let inside = |tick: &Tick| (0.0..=500.0).contains(&tick.pixel);
                assert!(projection.ticks().iter().all(inside), "{values:?} {axis:?}");
            }
        }
    }
}
