//! A window of samples as a vector: which kernels win, hashed into a few sums.
//!
//! A kernel is three of nine taps that lie a *step* of 1, 2, 4, 8 or 16 samples apart; its response
//! is the sum of a channel's values there. The 84 kernels are those of MiniRocket (A. Dempster,
//! D. Schmidt and G. Webb, "MiniRocket: a very fast (almost) deterministic transform for time
//! series classification", 2021), whose response is three times that sum less the sum of all nine
//! taps, and so has the same order. For each step they are shuffled and dealt into [`GROUPS`] groups
//! of seven, each on one channel. With each sample, which kernel of a group responds most and which
//! least are events, as is each of eight levels that a value exceeds and that its step from the
//! sample before exceeds. An event adds plus or minus its weight to one of `d` sums, chosen by a
//! hash: a sketch of how often each happened (M. Charikar, K. Chen and M. Farach-Colton, "Finding
//! frequent items in data streams", 2002). A second sketch sees the same events through another
//! hash.
//!
//! All of it is integers, so the same samples give the same vector on every machine.

/// From which kernels, channels and hashes are drawn: the first four bytes, little-endian, of the
/// SHA-256 of `sensilla sketch 1`.
pub const SEED: u32 = 0x3042_690d;
/// Samples from tap to tap.
pub const STEPS: [usize; 5] = [1, 2, 4, 8, 16];
/// Groups of seven kernels that a step has.
pub const GROUPS: u32 = 12;
/// Values of a channel before the newest that taps reach back to.
pub const RING: usize = 128;
/// Levels of a value that one deviation is.
pub const UNIT: f32 = 262_144.0;
/// What values and steps are compared with, in 1/256 of a deviation.
pub const LEVELS: [i32; 8] = [-410, -256, -141, -46, 46, 141, 256, 410];
/// One deviation over 256, in levels of a value.
pub(super) const LEVEL: i32 = 1024;
/// What a component of a vector is a multiple of.
pub const QUANTUM: f32 = 1.0 / 2048.0;

/// Kernels of a group.
const KERNELS: usize = 7;
/// Samples that are counted at once: each byte of a [`Tally`] holds that many.
pub(super) const BATCH: usize = 64;
/// Values of a line: what the taps of the first sample reach back to, and a batch.
pub(super) const LINE: usize = RING + BATCH;
/// Samples that a vector instruction takes.
const LANES: usize = 16;
/// Weight of an event of a level.
const LEVEL_WEIGHT: i32 = 2;
/// First event of a level; those of kernels come before.
const LEVEL_EVENTS: u32 = STEPS.len() as u32 * GROUPS * 2 * KERNELS as u32;

/// How many samples ago the taps of all steps lie, the newest at 0: many are shared. What stands
/// behind the oldest has no use.
pub(super) const AGES: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 0,
    0, 0, 0, 0, 0, 0,
];

/// Places of values by their age, as in [`AGES`]; of 32 places none that five bits name is beyond the
/// last.
pub(super) type Values = [i32; 32];

/// The seven kernels of a group: the places of the three taps of each, five bits each.
pub(super) type Group = [u16; KERNELS];
/// Kernels of all steps.
pub(super) const TABLE: usize = STEPS.len() * GROUPS as usize * KERNELS;

/// The finaliser of MurmurHash3 (A. Appleby, 2011).
pub const fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

/// A hash as a number below `n`.
const fn scaled(hash: u32, n: u32) -> u32 {
    ((hash as u64 * n as u64) >> 32) as u32
}

/// The place of a tap of a step among [`AGES`]: the ninth is the newest.
const fn place(step: usize, tap: u8) -> u16 {
    let age = match step < STEPS.len() {
        true => (8 - tap as usize) * STEPS[step],
        false => 0,
    };
    let mut place = 0;
    while place < AGES.len() && AGES[place] as usize != age {
        place += 1;
    }
    place as u16
}

