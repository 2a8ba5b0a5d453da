//! Widths of bins of virtual time.

/// How many bins of a width are taken together when there are too many: 2 or 5, such that round
/// widths stay round (1, 2, 10, 20, 100 ms; 30, 60, 300 ms). It depends on the width alone, so
/// that all widths to which one width may grow divide each other.
#[must_use]
pub fn bins_together(width_ns: u64) -> u64 {
    let mut digits = width_ns.max(1);
    while digits.is_multiple_of(10) {
        digits /= 10;
    }
    if digits.is_multiple_of(2) { 5 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wide bin is made of whole narrow ones, whatever a run began with.
    #[test]
    fn widths_grow_by_round_factors() {
        let widths = |first: u64| {
            let mut width = first;
            let mut widths = Vec::new();
            for _ in 0..5 {
                widths.push(width);
                width *= bins_together(width);
            }
            widths
        };
        assert_eq!(widths(1), [1, 2, 10, 20, 100]);
        assert_eq!(widths(30), [30, 60, 300, 600, 3000]);
        assert_eq!(widths(50), [50, 100, 200, 1000, 2000]);
        assert_eq!(widths(25), [25, 50, 100, 200, 1000]);
    }
}
