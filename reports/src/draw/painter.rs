//! Axes, curves, lanes: what stands between title and legend.

use crate::canvas::{Anchor, Canvas, Colour, Lettering, Spot, Stroke, text_width, wrapped};
use crate::figure::{Curve, Figure, Point, Role, Shape, Span};

use super::layout::{
    LABEL_SIZE, LANE, Layout, MARGIN, NOTE_LINE, NOTE_SIZE, TICK_SIZE, TITLE_SIZE, shown,
};
use super::marks;

const CURVE_WIDTH: f64 = 2.0;
const BAND_OPACITY: f64 = 0.15;
/// Marks along a line are about so far apart.
const MARK_DISTANCE: f64 = 110.0;
/// The colour of faults, which is no curve's.
const FAULT: Colour = Colour(0x6b, 0x4c, 0x3b);
/// How dark a time is behind the curves in which every run had a fault.
const SHADE_OPACITY: f64 = 0.14;

/// Draws a figure.
pub(super) fn paint(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    for (index, line) in layout.title.iter().enumerate() {
        let lettering = Lettering { bold: true, ..Lettering::plain(TITLE_SIZE) };
        canvas.text((MARGIN, layout.title_line(index)), line, &lettering);
    }
    if figure.is_empty() {
        paint_sentence(figure, layout, canvas);
    } else {
        paint_shade(figure, layout, canvas);
        paint_grid(layout, canvas);
        paint_lanes(figure, layout, canvas);
        paint_guides(figure, layout, canvas);
        paint_moments(figure, layout, canvas);
        paint_axes(figure, layout, canvas);
        paint_curves(figure, layout, canvas);
        layout.legend.paint(layout.legend_top, canvas);
    }
    for (index, note) in layout.notes.iter().enumerate() {
        let base = layout.notes_base + NOTE_LINE * index as f64;
        let lettering = Lettering::plain(NOTE_SIZE).coloured(Colour::FAINT);
        canvas.text((MARGIN, base), note, &lettering);
    }
}

fn paint_sentence(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    let width = layout.width - 6.0 * MARGIN;
    let lines = wrapped(&figure.if_empty, LABEL_SIZE, false, width);
    let middle = (layout.top + layout.bottom) / 2.0 - 9.0 * (lines.len().max(1) - 1) as f64;
    for (index, line) in lines.iter().enumerate() {
        let spot = (layout.width / 2.0, middle + 18.0 * index as f64);
        canvas.text(spot, line, &Lettering::plain(LABEL_SIZE).anchored(Anchor::Middle));
    }
}

fn rectangle(from: Spot, until: Spot) -> [Spot; 4] {
    [from, (until.0, from.1), until, (from.0, until.1)]
}

/// Darkens times at which faults held: the more runs, the darker.
fn paint_shade(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    let mut edges: Vec<f64> = Vec::new();
    for span in figure.lanes.iter().flat_map(|lane| &lane.spans) {
        edges.extend([span.from, span.until]);
    }
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let covers = |span: &&Span, from: f64, until: f64| span.from <= from && span.until >= until;
    let mut shades: Vec<(f64, f64, f64)> = Vec::new();
    for pair in edges.windows(2) {
        let spans = figure.lanes.iter().flat_map(|lane| &lane.spans);
        let covering = spans.filter(|span| covers(span, pair[0], pair[1]));
        let share = covering.map(|span| span.share).fold(0.0, f64::max);
        match shades.last_mut() {
            Some(last) if last.1 == pair[0] && last.2 == share => last.1 = pair[1],
            _ => shades.push((pair[0], pair[1], share)),
        }
    }
    for (from, until, share) in shades.into_iter().filter(|shade| shade.2 > 0.0) {
        let corners =
            rectangle((layout.x.pixel(from), layout.top), (layout.x.pixel(until), layout.bottom));
        canvas.fill(&corners, FAULT, SHADE_OPACITY * share);
    }
}