/// Every kernel, in the order in which a step's groups of seven take them.
pub(super) const fn table(seed: u32) -> [u16; TABLE] {
    let mut sorted = [[0u8; 3]; 84];
    let (mut a, mut n) = (0, 0);
    while a < 9 {
        let mut b = a + 1;
        while b < 9 {
            let mut c = b + 1;
            while c < 9 {
                // These conditions hold; with them no way out is compiled for an index out of range.
                if n < sorted.len() {
                    sorted[n] = [a, b, c];
                }
                n += 1;
                c += 1;
            }
            b += 1;
        }
        a += 1;
    }
    let mut table = [0; TABLE];
    let mut step = 0;
    while step < STEPS.len() {
        let mut kernels = sorted;
        let mut i = 83;
        while i > 0 {
            let hash = mix(seed.wrapping_add(0x10000 * (step as u32 + 1) + i as u32));
            let j = scaled(hash, i as u32 + 1) as usize;
            if j < kernels.len() {
                let kernel = kernels[i];
                kernels[i] = kernels[j];
                kernels[j] = kernel;
            }
            i -= 1;
        }
        let mut k = 0;
        while k < 84 {
            let [a, b, c] = kernels[k];
            let at = step * 84 + k;
            if at < TABLE {
                table[at] = place(step, a) | place(step, b) << 5 | place(step, c) << 10;
            }
            k += 1;
        }
        step += 1;
    }
    table
}

/// The kernels of [`SEED`].
pub(super) static TAPS: [u16; TABLE] = table(SEED);

/// The groups in a table, counted through all steps.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn groups(table: &[u16]) -> &[Group] {
    table.as_chunks().0
}

/// The places of a kernel's taps.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
const fn taps(kernel: u16) -> [usize; 3] {
    [
        (kernel & 31) as usize,
        (kernel >> 5 & 31) as usize,
        (kernel >> 10 & 31) as usize,
    ]
}

/// Groups of all steps.
const ALL: usize = STEPS.len() * GROUPS as usize;

/// The channel and the number, counted through all steps, of each group, channel by channel; behind
/// the last stands a channel that there is not.
pub(super) type Plan = [[u16; 2]; ALL];

/// Which channel each group is on: a step's first on one that is drawn, the others on those that
/// follow in turn. Of each step the first `groups` are used.
pub(super) fn plan(seed: u32, channels: u32, groups: u32) -> Plan {
    let mut plan = [[u16::MAX; 2]; ALL];
    let mut places = plan.iter_mut();
    for channel in 0..channels {
        for step in 0..STEPS.len() as u32 {
            let drawn = scaled(mix(seed.wrapping_add(0x90000 + step)), channels);
            for group in 0..groups.min(GROUPS) {
                let number = step * GROUPS + group;
                if (drawn + number) % channels == channel
                    && let Some(place) = places.next()
                {
                    *place = [channel as u16, number as u16];
                }
            }
        }
    }
    plan
}

/// The event of the kernel that responds most in a group, counted through all steps.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn most_event(group: usize, kernel: u32) -> u32 {
    (group as u32 * KERNELS as u32 + kernel) * 2
}

/// Where the events of [`SEED`] go in one sketch of [`CODED`] sums, twice that, and their signs in the
/// lowest bit: a row for each group of each step, then for the levels of each channel. A small device
/// reads them instead of hashing.
static CODES: [[u8; 16]; CODED_ROWS] = codes();
/// Sums of the sketch that is coded.
const CODED: usize = 64;
/// Rows of groups, and of a dozen channels.
const CODED_ROWS: usize = ALL + 12;

const fn codes() -> [[u8; 16]; CODED_ROWS] {
    let mut codes = [[0; 16]; CODED_ROWS];
    let mut event = 0;
    let mut row = 0;
    while row < CODED_ROWS {
        let mut at = 0;
        while at < if row < ALL { 2 * KERNELS } else { 16 } {
            let hash = mix(SEED.wrapping_add(0xA0000 + event));
            codes[row][at] = (scaled(hash, CODED as u32) << 1 | hash & 1) as u8;
            event += 1;
            at += 1;
        }
        row += 1;
    }
    codes
}

/// The sums that events are hashed into.
pub(super) struct Sums<'s> {
    sums: &'s mut [i32],
    /// Sums of a sketch.
    width: usize,
    seed: u32,
    codes: &'static [[u8; 16]],
}

impl<'s> Sums<'s> {
    /// Sums in `dimensions` components, of which a sketch has `width`.
    pub fn new(sums: &'s mut [i32], dimensions: u32, width: u32, seed: u32) -> Self {
        let coded = CODED as u32;
        let is_coded = seed == SEED && width == coded && dimensions == coded;
        Self {
            sums,
            width: width as usize,
            seed,
            codes: if is_coded { &CODES } else { &[] },
        }
    }

