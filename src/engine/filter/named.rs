//! Filters known by name: `[filters]` of the config, used as `@name`.

use std::collections::BTreeMap;

use super::compiled::Filter;

/// Named filters. They are compiled before they come here, so that none can refer to itself.
#[derive(Debug, Clone, Default)]
pub struct Named(BTreeMap<String, Filter>);

impl Named {
    /// Adds a filter; gives back the one that had the name.
    pub fn insert(&mut self, name: impl Into<String>, filter: Filter) -> Option<Filter> {
        self.0.insert(name.into(), filter)
    }

    /// The filter of exactly that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Filter> {
        self.0.get(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