fn paint_lanes(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    for (index, lane) in figure.lanes.iter().enumerate() {
        let top = layout.lanes_top + LANE * index as f64;
        let (upper, lower) = (top + 2.0, top + LANE - 2.0);
        canvas.begin_group(&format!("fault: {}", lane.name));
        let lettering = Lettering::plain(TICK_SIZE).anchored(Anchor::End);
        let base = top + LANE / 2.0 + TICK_SIZE * 0.36;
        canvas.text((layout.left - 9.0, base), &shown(&lane.name), &lettering);
        let floor = [(layout.left, lower), (layout.right, lower)];
        canvas.line(&floor, &Stroke::solid(Colour::GRID, 1.0));
        for span in &lane.spans {
            let from = layout.x.pixel(span.from);
            // What happens at once is seen, too.
            let until = layout.x.pixel(span.until).max(from + 1.5);
            let opacity = 0.2 + 0.75 * span.share;
            canvas.fill(&rectangle((from, upper), (until, lower)), FAULT, opacity);
        }
        canvas.end_group();
    }
}

fn paint_grid(layout: &Layout, canvas: &mut dyn Canvas) {
    let stroke = Stroke::solid(Colour::GRID, 1.0);
    for tick in layout.y.ticks().iter().filter(|tick| tick.label.is_some()) {
        canvas.line(&[(layout.left, tick.pixel), (layout.right, tick.pixel)], &stroke);
    }
    for tick in layout.x.ticks().iter().filter(|tick| tick.label.is_some()) {
        canvas.line(&[(tick.pixel, layout.top), (tick.pixel, layout.bottom)], &stroke);
    }
}

fn paint_guides(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    for guide in &figure.guides {
        let y = layout.y.pixel(guide.y);
        let stroke = Stroke { colour: Colour::FAINT, width: 1.0, dash: &[1.5, 3.0] };
        canvas.line(&[(layout.left, y), (layout.right, y)], &stroke);
        let spot = (layout.right + 5.0, y + TICK_SIZE * 0.36);
        canvas.text(spot, &guide.label, &Lettering::plain(TICK_SIZE));
    }
}

/// Lines upwards, each with its label to the right, or to the left where there is no room.
fn paint_moments(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    for moment in &figure.moments {
        let x = layout.x.pixel(moment.x);
        let stroke = Stroke { colour: Colour::INK, width: 1.2, dash: &[5.0, 3.0] };
        canvas.line(&[(x, layout.top), (x, layout.bottom)], &stroke);
        let fits = x + 6.0 + text_width(&moment.label, TICK_SIZE, false) < layout.right;
        let (aside, anchor) = if fits { (5.0, Anchor::Start) } else { (-5.0, Anchor::End) };
        let spot = (x + aside, layout.top + TICK_SIZE + 1.0);
        canvas.text(spot, &moment.label, &Lettering::plain(TICK_SIZE).anchored(anchor));
    }
}

fn paint_axes(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    let stroke = Stroke::solid(Colour::INK, 1.0);
    let corner = (layout.left, layout.bottom);
    canvas.line(&[(layout.left, layout.top), corner, (layout.right, layout.bottom)], &stroke);
    for tick in layout.y.ticks() {
        let length = if tick.label.is_some() { 5.0 } else { 3.0 };
        canvas.line(&[(layout.left - length, tick.pixel), (layout.left, tick.pixel)], &stroke);
        if let Some(label) = &tick.label {
            let spot = (layout.left - 8.0, tick.pixel + TICK_SIZE * 0.36);
            let lettering = Lettering::plain(TICK_SIZE).anchored(Anchor::End);
            canvas.text(spot, &shown(label), &lettering);
        }
    }
    for tick in layout.x.ticks() {
        let length = if tick.label.is_some() { 5.0 } else { 3.0 };
        canvas.line(&[(tick.pixel, layout.bottom), (tick.pixel, layout.bottom + length)], &stroke);
        let Some(label) = &tick.label else { continue };
        if layout.upward_names {
            let spot = (tick.pixel + TICK_SIZE * 0.36, layout.bottom + 9.0);
            let lettering = Lettering::plain(TICK_SIZE).anchored(Anchor::End);
            canvas.text(spot, &shown(label), &Lettering { upwards: true, ..lettering });
        } else {
            let spot = (tick.pixel, layout.bottom + 8.0 + TICK_SIZE);
            let lettering = Lettering::plain(TICK_SIZE).anchored(Anchor::Middle);
            canvas.text(spot, label, &lettering);
        }
    }
    paint_gaps(layout, canvas);
    let middle = (layout.left + layout.right) / 2.0;
    let lettering = Lettering::plain(LABEL_SIZE).anchored(Anchor::Middle);
    canvas.text((middle, layout.x_label_base), &figure.x.label, &lettering);
    let spot = (MARGIN + LABEL_SIZE - 2.0, (layout.top + layout.bottom) / 2.0);
    canvas.text(spot, &figure.y.label, &Lettering { upwards: true, ..lettering });
}