    /// The codes of a row of events and the sums that they are of, if there are.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn coded(&mut self, row: usize) -> Option<(&'static [u8; 16], &mut [i32; CODED])> {
        let codes = self.codes.get(row)?;
        Some((codes, self.sums.first_chunk_mut()?))
    }

    /// Counts an event of this weight, once in each sketch.
    #[inline(never)]
    fn add(&mut self, event: u32, weight: i32) {
        let mut seed = self.seed.wrapping_add(0xA0000 + event);
        let mut rest = &mut *self.sums;
        while let Some((sketch, others)) = rest.split_at_mut_checked(self.width) {
            let hash = mix(seed);
            if let Some(sum) = sketch.get_mut(scaled(hash, self.width as u32) as usize) {
                *sum += if hash & 1 == 1 { weight } else { -weight };
            }
            if others.is_empty() {
                return;
            }
            seed = seed.wrapping_add(0x10_0000);
            rest = others;
        }
    }

    /// Counts which kernels of a group respond most and least to one sample.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn respond(&mut self, number: usize, group: &Group, values: &Values) {
        let (most, least) = winners(group, values);
        match self.coded(number) {
            Some((codes, sums)) => {
                count_coded(sums, codes[(most as usize * 2) & 15], 1);
                count_coded(sums, codes[(least as usize * 2 + 1) & 15], 1);
            }
            None => {
                self.add(most_event(number, most), 1);
                self.add(most_event(number, least) + 1, 1);
            }
        }
    }

    /// The same of a batch.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn respond_all(&mut self, number: usize, tallies: [Tally; 2]) {
        for (side, tally) in tallies.into_iter().enumerate() {
            for kernel in 0..KERNELS as u32 {
                let count = (tally >> (8 * kernel) & 0xff) as i32;
                if count != 0 {
                    self.add(most_event(number, kernel) + side as u32, count);
                }
            }
        }
    }

    /// Counts the levels that a value exceeds, and that its step exceeds unless it is the first.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn exceed(&mut self, channel: usize, value: i32, step: Option<i32>, steps: &[i32; 8]) {
        let levels = LEVELS.map(|level| level * LEVEL);
        let step = step.unwrap_or(i32::MIN);
        match self.coded(ALL + channel) {
            Some((codes, sums)) => {
                let (low, high) = codes.split_at(8);
                for (&level, &code) in levels.iter().zip(low) {
                    if value <= level {
                        break;
                    }
                    count_coded(sums, code, LEVEL_WEIGHT);
                }
                for (&level, &code) in steps.iter().zip(high) {
                    if step <= level {
                        break;
                    }
                    count_coded(sums, code, LEVEL_WEIGHT);
                }
            }
            None => {
                let first = LEVEL_EVENTS + 16 * channel as u32;
                let over = |value: i32, levels: &[i32; 8]| {
                    levels.iter().take_while(|&&level| value > level).count() as u32
                };
                for event in first..first + over(value, &levels) {
                    self.add(event, LEVEL_WEIGHT);
                }
                for event in first + 8..first + 8 + over(step, steps) {
                    self.add(event, LEVEL_WEIGHT);
                }
            }
        }
    }

    /// The same of a batch: `values`, each after the one before it; the first has none if `fresh`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn exceed_all(
        &mut self,
        channel: usize,
        before: &[i32],
        values: &[i32],
        steps: &[i32; 8],
        fresh: bool,
    ) {
        let first = LEVEL_EVENTS + 16 * channel as u32;
        for (event, level) in (first..).zip(LEVELS) {
            let count = count(values, |&value| value > level * LEVEL);
            self.add(event, LEVEL_WEIGHT * count);
        }
        let pairs = before.iter().zip(values).skip(usize::from(fresh));
        for (event, &level) in (first + 8..).zip(steps) {
            let over = |(before, value): (&i32, &i32)| i32::from(value - before > level);
            let count: i32 = pairs.clone().map(over).sum();
            self.add(event, LEVEL_WEIGHT * count);
        }
    }
}

#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn count(values: &[i32], mut takes: impl FnMut(&i32) -> bool) -> i32 {
    values.iter().map(|value| i32::from(takes(value))).sum()
}

