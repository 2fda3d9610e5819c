//! Going through records in the order of their ids, without memory to sort them in.

use crate::Hash;

/// Records that one pass over all of them finds.
const BATCH: usize = 64;

/// The next records in order, with their keys.
pub(super) type Batch = heapless::Vec<(Hash, u32), BATCH>;

/// The records of `0..count` with the smallest keys behind `after`, in order; those without a key
/// are left out. Going through n records this way costs n / 64 passes.
pub(super) fn next(count: u32, after: Option<Hash>, key: impl Fn(u32) -> Option<Hash>) -> Batch {
    let mut batch = Batch::new();
    for at in 0..count {
        let Some(key) = key(at).filter(|key| after.is_none_or(|after| *key > after)) else {
            continue;
        };
        if batch.is_full() {
            if batch.last().is_some_and(|(last, _)| key >= *last) {
                continue;
            }
            batch.pop();
        }
        let place = batch.partition_point(|(other, _)| *other < key);
        // There is room: a full batch has just given up its last.
        let _ = batch.insert(place, (key, at));
    }
    batch
}

/// Calls `each` for every record with a key, in the order of the keys.
pub(super) fn each(count: u32, key: impl Fn(u32) -> Option<Hash>, mut each: impl FnMut(u32)) {
    let mut after = None;
    loop {
        let batch = next(count, after, &key);
        let Some(&(last, _)) = batch.last() else {
            return;
        };
        for (_, at) in batch {
            each(at);
        }
        after = Some(last);
    }
}
