//! Events that were acknowledged are there, whatever happens to the power.

use crate::mock::{Bad, Flash, Torn};
use proptest::prelude::*;
use sensilla_embedded::flash::{AppendError, EventStore, OpenError, ReadError, Recovered};

const PAGE: usize = 512;
const PAGES: usize = 6;

type Small = Flash<4, PAGE>;

fn flash(seed: u64) -> Small {
    Flash::new(PAGES + 2, seed)
}

fn open<const W: usize, const P: usize>(
    flash: Flash<W, P>,
) -> (EventStore<Flash<W, P>>, Recovered) {
    let bytes = flash.bytes.len() - 2 * P;
    EventStore::open(flash, P as u32, bytes as u32, 7).unwrap()
}

/// The event that is appended at a position.
fn event(position: u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (position as u8).wrapping_mul(31) ^ (i as u8).wrapping_mul(7))
        .collect()
}

fn length(position: u64) -> usize {
    [64, 1, 0, 130, 37, 260, 59, 60, 61][position as usize % 9]
}

fn all<const W: usize, const P: usize>(store: &mut EventStore<Flash<W, P>>) -> Vec<(u64, Vec<u8>)> {
    let mut cursor = store.first();
    let mut buffer = [0; 2_048];
    let mut found = Vec::new();
    while let Some((position, event)) = store.read(&mut cursor, &mut buffer).unwrap() {
        found.push((position, event.to_vec()));
    }
    found
}

fn expected(positions: std::ops::Range<u64>) -> Vec<(u64, Vec<u8>)> {
    positions.map(|p| (p, event(p, length(p)))).collect()
}

#[test]
fn keeps_events_over_restarts_and_frees_what_is_truncated() {
    let (mut store, recovered) = open(flash(1));
    assert_eq!(recovered, Recovered::default());
    assert_eq!(all(&mut store), vec![]);
    let mut next = 0;
    for round in 0..40 {
        for _ in 0..round % 5 {
            let appended = store.append(&event(next, length(next)));
            assert_eq!(appended, Ok(next));
            next += 1;
        }
        let kept = store.retained();
        assert_eq!(all(&mut store), expected(kept..next));
        store.truncate(next.saturating_sub(3)).unwrap();
        assert_eq!(store.retained(), kept.max(next.saturating_sub(3)));
        let (again, recovered) = open(store.release());
        store = again;
        assert_eq!((recovered.next, recovered.lost), (next, 0));
        // Some that were truncated may be there again, but none is missing.
        assert!(recovered.retained <= next.saturating_sub(3));
        assert_eq!(all(&mut store), expected(recovered.retained..next));
    }
}

#[test]
fn a_cursor_goes_on_where_it_was() {
    let (mut store, _) = open(flash(1));
    let mut cursor = store.first();
    let mut buffer = [0; 300];
    for position in 0..30 {
        assert_eq!(store.read(&mut cursor, &mut buffer), Ok(None));
        store.append(&event(position, length(position))).unwrap();
        let needed = length(position) as u32;
        if needed > 0 {
            assert_eq!(
                store.read(&mut cursor, &mut buffer[..needed as usize - 1]),
                Err(ReadError::TooSmall { needed })
            );
        }
        let (at, found) = store.read(&mut cursor, &mut buffer).unwrap().unwrap();
        assert_eq!(
            (at, found),
            (position, &event(position, length(position))[..])
        );
        if position >= 10 {
            store.truncate(position - 10).unwrap();
        }
    }
    // From a position that is no longer kept, from one in the middle, from the end.
    let mut first = |from| {
        let mut cursor = store.from(from);
        store.read(&mut cursor, &mut buffer).unwrap().map(|it| it.0)
    };
    assert_eq!(first(0), Some(19));
    assert_eq!(first(25), Some(25));
    assert_eq!(first(30), None);
}

