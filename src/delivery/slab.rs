//! Values under small numbers that are used again.

use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

/// A number that a [`Slab`] gives out. One type for each kind of value, so that they cannot be mixed
/// up; an `Option` of it takes no more room.
pub(super) trait Number: Copy {
    /// The number of the value at this place.
    fn from_index(index: usize) -> Self;
    /// The place of the value.
    fn index(self) -> usize;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(NonZeroU32);

        impl Number for $name {
            fn from_index(index: usize) -> Self {
                // Four thousand million values do not fit into memory.
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                Self(NonZeroU32::MIN.saturating_add(index))
            }

            fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )+};
}

numbers! {
    /// A message in the queue.
    EntryNo,
    /// The messages of one bucket for one contact.
    BucketNo,
    /// A contact's lane.
    LaneNo,
    /// A phone number.
    PairNo,
    /// A template.
    TemplateNo,
    /// A digest that has not come to its end.
    DigestNo,
}

/// Values under small numbers that are used again. A number stays valid until it is removed.
#[derive(Debug, Clone)]
pub(super) struct Slab<N, T> {
    items: Vec<T>,
    free: Vec<N>,
}

impl<N, T> Default for Slab<N, T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<N: Number, T> Slab<N, T> {
    /// Room that is kept when the last value has gone.
    const KEPT: usize = 1024;

    pub(super) fn insert(&mut self, value: T) -> N {
        if let Some(number) = self.free.pop() {
            self.items[number.index()] = value;
            number
        } else {
            self.items.push(value);
            N::from_index(self.items.len() - 1)
        }
    }

    /// Frees the number. The value itself stays until its place is used again.
    pub(super) fn remove(&mut self, number: N) {
        self.free.push(number);
        if self.free.len() == self.items.len() {
            self.items.clear();
            self.items.shrink_to(Self::KEPT);
            self.free.clear();
            self.free.shrink_to(Self::KEPT);
        }
    }
}

impl<N: Number, T> Index<N> for Slab<N, T> {
    type Output = T;

    fn index(&self, number: N) -> &T {
        &self.items[number.index()]
    }
}

impl<N: Number, T> IndexMut<N> for Slab<N, T> {
    fn index_mut(&mut self, number: N) -> &mut T {
        &mut self.items[number.index()]
    }
}
