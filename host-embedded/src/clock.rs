//! Milliseconds since the start, from a counter that wraps.
//!
//! A device has a counter of 24 or 32 bits that ticks at some rate and wraps within seconds or
//! hours; the core takes times as `u64` milliseconds. [`DeviceClock`] bridges the two without
//! drift: it carries the fraction of a millisecond along, so that a rate which is no multiple of
//! 1,000 Hz (32,768 Hz, say) is exact over any span.

/// Extends a wrapping counter to milliseconds that never go back.
///
/// Call [`now`](Self::now) at least once per wrap of the counter: two wraps between calls look
/// like one.
#[derive(Clone, Copy, Debug)]
pub struct DeviceClock {
    hz: u32,
    mask: u32,
    last: u32,
    milliseconds: u64,
    /// Ticks times 1,000 that do not make a millisecond yet; less than `hz`.
    rest: u32,
}

impl DeviceClock {
    /// A clock over a counter of `bits` (1 to 32) that counts up at `hz` ticks a second and reads
    /// `ticks` at the time `milliseconds`.
    ///
    /// A rate of 0 is taken as 1.
    pub const fn new(hz: u32, bits: u32, ticks: u32, milliseconds: u64) -> Self {
        let mask = match u32::MAX.checked_shr(32_u32.saturating_sub(bits)) {
            Some(mask) => mask,
            None => 1,
        };
        Self {
            hz: if hz == 0 { 1 } else { hz },
            mask,
            last: ticks & mask,
            milliseconds,
            rest: 0,
        }
    }

    /// The time in milliseconds now that the counter reads `ticks`.
    ///
    /// For a counter that counts down (Arm's SysTick), give `!ticks`.
    pub fn now(&mut self, ticks: u32) -> u64 {
        let passed = ticks.wrapping_sub(self.last) & self.mask;
        self.last = ticks & self.mask;
        let thousandths = u64::from(passed) * 1000 + u64::from(self.rest);
        let hz = u64::from(self.hz);
        self.milliseconds = self.milliseconds.saturating_add(thousandths / hz);
        self.rest = (thousandths % hz) as u32;
        self.milliseconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_odd_rate_does_not_drift() {
        let mut clock = DeviceClock::new(32_768, 24, 0, 5);
        let mut now = 0;
        for tick in (0..=32_768_u32 * 3600).step_by(977) {
            now = clock.now(tick);
        }
        let ticks = u64::from(32_768_u32 * 3600 / 977 * 977);
        assert_eq!(now, 5 + ticks * 1000 / 32_768);
    }

    #[test]
    fn a_counter_that_counts_down_is_inverted() {
        let mut clock = DeviceClock::new(1000, 24, !100, 0);
        assert_eq!(clock.now(!90), 10);
        assert_eq!(clock.now(!0x00ff_fff0), 10 + 90 + 16);
    }

    proptest! {
        #[test]
        fn agrees_with_a_wide_counter_and_never_goes_back(
            hz in 1_u32..200_000_000,
            bits in 8_u32..=32,
            start: u32,
            steps in prop::collection::vec(0_u64..1 << 32, 1..50),
        ) {
            let wrap = 1_u64 << bits;
            let mut clock = DeviceClock::new(hz, bits, start, 0);
            let (mut wide, mut before) = (0_u64, 0);
            for step in steps {
                wide += step % wrap;
                let now = clock.now((u64::from(start) + wide) as u32);
                prop_assert!(now >= before);
                prop_assert_eq!(u128::from(now), u128::from(wide) * 1000 / u128::from(hz));
                before = now;
            }
        }
    }
}