/// Counts an event by its code.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn count_coded(sums: &mut [i32; CODED], code: u8, weight: i32) {
    let sum = &mut sums[usize::from(code >> 1) % CODED];
    *sum += if code & 1 == 1 { weight } else { -weight };
}

/// The kernels of a group that respond most and least, the first of equals.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn winners(group: &Group, values: &Values) -> (u32, u32) {
    let response = |kernel: u16| {
        let [a, b, c] = taps(kernel);
        values[a] + values[b] + values[c]
    };
    let mut most = response(group[0]);
    let mut least = most;
    let (mut first, mut last) = (0, 0);
    // Of two the larger alone can be the most and the smaller the least: three comparisons a pair.
    // Few win, so what is done then is kept out of the way.
    let mut compare = |number: u32, one: u16, two: u16| {
        let (one, two) = (response(one), response(two));
        let (high, low) = match two > one {
            true => ((two, number + 1), (one, number)),
            false => ((one, number), (two, number + 1)),
        };
        if high.0 > most {
            core::hint::cold_path();
            (most, first) = high;
        }
        if low.0 < least {
            core::hint::cold_path();
            least = low.0;
            last = if one == two { number } else { low.1 };
        }
    };
    // Written out: compilers roll up a loop that ends early.
    compare(1, group[1], group[2]);
    compare(3, group[3], group[4]);
    compare(5, group[5], group[6]);
    (first, last)
}

/// How often each kernel of a group won, a byte each.
pub(super) type Tally = u64;

/// Which kernels of a group respond most and least to each of `samples` (up to [`BATCH`]) samples,
/// the first of which lies behind [`RING`] values of `line`. In plain loops over arrays, which
/// compilers turn into vector instructions.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn tally(group: &Group, line: &[i32; LINE], samples: usize) -> [Tally; 2] {
    let mut tallies = [0; 2];
    for start in (0..samples.min(BATCH)).step_by(LANES) {
        let tap = |place: usize| -> [i32; LANES] {
            let age = AGES.get(place).map_or(0, |&age| usize::from(age));
            let from = RING + start - age;
            let lanes = line.get(from..).and_then(|line| line.first_chunk());
            *lanes.unwrap_or(&[0; LANES])
        };
        let (mut most, mut least) = ([i32::MIN; LANES], [i32::MAX; LANES]);
        let (mut first, mut last) = ([0u32; LANES], [0u32; LANES]);
        for (number, &kernel) in (0..).zip(group) {
            let [a, b, c] = taps(kernel).map(tap);
            for lane in 0..LANES {
                let response = a[lane].wrapping_add(b[lane]).wrapping_add(c[lane]);
                let (up, down) = (response > most[lane], response < least[lane]);
                most[lane] = if up { response } else { most[lane] };
                first[lane] = if up { number } else { first[lane] };
                least[lane] = if down { response } else { least[lane] };
                last[lane] = if down { number } else { last[lane] };
            }
        }
        let lanes = (samples - start).min(LANES);
        for (lane, (&first, &last)) in first.iter().zip(&last).enumerate() {
            let one = Tally::from(lane < lanes);
            tallies[0] += one << (8 * first);
            tallies[1] += one << (8 * last);
        }
    }
    tallies
}

/// Writes the share of each sum in a window of `samples`, in steps of [`QUANTUM`]: `sum / samples`,
/// rounded to the nearest, halves up, within 32,767 steps.
pub(super) fn shares(sums: &[i32], samples: u32, out: &mut [f32]) {
    let n = i64::from(samples.max(1));
    for (out, &sum) in out.iter_mut().zip(sums) {
        // Small devices divide 32 bits in one instruction.
        let short = i32::try_from(samples).ok().and_then(|n| {
            let double = n.max(1).checked_mul(2)?;
            let dividend = sum.checked_mul(4096)?.checked_add(n.max(1))?;
            Some(dividend.div_euclid(double))
        });
        let steps = match short {
            Some(steps) => steps.clamp(-32_767, 32_767),
            None => (i64::from(sum) * 4096 + n)
                .div_euclid(2 * n)
                .clamp(-32_767, 32_767) as i32,
        };
        *out = steps as f32 * QUANTUM;
    }
}
