//! Handles: structures of the core in structs of fixed size that C can place.

use crate::error::{CallError, Code};
use core::ffi::c_char;
use core::mem::{MaybeUninit, align_of, size_of};

/// A struct that C knows the size of and that holds a `T` once it is open.
///
/// # Safety
/// `Self` begins with the tag and has room for a `T` behind it, aligned for it, which
/// [`handle!`](crate::handle::handle) checks.
pub(crate) unsafe trait Handle: Sized {
    type Held: 'static;
    const TAG: u64;

    fn tag(&mut self) -> &mut u64;
    fn place(&mut self) -> *mut MaybeUninit<Self::Held>;
}

/// Fills a handle in.
///
/// # Safety
/// `handle` is null or points to memory for a `H`.
pub(crate) unsafe fn fill<H: Handle>(
    handle: *mut H,
    make: impl FnOnce() -> Result<H::Held, Code>,
) -> Result<(), Code> {
    if handle.is_null() {
        return Err(CallError::Null.into());
    }
    let held = make()?;
    // SAFETY: the caller's promise; all bytes are plain words.
    let handle = unsafe { &mut *handle };
    // SAFETY: `place` is for a `H::Held` (the trait's promise).
    unsafe { (*handle.place()).write(held) };
    *handle.tag() = H::TAG;
    Ok(())
}

/// What an open handle holds.
///
/// # Safety
/// `handle` is null, or points to a `H` that is zero or was filled in by [`fill`], and to which
/// nothing else refers while the result lives.
pub(crate) unsafe fn held<'h, H: Handle>(handle: *mut H) -> Result<&'h mut H::Held, Code> {
    if handle.is_null() {
        return Err(CallError::Null.into());
    }
    if !handle.addr().is_multiple_of(align_of::<H>()) {
        return Err(CallError::BadValue.into());
    }
    // SAFETY: the caller's promise.
    let handle = unsafe { &mut *handle };
    if *handle.tag() != H::TAG {
        return Err(CallError::NoHandle.into());
    }
    // SAFETY: the tag says that `fill` wrote a `H::Held`.
    Ok(unsafe { (*handle.place()).assume_init_mut() })
}

/// `length` items from `start`; none of either is an empty slice.
///
/// # Safety
/// `start` is null or valid for reading `length` items that do not change while the result lives.
pub(crate) unsafe fn slice<'a, T>(start: *const T, length: usize) -> Result<&'a [T], Code> {
    if length == 0 {
        return Ok(&[]);
    }
    check(start, length)?;
    // SAFETY: not null, aligned, of a possible length; the rest is the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts(start, length) })
}

/// `length` items from `start`, to be written.
///
/// # Safety
/// `start` is null or valid for reading and writing `length` items, to which nothing else refers
/// while the result lives.
pub(crate) unsafe fn slice_mut<'a, T>(start: *mut T, length: usize) -> Result<&'a mut [T], Code> {
    if length == 0 {
        return Ok(&mut []);
    }
    check(start, length)?;
    // SAFETY: as in `slice`.
    Ok(unsafe { core::slice::from_raw_parts_mut(start, length) })
}

fn check<T>(start: *const T, length: usize) -> Result<(), Code> {
    if start.is_null() {
        return Err(CallError::Null.into());
    }
    let bytes = length.checked_mul(size_of::<T>());
    let fits = bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok());
    if !fits || !start.addr().is_multiple_of(align_of::<T>()) {
        return Err(CallError::BadValue.into());
    }
    Ok(())
}

/// Writes a result.
///
/// # Safety
/// `out` is null or valid for writing.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) -> Result<(), Code> {
    if out.is_null() {
        return Err(CallError::Null.into());
    }
    // SAFETY: the caller's promise.
    unsafe { out.write(value) };
    Ok(())
}

/// Reads a struct of the caller's.
///
/// # Safety
/// `from` is null or valid for reading.
pub(crate) unsafe fn get<T: Copy>(from: *const T) -> Result<T, Code> {
    if from.is_null() {
        return Err(CallError::Null.into());
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { from.read() })
}

/// Text of the caller's.
///
/// # Safety
/// As for [`slice`].
pub(crate) unsafe fn text<'a>(start: *const u8, length: usize) -> Result<&'a str, Code> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { slice(start, length) }?;
    core::str::from_utf8(bytes).map_err(|_| CallError::NotText.into())
}

/// Text that ends with a zero byte; null is empty.
///
/// # Safety
/// `start` is null or points to bytes that end with a zero one.
pub(crate) unsafe fn string<'a>(start: *const c_char) -> Result<&'a str, Code> {
    if start.is_null() {
        return Ok("");
    }
    let mut length = 0;
    // SAFETY: the caller's promise: bytes up to the zero one can be read.
    while unsafe { start.add(length).read() } != 0 {
        length += 1;
    }
    // SAFETY: these bytes were just read.
    unsafe { text(start.cast(), length) }
}

/// Makes a handle of a struct with a `tag` and a `state` of words. The struct is declared where it is
/// used, for the header is made from declarations alone.
macro_rules! handle {
    ($name:ident: $held:ty, $tag:literal) => {
        const _: () = {
            type Held = $held;
            let room = size_of::<$name>() - core::mem::offset_of!($name, state);
            assert!(size_of::<Held>() <= room);
            assert!(align_of::<Held>() <= align_of::<$name>());
            assert!(core::mem::offset_of!($name, state).is_multiple_of(align_of::<$name>()));
        };

        // SAFETY: size and alignment are checked above.
        unsafe impl crate::handle::Handle for $name {
            type Held = $held;
            const TAG: u64 = $tag;

            fn tag(&mut self) -> &mut u64 {
                &mut self.tag
            }

            fn place(&mut self) -> *mut core::mem::MaybeUninit<$held> {
                (&raw mut self.state).cast()
            }
        }
    };
}
pub(crate) use handle;
