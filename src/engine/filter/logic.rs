//! `and`, `or` and `not` over anything that holds or not.

/// Statements joined by `and`, `or` and `not`. What the statements are is the affair of the language:
/// a filter compares fields, a condition counts and averages.
#[derive(Debug, Clone, PartialEq)]
pub enum Logic<L> {
    /// One statement.
    Leaf(L),
    /// It does not hold.
    Not(Box<Self>),
    /// Every one holds: two or more, none of which is an `And` itself.
    And(Vec<Self>),
    /// One of them holds: two or more, none of which is an `Or` itself.
    Or(Vec<Self>),
}

impl<L> Logic<L> {
    /// `not` before it.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// All of them joined by `and`; those that are an `And` are taken apart. `None` for none.
    #[must_use]
    pub fn all(parts: Vec<Self>) -> Option<Self> {
        let flat = parts
            .into_iter()
            .flat_map(|part| match part {
                Self::And(inner) => inner,
                other @ (Self::Leaf(_) | Self::Not(_) | Self::Or(_)) => vec![other],
            })
            .collect();
        Self::one_or(flat, Self::And)
    }

    /// All of them joined by `or`; those that are an `Or` are taken apart. `None` for none.
    #[must_use]
    pub fn any(parts: Vec<Self>) -> Option<Self> {
        let flat = parts
            .into_iter()
            .flat_map(|part| match part {
                Self::Or(inner) => inner,
                other @ (Self::Leaf(_) | Self::Not(_) | Self::And(_)) => vec![other],
            })
            .collect();
        Self::one_or(flat, Self::Or)
    }

    fn one_or(mut parts: Vec<Self>, join: fn(Vec<Self>) -> Self) -> Option<Self> {
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(join(parts)),
        }
    }

    /// Calls `visit` with every statement, from left to right.
    pub fn each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match self {
            Self::Leaf(leaf) => visit(leaf),
            Self::Not(inner) => inner.each_leaf(visit),
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.each_leaf(visit);
                }
            }
        }
    }

    /// How deep it is nested; a statement's own depth is told by `of_leaf`.
    pub(crate) fn depth(&self, of_leaf: &impl Fn(&L) -> usize) -> usize {
        match self {
            Self::Leaf(leaf) => of_leaf(leaf),
            Self::Not(inner) => 1 + inner.depth(of_leaf),
            Self::And(parts) | Self::Or(parts) => {
                let deepest = parts.iter().map(|part| part.depth(of_leaf)).max();
                1 + deepest.unwrap_or(0)
            }
        }
    }
}