/// Breaks an axis between zero and the powers of ten.
fn paint_gaps(layout: &Layout, canvas: &mut dyn Canvas) {
    let stroke = Stroke::solid(Colour::INK, 1.0);
    if let Some((zero, powers)) = layout.y.gap() {
        let y = (zero + powers) / 2.0;
        let (left, right) = (layout.left - 4.0, layout.left + 4.0);
        let gap = rectangle((left, y - 2.0), (right, y + 2.0));
        canvas.fill(&gap, Colour::PAPER, 1.0);
        for y in [y - 2.0, y + 2.0] {
            canvas.line(&[(left, y + 2.0), (right, y - 2.0)], &stroke);
        }
    }
    if let Some((zero, powers)) = layout.x.gap() {
        let x = (zero + powers) / 2.0;
        let (upper, lower) = (layout.bottom - 4.0, layout.bottom + 4.0);
        let gap = rectangle((x - 2.0, upper), (x + 2.0, lower));
        canvas.fill(&gap, Colour::PAPER, 1.0);
        for x in [x - 2.0, x + 2.0] {
            canvas.line(&[(x - 2.0, lower), (x + 2.0, upper)], &stroke);
        }
    }
}

fn paint_curves(figure: &Figure, layout: &Layout, canvas: &mut dyn Canvas) {
    let placed: Vec<(&Curve, Placing<'_>)> = (0..)
        .zip(&figure.curves)
        .map(|(index, curve)| (curve, Placing::new(figure, layout, index)))
        .collect();
    for (curve, placing) in &placed {
        if !placing.has_whiskers(curve) {
            paint_band(curve, placing, canvas);
        }
    }
    for (curve, placing) in &placed {
        let title = match curve.name.as_str() {
            "" => figure.title.as_str(),
            name => name,
        };
        canvas.begin_group(title);
        if placing.has_whiskers(curve) {
            paint_whiskers(curve, placing, canvas);
        }
        paint_line(curve, placing, canvas);
        for spot in placing.marks(curve) {
            marks::paint(spot, curve.style, curve.role, canvas);
        }
        canvas.end_group();
    }
}

/// Where the points of one curve are.
struct Placing<'a> {
    figure: &'a Figure,
    layout: &'a Layout,
    index: usize,
    /// How far beside its name a point stands, so that curves do not cover each other.
    aside: Spot,
}

