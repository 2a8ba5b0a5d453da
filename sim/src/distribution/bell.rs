//! The normal distribution, and what is made of it.

/// The share of the bell that lies above so many standard deviations from its middle.
fn share_above(deviations: f64) -> f64 {
    0.5 * libm::erfc(deviations * std::f64::consts::FRAC_1_SQRT_2)
}

/// How many standard deviations the minimum lies above the middle of the bell: none or fewer.
fn cut_of((mean, deviation): (u64, u64), min: u64) -> f64 {
    -((mean - min) as f64) / deviation as f64
}

/// The duration that the share `above` of a bell exceeds, without what lies below `min`.
pub(super) fn truncated((mean, deviation): (u64, u64), min: u64, above: f64) -> f64 {
    if deviation == 0 {
        return mean as f64;
    }
    let share = above * share_above(cut_of((mean, deviation), min));
    (mean as f64 - deviation as f64 * quantile(share)).max(min as f64)
}

/// The mean of a bell that is cut off on the left: the middle, moved by what is missing there.
pub(super) fn truncated_mean((mean, deviation): (u64, u64), min: u64) -> f64 {
    if deviation == 0 {
        return mean as f64;
    }
    let cut = cut_of((mean, deviation), min);
    let height = libm::exp(-0.5 * cut * cut) / libm::sqrt(2.0 * std::f64::consts::PI);
    mean as f64 + deviation as f64 * height / share_above(cut)
}

/// The duration that the share `above` exceeds, where the logarithm is normal.
pub(super) fn lognormal(mean: u64, deviation: u64, above: f64) -> f64 {
    let ratio = deviation as f64 / mean as f64;
    let variance = libm::log1p(ratio * ratio);
    let exponent = -0.5 * variance - libm::sqrt(variance) * quantile(above);
    mean as f64 * libm::exp(exponent)
}

/// How many standard deviations above the middle that point lies below which `share` of the bell
/// is, which must be above 0. The share that rounds to 1 counts as the greatest number below.
///
/// Wichura's algorithm AS 241 (PPND16), Applied Statistics 37 (1988): quotients of polynomials,
/// good to about 16 digits.
fn quantile(share: f64) -> f64 {
    let share = share.min(1.0 - f64::EPSILON / 2.0);
    let from_middle = share - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180_625 - from_middle * from_middle;
        return from_middle * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let tail = if from_middle < 0.0 { share } else { 1.0 - share };
    let r = libm::sqrt(-libm::log(tail));
    let distance = if r <= 5.0 {
        polynomial(&NEAR_ABOVE, r - 1.6) / polynomial(&NEAR_BELOW, r - 1.6)
    } else {
        polynomial(&FAR_ABOVE, r - 5.0) / polynomial(&FAR_BELOW, r - 5.0)
    };
    if from_middle < 0.0 { -distance } else { distance }
}

/// The coefficient of the highest power comes last.
fn polynomial(coefficients: &[f64; 8], at: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * at + coefficient)
}

const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const NEAR_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const NEAR_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_8e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The error function, computed in another way, takes each quantile back to its share.
    #[test]
    fn quantiles_are_the_inverse_of_shares() {
        let powers = (1..300).map(|power| libm::pow(0.9, f64::from(power)));
        for share in powers.chain((1..100).map(|percent| f64::from(percent) / 100.0)) {
            let back = share_above(-quantile(share));
            assert!((back / share - 1.0).abs() < 1e-13, "{share}: {back}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }
}