#[test]
fn a_full_store_refuses_and_goes_on_once_events_are_truncated() {
    let (mut store, _) = open(flash(1));
    let mut next = 0;
    let full = loop {
        match store.append(&event(next, 64)) {
            Ok(_) => next += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, AppendError::Full);
    // Five of six pages hold seven events each.
    assert_eq!(next, 35);
    // A restart changes nothing, and neither do restarts without end.
    for _ in 0..20 {
        let (again, recovered) = open(store.release());
        store = again;
        assert_eq!((recovered.retained, recovered.next), (0, 35));
        assert_eq!(store.append(b"x"), Err(AppendError::Full));
        // Nothing is freed by this, so that nothing is used up either.
        store.truncate(6).unwrap();
    }
    store.truncate(7).unwrap();
    let (mut store, recovered) = open(store.release());
    assert_eq!((recovered.retained, recovered.lost), (7, 0));
    // The page that was free holds the truncation, the page of the first seven is free.
    assert_eq!(store.append(b"x"), Err(AppendError::Full));
    store.truncate(14).unwrap();
    assert_eq!(store.append(b"x"), Ok(35));
    assert_eq!(all(&mut store).len(), 22);
}

#[test]
fn says_what_does_not_fit() {
    let regions = [
        (0, 2 * PAGE),
        (64, 4 * PAGE),
        (0, 3 * PAGE + 64),
        (0, 99 * PAGE),
    ];
    for (start, bytes) in regions {
        let opened = EventStore::open(flash(1), start, bytes as u32, 0);
        assert_eq!(opened.err(), Some(OpenError::BadRegion), "{start} {bytes}");
    }
    let tiny: Flash<4, 64> = Flash::new(8, 1);
    assert!(EventStore::open(tiny, 0, 512, 0).is_err());
    let wide: Flash<128, 512> = Flash::new(8, 1);
    assert!(EventStore::open(wide, 0, 4_096, 0).is_err());
    let (mut store, _) = open(flash(1));
    let most = store.max_event();
    assert_eq!(most, PAGE - 32 - 12 - 4);
    let error = AppendError::TooLong { most: most as u32 };
    assert_eq!(store.append(&vec![0; most + 1]), Err(error));
    assert_eq!(store.append(&vec![0; most]), Ok(0));
    let large: Flash<8, 4096> = Flash::new(6, 1);
    let (mut store, _) = open(large);
    assert_eq!(store.max_event(), 2_046);
    let event = vec![0xff; 2_046];
    store.append(&event).unwrap();
    assert_eq!(all(&mut store), vec![(0, event)]);
}

/// A device that appends, truncates and loses its power.
struct Device<const W: usize, const P: usize> {
    flash: Option<Flash<W, P>>,
    /// Events whose append returned.
    acknowledged: u64,
    truncated: u64,
}

impl<const W: usize, const P: usize> Device<W, P> {
    fn new(pages: usize, seed: u64, torn: Torn) -> Self {
        let mut flash = Flash::new(pages, seed);
        flash.torn = torn;
        Self {
            flash: Some(flash),
            acknowledged: 0,
            truncated: 0,
        }
    }

    /// Starts, checks all that was acknowledged, and works until `power` is used up or all of
    /// `steps` is done; whether it was.
    fn run(&mut self, power: Option<u64>, steps: u64) -> bool {
        let mut flash = self.flash.take().unwrap();
        flash.power = None;
        let (mut store, recovered) = open(flash);
        assert_eq!(recovered.lost, 0, "acknowledged events are missing");
        assert!(recovered.retained <= self.truncated);
        // What was being appended may have become whole.
        assert!(
            (self.acknowledged..=self.acknowledged + 1).contains(&recovered.next),
            "{} acknowledged, {} found",
            self.acknowledged,
            recovered.next
        );
        assert_eq!(
            all(&mut store),
            expected(recovered.retained..recovered.next)
        );
        self.acknowledged = recovered.next;
        let mut flash = store.release();
        flash.power = power;
        let (mut store, _) = match flash.power {
            Some(0) => {
                self.flash = Some(flash);
                return false;
            }
            _ => open(flash),
        };
        let mut done = true;
        for _ in 0..steps {
            let position = store.next();
            match store.append(&event(position, length(position))) {
                Ok(at) => self.acknowledged = at + 1,
                Err(AppendError::Full) => {
                    // All but the last two.
                    let before = position - 2;
                    let truncated = store.truncate(before);
                    // What was written down of it may be found.
                    self.truncated = before;
                    if truncated.is_err() {
                        done = false;
                        break;
                    }
                }
                Err(_) => {
                    done = false;
                    break;
                }
            }
        }
        self.flash = Some(store.release());
        done
    }
}

/// Power fails at every byte that is written and at every page that is erased, and then twice more
/// soon after.
#[test]
fn what_is_acknowledged_survives_power_lost_at_any_byte() {
    fn every<const W: usize, const P: usize>(torn: Torn, stride: usize) {
        // Without optimisation a part of the bytes has to do.
        let stride = if cfg!(debug_assertions) { stride } else { 1 };
        for power in (1 + torn as u64 % 3..).step_by(stride) {
            let mut device = Device::<W, P>::new(5, power, torn);
            device.run(None, 9);
            let done = device.run(Some(power), 25);
            for again in [power * 7 % 97, power * 13 % 41, 600] {
                device.run(Some(again), 25);
            }
            device.run(None, 9);
            if done {
                assert!(power > 500);
                return;
            }
        }
    }
    for torn in Torn::ALL {
        every::<4, 512>(torn, 3);
        every::<8, 512>(torn, 19);
        every::<1, 512>(torn, 19);
    }
}

/// Longer lives, with power lost again and again.
#[test]
fn what_is_acknowledged_survives_a_life_of_power_losses() {
    let rounds = if cfg!(debug_assertions) { 60 } else { 2_000 };
    for seed in 0..rounds {
        let torn = Torn::ALL[seed as usize % Torn::ALL.len()];
        let mut device = Device::<4, 512>::new(6, seed, torn);
        for _ in 0..40 {
            let power = device.flash.as_mut().unwrap().random() % 1_500;
            device.run(Some(power), 40);
        }
    }
}

/// One bit flips, or one word becomes unreadable: what is found is right, what is not is counted.
#[test]
fn what_rots_is_counted_and_never_taken_for_something_else() {
    let (mut store, _) = open(flash(1));
    for position in 0..16 {
        store.append(&event(position, length(position))).unwrap();
    }
    let whole = store.release();
    let right = expected(0..16);
    let mut by_page = 0;
    for at in 0..whole.bytes.len() {
        for flip in [Some(at % 8), None] {
            let mut flash = whole.clone();
            match flip {
                Some(bit) => flash.bytes[at] ^= 1 << bit,
                None => flash.spoil(at),
            }
            let (mut store, recovered) = open(flash);
            let found = all(&mut store);
            assert!(found.iter().all(|it| right.contains(it)), "{at} {flip:?}");
            assert!(found.is_sorted_by_key(|it| it.0));
            let missing = recovered.next as usize - found.len();
            assert_eq!(recovered.lost, missing as u64, "{at} {flip:?}");
            // A page's header takes the page with it, a record only itself.
            match (recovered.next, missing) {
                (16, 0..=1) => {}
                _ => by_page += 1,
            }
        }
    }
    // Three pages begin with 32 bytes; the last record is not told from an interrupted one.
    assert!(by_page <= 2 * 3 * 32 + 2 * 140, "{by_page}");
}

/// Pages that cannot be erased, written or relied on are passed over, and nothing is lost.
#[test]
fn bad_pages_are_passed_over() {
    for bad in [Bad::Erase, Bad::Write, Bad::Hold] {
        for page in 1..=PAGES {
            let mut flash = flash(page as u64);
            flash.bad.push((page, bad));
            let (mut store, _) = open(flash);
            for position in 0..60 {
                if position > 6 {
                    store.truncate(position - 6).unwrap();
                }
                let appended = store.append(&event(position, length(position)));
                assert_eq!(appended, Ok(position), "{bad:?} {page}");
                if position % 7 == 0 {
                    let (again, recovered) = open(store.release());
                    store = again;
                    assert_eq!((recovered.next, recovered.lost), (position + 1, 0));
                    let kept = recovered.retained;
                    assert_eq!(all(&mut store), expected(kept..position + 1));
                }
            }
        }
    }
    // Where all are, it says so.
    let mut flash = flash(1);
    flash.bad = (0..PAGES + 2).map(|page| (page, Bad::Hold)).collect();
    let (mut store, _) = open(flash);
    assert_eq!(store.append(b"x"), Err(AppendError::NotHeld));
}

/// An image may know of events that the store has lost.
#[test]
fn positions_are_not_used_again() {
    let (mut store, _) = open(flash(1));
    store.append(b"a").unwrap();
    store.skip_to(10);
    assert_eq!(store.append(b"b"), Ok(10));
    store.skip_to(5);
    assert_eq!(store.append(b"c"), Ok(11));
    let (mut store, recovered) = open(store.release());
    assert_eq!((recovered.next, recovered.lost), (12, 9));
    let positions: Vec<u64> = all(&mut store).iter().map(|it| it.0).collect();
    assert_eq!(positions, [0, 10, 11]);
}

/// Bytes written for each byte of events, and how evenly pages wear.
#[test]
fn writes_little_more_than_the_events_and_wears_evenly() {
    fn life<const W: usize>(expected: f64) {
        let (mut store, _) = open(Flash::<W, 4096>::new(12, 1));
        let events = 60_000;
        for position in 0..events {
            if position > 200 && position % 50 == 0 {
                store.truncate(position - 200).unwrap();
            }
            store.append(&event(position, 64)).unwrap();
        }
        let flash = store.release();
        let amplification = flash.written as f64 / (events * 64) as f64;
        assert!(amplification <= expected, "{W}: {amplification}");
        let erased = &flash.erased[1..11];
        let (least, most) = (erased.iter().min().unwrap(), erased.iter().max().unwrap());
        assert!(*most as f64 <= *least as f64 * 1.05, "{erased:?}");
    }
    life::<1>(1.08);
    life::<4>(1.08);
    // A word of eight bytes leaves four behind each event of 64.
    life::<8>(1.14);
}

proptest! {
    /// Any bytes, of any flash, open without a panic and are appended to.
    #[test]
    fn any_bytes_open(seed in any::<u64>(), holes in prop::collection::vec(0..4096_usize, 0..8)) {
        let mut flash = flash(seed);
        for at in 0..flash.bytes.len() {
            flash.bytes[at] = flash.random() as u8;
        }
        for at in holes {
            flash.spoil(at);
        }
        let (mut store, _) = open(flash);
        prop_assert_eq!(all(&mut store), vec![]);
        let at = store.append(b"x").unwrap();
        prop_assert_eq!(all(&mut store), vec![(at, b"x".to_vec())]);
    }

    /// An event that holds what records look like is one event.
    #[test]
    fn events_may_hold_anything(events in prop::collection::vec(
        prop::collection::vec(prop_oneof![Just(0xff), Just(0), any::<u8>()], 0..400), 0..8)
    ) {
        let (mut store, _) = open(flash(3));
        let mut kept = Vec::new();
        for event in events {
            if let Ok(at) = store.append(&event) { kept.push((at, event)); }
        }
        let (mut store, recovered) = open(store.release());
        prop_assert_eq!(recovered.lost, 0);
        prop_assert_eq!(all(&mut store), kept);
    }
}