impl<'a> Placing<'a> {
    fn new(figure: &'a Figure, layout: &'a Layout, index: usize) -> Placing<'a> {
        let count = figure.curves.len();
        let from_middle = index as f64 - (count as f64 - 1.0) / 2.0;
        let room = |ticks: usize, length: f64| {
            let slot = length / ticks.max(1) as f64;
            from_middle * (slot * 0.6 / count.max(1) as f64).min(11.0)
        };
        let across = if figure.x.has_names() {
            room(layout.x.ticks().len(), layout.right - layout.left)
        } else {
            0.0
        };
        let down = if figure.y.has_names() {
            room(layout.y.ticks().len(), layout.bottom - layout.top)
        } else {
            0.0
        };
        Placing { figure, layout, index, aside: (across, down) }
    }

    fn spot(&self, x: f64, y: f64) -> Spot {
        (self.layout.x.pixel(x) + self.aside.0, self.layout.y.pixel(y) + self.aside.1)
    }

    /// Whether bands are lines at points rather than areas.
    fn has_whiskers(&self, curve: &Curve) -> bool {
        curve.shape == Shape::Marks || self.figure.x.has_names() || self.figure.y.has_names()
    }

    /// The spots through which a line goes, at some height of each point.
    fn path(&self, curve: &Curve, height: impl Fn(&Point) -> f64) -> Vec<Spot> {
        let mut spots: Vec<Spot> = Vec::new();
        for point in &curve.points {
            let spot = self.spot(point.x, height(point));
            if curve.shape == Shape::Steps
                && let Some(last) = spots.last().copied()
            {
                spots.push((spot.0, last.1));
            }
            spots.push(spot);
        }
        spots
    }

    fn marks(&self, curve: &Curve) -> Vec<Spot> {
        let spots = curve.points.iter().map(|point| self.spot(point.x, point.y));
        match curve.shape {
            Shape::Marks | Shape::MarkedLine => spots.collect(),
            Shape::Steps if !self.figure.guides.is_empty() => Vec::new(),
            Shape::Steps => {
                let climbed = spots.zip(&curve.points).filter(|(_, point)| point.y > 0.0);
                let mut chosen: Vec<Spot> = Vec::new();
                for (spot, _) in climbed {
                    let is_apart = |last: &Spot| {
                        (spot.0 - last.0).abs().max((spot.1 - last.1).abs()) >= MARK_DISTANCE
                    };
                    if chosen.last().is_none_or(is_apart) {
                        chosen.push(spot);
                    }
                }
                chosen
            }
            Shape::Line => {
                // Curves have their marks at different places, so that marks do not collide.
                let curves = self.figure.curves.len().max(1) as f64;
                let first = MARK_DISTANCE * (0.3 + self.index as f64 / curves);
                let mut next = self.layout.left + first % MARK_DISTANCE;
                let mut chosen = Vec::new();
                for (spot, point) in spots.zip(&curve.points) {
                    // Where curves are zero they lie on each other, and so would their marks.
                    if spot.0 >= next && point.y != 0.0 {
                        chosen.push(spot);
                        next = spot.0 + MARK_DISTANCE;
                    }
                }
                chosen
            }
        }
    }
}

fn paint_band(curve: &Curve, placing: &Placing<'_>, canvas: &mut dyn Canvas) {
    if curve.points.iter().all(|point| point.band.is_none()) {
        return;
    }
    let band = |point: &Point| point.band.unwrap_or((point.y, point.y));
    let mut outline = placing.path(curve, |point| band(point).0);
    let upper = placing.path(curve, |point| band(point).1);
    outline.extend(upper.into_iter().rev());
    canvas.fill(&outline, curve.style.colour(), BAND_OPACITY);
}

fn paint_whiskers(curve: &Curve, placing: &Placing<'_>, canvas: &mut dyn Canvas) {
    let stroke = Stroke::solid(curve.style.colour(), 1.4);
    let is_closed = |(_, value): &(Spot, f64)| value.is_finite();
    for point in &curve.points {
        let Some((low, high)) = point.band else { continue };
        if placing.figure.y.has_names() {
            let (from, until) = (placing.spot(low, point.y), placing.spot(high, point.y));
            canvas.line(&[from, until], &stroke);
            for (end, _) in [(from, low), (until, high)].into_iter().filter(is_closed) {
                canvas.line(&[(end.0, end.1 - 3.0), (end.0, end.1 + 3.0)], &stroke);
            }
        } else {
            let (from, until) = (placing.spot(point.x, low), placing.spot(point.x, high));
            canvas.line(&[from, until], &stroke);
            for (end, _) in [(from, low), (until, high)].into_iter().filter(is_closed) {
                canvas.line(&[(end.0 - 3.0, end.1), (end.0 + 3.0, end.1)], &stroke);
            }
        }
    }
}

fn paint_line(curve: &Curve, placing: &Placing<'_>, canvas: &mut dyn Canvas) {
    if curve.shape == Shape::Marks || curve.points.is_empty() {
        return;
    }
    let mut spots = placing.path(curve, |point| point.y);
    if curve.shape == Shape::Steps {
        // A distribution rises from nothing.
        spots.insert(0, (spots[0].0, placing.layout.bottom));
    }
    let width = if curve.role == Role::Published { 1.2 } else { CURVE_WIDTH };
    let stroke = Stroke { colour: curve.style.colour(), width, dash: curve.style.dash() };
    canvas.line(&spots, &stroke);
}
