//! Work on slices that cannot panic whatever their lengths, so that no panic is linked: where the
//! compiler cannot see that an index is in range it would keep the way out.

/// The element at a place; zero beyond the end.
#[inline(always)]
pub(crate) fn word<T: Copy + Default>(slice: &[T], at: usize) -> T {
    slice.get(at).copied().unwrap_or_default()
}

/// Puts an element in its place; nothing beyond the end.
#[inline(always)]
pub(crate) fn put<T>(slice: &mut [T], at: usize, value: T) {
    if let Some(place) = slice.get_mut(at) {
        *place = value;
    }
}

/// The elements from a place on.
#[inline(always)]
pub(crate) fn from<T>(slice: &[T], at: usize) -> &[T] {
    slice.get(at..).unwrap_or(&[])
}

/// Copies as many elements as both have.
#[inline(always)]
pub(crate) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    let count = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
}

/// Moves all elements one place up; the last goes, the first is there twice.
#[inline(always)]
pub(crate) fn up<T: Copy>(slice: &mut [T]) {
    if let Some(kept) = slice.len().checked_sub(1) {
        slice.copy_within(..kept, 1);
    }
}

/// Moves all elements `by` places down; the first go, the last stay where they are too.
#[inline(always)]
pub(crate) fn down<T: Copy>(slice: &mut [T], by: usize) {
    if by <= slice.len() {
        slice.copy_within(by.., 0);
    }
}

/// Four of a chunk of one to four, the last of which stands for those that are missing.
#[inline(always)]
pub(crate) fn four<T: Copy>(chunk: &[T]) -> Option<[T; 4]> {
    match *chunk {
        [a, b, c, d, ..] => Some([a, b, c, d]),
        [a, b, c] => Some([a, b, c, c]),
        [a, b] => Some([a, b, b, b]),
        [a] => Some([a; 4]),
        [] => None,
    }
}

/// Sorts, the least first, by a heap (J. W. J. Williams, "Algorithm 232", 1964): the library's own
/// sort has a way out for an order that is none. O(n log n).
pub(crate) fn sort<T: Copy + Ord>(slice: &mut [T]) {
    for at in (0..slice.len() / 2).rev() {
        sift(slice, at);
    }
    for end in (1..slice.len()).rev() {
        let Some((heap, [last, ..])) = slice.split_at_mut_checked(end) else {
            return;
        };
        if let Some(largest) = heap.first_mut() {
            core::mem::swap(largest, last);
        }
        sift(heap, 0);
    }
}

/// Moves the element at a place down a heap to where none below is larger.
fn sift<T: Copy + Ord>(heap: &mut [T], mut at: usize) {
    let Some(&value) = heap.get(at) else {
        return;
    };
    loop {
        let mut below = 2 * at + 1;
        let Some(&first) = heap.get(below) else {
            break;
        };
        let mut largest = first;
        if let Some(&second) = heap.get(below + 1)
            && second > first
        {
            largest = second;
            below += 1;
        }
        if largest <= value {
            break;
        }
        put(heap, at, largest);
        at = below;
    }
    put(heap, at, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_library_does(mut items in proptest::collection::vec(0u16..60, 0..90)) {
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items);
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn moves_and_copies_what_there_is(items in proptest::collection::vec(any::<u8>(), 0..9), by in 0usize..12) {
            let mut moved = items.clone();
            up(&mut moved);
            prop_assert!(items.iter().zip(moved.iter().skip(1)).all(|(a, b)| a == b));
            prop_assert_eq!(moved.first(), items.first());
            let mut moved = items.clone();
            down(&mut moved, by);
            match by <= items.len() {
                true => prop_assert_eq!(&moved[..items.len() - by], &items[by..]),
                false => prop_assert_eq!(&moved, &items),
            }
            let mut copied = [7; 5];
            copy(&mut copied, &items);
            for (at, copy) in copied.iter().enumerate() {
                prop_assert_eq!(*copy, items.get(at).copied().unwrap_or(7));
            }
            prop_assert_eq!(word(&items, by), items.get(by).copied().unwrap_or(0));
            prop_assert_eq!(from(&items, by).len(), items.len().saturating_sub(by));
            let chunk = &items[..items.len().min(4)];
            prop_assert_eq!(four(chunk).is_none(), items.is_empty());
            if let Some(four) = four(chunk) {
                prop_assert_eq!(&four[..chunk.len()], chunk);
                prop_assert!(four[chunk.len()..].iter().all(|x| Some(x) == chunk.last()));
            }
        }
    }
}
