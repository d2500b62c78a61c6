//! Things with a key each, in places that stay theirs.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use hashbrown::HashTable;

/// Has a key that stays the same.
pub(super) trait Keyed {
    fn key(&self) -> &str;
}

/// The place of a thing.
pub(super) type Place = u32;

/// Things with a key each. Of a million, a map with keys of its own would take a tenth of the memory
/// of the engine: what is looked up holds places alone.
#[derive(Debug, Clone)]
pub(super) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<Place>,
    by_key: HashTable<Place>, // lookup only
    /// Without a seed, as the engine has no random numbers.
    hasher: BuildHasherDefault<DefaultHasher>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_key: HashTable::new(),
            hasher: BuildHasherDefault::default(),
        }
    }
}

impl<T: Keyed> Slab<T> {
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn find(&self, key: &str) -> Option<Place> {
        let is_it = |place: &Place| self.get(*place).is_some_and(|thing| thing.key() == key);
        self.by_key.find(self.hasher.hash_one(key), is_it).copied()
    }

    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.slots.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.slots.get_mut(place as usize)?.as_mut()
    }

    /// Puts a thing whose key has no place.
    pub(super) fn insert(&mut self, thing: T) -> Place {
        let Self {
            slots,
            free,
            by_key,
            hasher,
        } = self;
        let hash = hasher.hash_one(thing.key());
        let place = free.pop().unwrap_or_else(|| {
            slots.push(None);
            Place::try_from(slots.len() - 1).unwrap_or(Place::MAX)
        });
        if let Some(slot) = slots.get_mut(place as usize) {
            *slot = Some(thing);
        }
        by_key.insert_unique(hash, place, |place| {
            let known = slots.get(*place as usize).and_then(Option::as_ref);
            hasher.hash_one(known.map_or("", Keyed::key))
        });
        place
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let thing = self.slots.get_mut(place as usize)?.take()?;
        let hash = self.hasher.hash_one(thing.key());
        if let Ok(entry) = self.by_key.find_entry(hash, |known| *known == place) {
            entry.remove();
        }
        self.free.push(place);
        Some(thing)
    }

    /// All of them, in no order that means anything, but always the same.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &T)> {
        let all = (0..).zip(&self.slots);
        all.filter_map(|(place, thing)| Some((place, thing.as_ref()?)))
    }
}
