//! The filter language: text to something that takes or refuses an alarm record.

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Filter {}
