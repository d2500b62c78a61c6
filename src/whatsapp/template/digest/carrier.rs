//! What of a template the list of a digest goes into.

use super::super::compile::Template;

/// What a template can say of a digest.
pub const VARIABLES: [&str; 9] = [
    "digest.count",
    "digest.headline",
    "digest.list",
    "digest.part",
    "digest.parts",
    "digest.top",
    "digest.first",
    "digest.last",
    "digest.severities",
];

/// What of a template carries the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// `digest.list`.
    Own,
    /// `alarm.value`.
    Value,
    /// `alarm.parameter`.
    Parameter,
    /// `alarm.element`.
    Element,
    /// What it tells of each alarm of a bucket; where it does not, nothing can be told but a number.
    Bucket,
}

impl Carrier {
    /// The best that the body of `template` has.
    pub(super) fn of(template: &Template) -> Self {
        let ways = [
            (Self::Own, "digest.list"),
            (Self::Value, "alarm.value"),
            (Self::Parameter, "alarm.parameter"),
            (Self::Element, "alarm.element"),
        ];
        ways.into_iter()
            .find(|(_, name)| template.body_looks_at(&[name]))
            .map_or(Self::Bucket, |(carrier, _)| carrier)
    }
}
