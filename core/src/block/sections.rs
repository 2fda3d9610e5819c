//! The one list of a structure's sections.
//!
//! A structure names each of its sections once, with the type and the number of its elements. Its
//! fields, how the block is cut, the length that it needs, names and bytes in order, and the form
//! for reading all follow from that list.

/// Defines the sections of a structure, or of a part that several structures share.
///
/// ```text
/// sections! {
///     /// What is known of each pattern.
///     pub(super) struct Sections, View for BankConfig as config {
///         pub(super) state "counters": [u32; STATE_WORDS],
///         pub(super) uses: [u16; config.slots() => 1],
///         pub(super) floats: [f32; config.slots() => config.float_row()],
///         pub(super) links: in LinksMut<'a> | Links<'a> = config,
///     } with {
///         pub(super) padded: usize = config.padded(),
///     }
/// }
/// ```
///
/// - `name: [type; count]` is a section of `count` elements; its field is a slice that covers the
///   padding too, see [`CarverMut`](crate::block::CarverMut).
/// - `name: [type; slots => each]` is a section with `each` elements for each slot, which are zero
///   while the slot is not in use: `clear_slot`, `is_clear` and `is_zero_from` cover all of these in
///   the list, but none of its parts'.
/// - `name: in Part<'a> = config` are the sections of a part with a list of its own, made of that
///   part's configuration; behind `|` stands its form for reading.
/// - a name in quotes is what a section is called outside, where that is not its field's name; all
///   sections of a part take it.
/// - what stands behind `with` is no section but what follows from the configuration.
///
/// A second name behind the first is that of a `Copy` form for reading, with a method `view` that
/// lends it. Where fields stand in a list in front of the sections (as `structure!` puts them
/// there), whoever carves gives their values.
macro_rules! sections {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident, $view:ident for $config:ty as $c:ident $body:tt
        $(with $with:tt)?
    ) => {
        $crate::block::sections::sections! {
            @mutable [$(#[$meta])* $vis struct $name for $config as $c] {} $body $($with)?
        }
        $crate::block::sections::sections! {
            @shared [$(#[$meta])* $vis struct $view of $name for $config as $c] $body $($with)?
        }
        $crate::block::sections::sections! { @slots $view for $config as $c $body }
        $crate::block::sections::sections! { @clear $name for $config as $c $body }
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident for $config:ty as $c:ident $body:tt
        $(with $with:tt)?
    ) => {
        $crate::block::sections::sections! {
            @mutable [$(#[$meta])* $vis struct $name for $config as $c] {} $body $($with)?
        }
        $crate::block::sections::sections! { @slots $name for $config as $c $body }
        $crate::block::sections::sections! { @clear $name for $config as $c $body }
    };

    // The form for writing.
    (
        @mutable [$(#[$meta:meta])* $vis:vis struct $name:ident for $config:ty as $c:ident]
        { $($given_vis:vis $given:ident: $given_ty:ty),* $(,)? }
        {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident $($label:literal)?:
                    $([$ty:ty; $count:expr $(=> $each:expr)?])?
                    $(in $part:ty $(| $part_view:ty)? = $part_config:expr)?
            ),* $(,)?
        }
        $({
            $($(#[$xmeta:meta])* $xvis:vis $extra:ident: $extra_ty:ty = $extra_value:expr),* $(,)?
        })?
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $name<'a> {
            $($given_vis $given: $given_ty,)*
            $(
                $(#[$fmeta])*
                $fvis $field: $(&'a mut [$ty])? $($part)?,
            )*
            $($($(#[$xmeta])* $xvis $extra: $extra_ty,)*)?
        }

        impl<'a> $name<'a> {
            /// Where the sections end that begin at byte `at` of a block.
            pub(crate) const fn end(at: usize, $c: &$config) -> usize {
                $(
                    $(let at = $crate::block::section(
                        at,
                        ($count as usize)$(.saturating_mul($each))?,
                        size_of::<$ty>(),
                    );)?
                    $(let at = <$part>::end(at, $part_config);)?
                )*
                let _ = $c;
                at
            }

            /// Takes the sections, in their order.
            pub(crate) fn carve(
                $($given: $given_ty,)*
                $c: &$config,
                carver: &mut $crate::block::CarverMut<'a>,
            ) -> Result<Self, $crate::block::BlockError> {
                $(
                    $(let $field = carver.take::<$ty>(
                        ($count as usize)$(.saturating_mul($each))?,
                    )?;)?
                    $(let $field = <$part>::carve($part_config, carver)?;)?
                )*
                let _ = $c;
                Ok(Self {
                    $($given,)*
                    $($field,)*
                    $($($extra: $extra_value,)*)?
                })
            }

            /// Name and bytes, padding included, of the section that lies `at` sections further;
            /// counts `at` down by those passed.
            #[allow(dead_code, reason = "scratch memory is neither saved nor hashed")]
            pub(crate) fn section(&self, at: &mut usize) -> Option<(&'static str, &[u8])> {
                $($crate::block::sections::sections! {
                    @section self at $field $($label)?: $([$ty])? $(in $part)?
                })*
                None
            }

            /// Whether the padding behind every section is zero.
            #[allow(dead_code, reason = "where there is a form for reading, that one is checked")]
            pub(crate) fn is_padded(&self, $c: &$config) -> bool {
                let _ = $c;
                true $(
                    $(&& $crate::block::sections::is_zero($crate::block::sections::from_slot(
                        &*self.$field,
                        ($count as usize)$(.saturating_mul($each))?,
                        1,
                    )))?
                    $(&& <$part>::is_padded(&self.$field, $part_config))?
                )*
            }
        }
    };

    // The form for reading.
    (
        @shared [
            $(#[$meta:meta])* $vis:vis struct $view:ident of $name:ident for $config:ty as $c:ident
        ]
        {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident $($label:literal)?:
                    $([$ty:ty; $count:expr $(=> $each:expr)?])?
                    $(in $part:ty | $part_view:ty = $part_config:expr)?
            ),* $(,)?
        }
        $({
            $($(#[$xmeta:meta])* $xvis:vis $extra:ident: $extra_ty:ty = $extra_value:expr),* $(,)?
        })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $view<'a> {
            $(
                $(#[$fmeta])*
                $fvis $field: $(&'a [$ty])? $($part_view)?,
            )*
            $($($(#[$xmeta])* $xvis $extra: $extra_ty,)*)?
        }

        impl<'a> $view<'a> {
            /// Takes the sections, in their order.
            pub(crate) fn carve(
                $c: &$config,
                carver: &mut $crate::block::Carver<'a>,
            ) -> Result<Self, $crate::block::BlockError> {
                $(
                    $(let $field = carver.take::<$ty>(
                        ($count as usize)$(.saturating_mul($each))?,
                    )?;)?
                    $(let $field = <$part_view>::carve($part_config, carver)?;)?
                )*
                Ok(Self {
                    $($field,)*
                    $($($extra: $extra_value,)*)?
                })
            }

            /// Name and bytes, padding included, of the section that lies `at` sections further;
            /// counts `at` down by those passed.
            pub(crate) fn section(&self, at: &mut usize) -> Option<(&'static str, &'a [u8])> {
                $($crate::block::sections::sections! {
                    @section self at $field $($label)?: $([$ty])? $(in $part_view)?
                })*
                None
            }

            /// Whether the padding behind every section is zero.
            #[allow(dead_code, reason = "where there is a form for reading, that one is checked")]
            pub(crate) fn is_padded(&self, $c: &$config) -> bool {
                let _ = $c;
                true $(
                    $(&& $crate::block::sections::is_zero($crate::block::sections::from_slot(
                        self.$field,
                        ($count as usize)$(.saturating_mul($each))?,
                        1,
                    )))?
                    $(&& <$part_view>::is_padded(&self.$field, $part_config))?
                )*
            }
        }

        impl $name<'_> {
            /// The same for reading.
            #[inline(always)]
            pub(crate) fn view(&self) -> $view<'_> {
                $view {
                    $($field: $crate::block::sections::sections! {
                        @lend self $field: $([$ty])? $(in $part_view)?
                    },)*
                    $($($extra: self.$extra,)*)?
                }
            }
        }
    };

    // What belongs to slots, for reading.
    (
        @slots $name:ident for $config:ty as $c:ident
        {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident $($label:literal)?:
                    $([$ty:ty; $count:expr $(=> $each:expr)?])?
                    $(in $part:ty $(| $part_view:ty)? = $part_config:expr)?
            ),* $(,)?
        }
    ) => {
        #[allow(dead_code, reason = "not every structure has slots, or empties them one by one")]
        impl $name<'_> {
            /// Whether all that belongs to a slot is zero.
            pub(crate) fn is_clear(&self, $c: &$config, slot: usize) -> bool {
                let _ = ($c, slot);
                true $($($(&& $crate::block::sections::is_zero(
                    $crate::block::sections::of_slot(&*self.$field, $each, slot),
                ))?)?)*
            }

            /// Whether all that belongs to the slots from `slot` on is zero, padding included.
            pub(crate) fn is_zero_from(&self, $c: &$config, slot: usize) -> bool {
                let _ = ($c, slot);
                true $($($(&& $crate::block::sections::is_zero(
                    $crate::block::sections::from_slot(&*self.$field, $each, slot),
                ))?)?)*
            }
        }
    };

    // What belongs to slots, for writing.
    (
        @clear $name:ident for $config:ty as $c:ident
        {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident $($label:literal)?:
                    $([$ty:ty; $count:expr $(=> $each:expr)?])?
                    $(in $part:ty $(| $part_view:ty)? = $part_config:expr)?
            ),* $(,)?
        }
    ) => {
        #[allow(dead_code, reason = "not every structure has slots, or empties them one by one")]
        impl $name<'_> {
            /// Makes all that belongs to a slot zero.
            pub(crate) fn clear_slot(&mut self, $c: &$config, slot: usize) {
                let _ = ($c, slot);
                $($($(
                    $crate::block::sections::of_slot_mut(&mut *self.$field, $each, slot)
                        .fill(bytemuck::Zeroable::zeroed());
                )?)?)*
            }
        }
    };

    (@section $self:ident $at:ident $field:ident: [$ty:ty]) => {
        $crate::block::sections::sections! { @plain $self $at $field stringify!($field) }
    };
    (@section $self:ident $at:ident $field:ident $label:literal: [$ty:ty]) => {
        $crate::block::sections::sections! { @plain $self $at $field $label }
    };
    (@plain $self:ident $at:ident $field:ident $label:expr) => {
        if *$at == 0 {
            return Some(($label, bytemuck::cast_slice(&*$self.$field)));
        }
        *$at -= 1;
    };
    (@section $self:ident $at:ident $field:ident: in $part:ty) => {
        if let Some(found) = $self.$field.section($at) {
            return Some(found);
        }
    };
    (@section $self:ident $at:ident $field:ident $label:literal: in $part:ty) => {
        if let Some((_, bytes)) = $self.$field.section($at) {
            return Some(($label, bytes));
        }
    };
    (@lend $self:ident $field:ident: [$ty:ty]) => { &*$self.$field };
    (@lend $self:ident $field:ident: in $part:ty) => { $self.$field.view() };
}

pub(crate) use sections;

use super::ALIGN;
use bytemuck::Pod;

/// Whether every byte of some elements is zero.
pub(crate) fn is_zero<T: Pod>(elements: &[T]) -> bool {
    let bytes: &[u8] = bytemuck::cast_slice(elements);
    // Without a way out in the middle, a line is a few vector instructions.
    let (lines, rest) = bytes.as_chunks::<ALIGN>();
    let is_zero = |bytes: &[u8]| bytes.iter().fold(0, |all, &byte| all | byte) == 0;
    lines.iter().all(|line| is_zero(line)) && is_zero(rest)
}

/// What belongs to a slot in a section of `each` elements a slot; nothing beyond its end.
pub(crate) fn of_slot<T>(section: &[T], each: usize, slot: usize) -> &[T] {
    from_slot(section, each, slot)
        .get(..each)
        .unwrap_or_default()
}

/// The same for writing.
pub(crate) fn of_slot_mut<T>(section: &mut [T], each: usize, slot: usize) -> &mut [T] {
    section
        .get_mut(slot.saturating_mul(each)..)
        .and_then(|rest| rest.get_mut(..each))
        .unwrap_or_default()
}

/// What belongs to the slots from `slot` on, and the padding behind them.
pub(crate) fn from_slot<T>(section: &[T], each: usize, slot: usize) -> &[T] {
    section.get(slot.saturating_mul(each)..).unwrap_or_default()
}
