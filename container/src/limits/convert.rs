//! Between the numbers of version 1 and those of version 2.
//!
//! Shares become weights by the curve that runc has since 1.3.2 and crun since 1.23, on which the
//! usual of one is the usual of the other; the line that they had before made 39 of it.

use super::{IoWeight, Shares};

/// The weight of these shares: 2 is 1, 1024 is 100, 262144 is 10000.
///
/// # References
/// opencontainers/cgroups, `ConvertCPUSharesToCgroupV2Value`
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "1 to 10000")]
pub fn weight_of(shares: Shares) -> u64 {
    if shares <= Shares::LEAST {
        return 1;
    }
    if shares >= Shares::MOST {
        return 10_000;
    }
    let doublings = (shares.get() as f64).log2();
    let exponent = (doublings * doublings + 125.0 * doublings) / 612.0 - 7.0 / 34.0;
    10_f64.powf(exponent).ceil() as u64
}

/// The fewest shares that have at least this weight, from 1 to 10000.
#[must_use]
pub fn shares_of(weight: u64) -> Shares {
    let (mut least, mut most) = (Shares::LEAST.get(), Shares::MOST.get());
    while least < most {
        let middle = least.midpoint(most);
        if weight_of(Shares::nearest(middle)) >= weight {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    Shares::nearest(least)
}

/// A weight of 10 to 1000 as one of 1 to 10000.
#[must_use]
pub fn io_weight(weight: IoWeight) -> u64 {
    1 + (u64::from(weight.get()) - 10) * 9999 / 990
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_share_is_the_usual_weight() {
        for (shares, weight) in [
            (0, 1),
            (2, 1),
            (3, 2),
            (10, 4),
            (102, 17),
            (256, 35),
            (512, 59),
            (1000, 99),
            (1024, 100),
            (2048, 174),
            (10_240, 639),
            (262_143, 10_000),
            (262_144, 10_000),
            (u64::MAX, 10_000),
        ] {
            assert_eq!(weight_of(Shares::nearest(shares)), weight, "{shares}");
        }
    }

    #[test]
    fn the_way_back_ends_where_it_began() {
        let mut before = 0;
        for shares in Shares::LEAST.get()..5000 {
            let weight = weight_of(Shares::nearest(shares));
            assert!(weight >= before, "{shares}");
            before = weight;
            let back = shares_of(weight);
            assert!(back.get() <= shares && weight_of(back) == weight, "{shares}");
        }
        for (weight, shares) in [(0, 2), (1, 2), (100, 1024), (10_000, 262_144), (20_000, 262_144)] {
            let found = shares_of(weight).get();
            assert!(found <= shares && weight_of(Shares::nearest(found)) >= weight.min(10_000), "{weight}: {found}");
        }
    }

    #[test]
    fn weights_of_disks_keep_their_bounds() {
        for (weight, converted) in [(10, 1), (100, 910), (500, 4950), (1000, 10_000)] {
            assert_eq!(io_weight(IoWeight::new(weight).expect("a weight")), converted);
        }
    }
}
