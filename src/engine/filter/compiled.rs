//! The filter as the rest of klaxond knows it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::model::AlarmRecord;

use super::ast::{Expression, Statement};
use super::error::FilterError;
use super::explain::{self, Explanation};
use super::field::Field;
use super::named::Named;
use super::node::Node;
use super::parse;
use super::statement::Filters;

/// A filter, compiled once and cheap to clone. Equal filters take the same text and refer to equal
/// named filters; [`fmt::Display`] prints canonical text that reads as the same filter.
#[derive(Clone)]
pub struct Filter(Arc<Inner>);

struct Inner {
    expression: Expression,
    used: BTreeMap<String, Filter>,
    node: Node,
    mentions_type: bool,
    /// With the named filters that it uses.
    statements: usize,
    /// With the named filters that it uses.
    depth: usize,
    cost: usize,
}

impl Filter {
    /// How many statements a filter may have with all the named ones that it uses.
    pub(crate) const MAX_STATEMENTS: usize = 16 * 1024;
    /// How deep it may nest with all the named ones that it uses.
    const MAX_DEPTH: usize = 256;

    /// Reads and compiles a filter. `named` are those that it may refer to as `@name`.
    ///
    /// # Errors
    /// [`FilterError`] points at the first fault and says what to write.
    pub fn parse(text: &str, named: &Named) -> Result<Self, FilterError> {
        let mut grammar = Filters::new(named);
        let expression = parse::whole(text, &mut grammar)?;
        Self::compile(expression, grammar.used).map_err(|large| large.of(text))
    }

    /// Compiles what was read; `used` are the named filters that it refers to.
    pub(crate) fn compile(
        expression: Expression,
        used: BTreeMap<String, Self>,
    ) -> Result<Self, TooLarge> {
        let mut statements = 0usize;
        let mut mentions_type = false;
        expression.each_leaf(&mut |statement| match statement {
            Statement::Comparison(comparison) => {
                statements = statements.saturating_add(1);
                mentions_type |= comparison.field == Field::Type;
            }
            Statement::Exists(field) => {
                statements = statements.saturating_add(1);
                mentions_type |= *field == Field::Type;
            }
            Statement::Named(name) => {
                if let Some(filter) = used.get(name) {
                    statements = statements.saturating_add(filter.0.statements);
                    mentions_type |= filter.mentions_type();
                }
            }
        });
        let depth = expression.depth(&|statement| match statement {
            Statement::Named(name) => 1 + used.get(name).map_or(0, |filter| filter.0.depth),
            Statement::Comparison(_) | Statement::Exists(_) => 1,
        });
        if statements > Self::MAX_STATEMENTS || depth > Self::MAX_DEPTH {
            return Err(TooLarge);
        }

        let node = Node::new(&expression, &used);
        let cost = node.cost();
        Ok(Self(Arc::new(Inner {
            expression,
            used,
            node,
            mentions_type,
            statements,
            depth,
            cost,
        })))
    }

    /// Whether it takes the record.
    #[must_use]
    pub fn matches(&self, record: &AlarmRecord) -> bool {
        self.0.node.matches(record)
    }

    /// Whether it looks at `type`, which is inferred from the alarm's tree when a record does not say.
    #[must_use]
    pub fn mentions_type(&self) -> bool {
        self.0.mentions_type
    }

    /// Which part decided about the record, and on what value.
    #[must_use]
    pub fn explain(&self, record: &AlarmRecord) -> Explanation {
        explain::explain(self, record)
    }

    /// The filter as a tree.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.0.expression
    }

    /// The named filters that it refers to.
    pub(super) fn used(&self) -> &BTreeMap<String, Self> {
        &self.0.used
    }

    /// How many comparisons it is, with the named filters that it uses.
    pub(crate) fn statements(&self) -> usize {
        self.0.statements
    }

    pub(super) fn cost(&self) -> usize {
        self.0.cost
    }
}

/// A filter is too large with the named ones that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl TooLarge {
    /// The fault of the whole of a text.
    pub(crate) fn of(self, text: &str) -> FilterError {
        let message = "with the named filters that it uses it becomes too large";
        FilterError::new(text, 0..text.len(), message).expected(format!(
            "at most {} comparisons, nested at most {} deep",
            Filter::MAX_STATEMENTS,
            Filter::MAX_DEPTH
        ))
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.expression == other.0.expression && self.0.used == other.0.used)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expression.fmt(f)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}
