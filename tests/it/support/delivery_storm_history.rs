//! Random histories of storms.

use klaxond::model::Kind;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub enum Op {
    /// Contact, bucket, what is said, whether it is critical, whether it is promised.
    Say(usize, usize, Kind, bool, bool),
    Drain,
    /// Which of those under way, and what came of it.
    Settle(usize, u8),
    /// Which of those that were handed to Meta, and what is said of it.
    Receipt(usize, u8),
    Unwritten,
    Wait(i64),
    Jump,
    Reload(u8),
}

pub fn op() -> impl Strategy<Value = Op> {
    let kind = prop::sample::select(vec![
        Kind::Raised,
        Kind::Raised,
        Kind::Updated,
        Kind::Cleared,
        Kind::Reminder,
        Kind::Escalated,
        Kind::Answer,
    ]);
    let say = (
        0..3_usize,
        0..4_usize,
        kind,
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    prop_oneof![
        14 => say.prop_map(|(c, b, k, u, p)| Op::Say(c, b, k, u, p)),
        5 => Just(Op::Drain),
        8 => (0..9_usize, 0..12_u8).prop_map(|(n, a)| Op::Settle(n, a)),
        3 => (0..40_usize, 0..5_u8).prop_map(|(n, a)| Op::Receipt(n, a)),
        1 => Just(Op::Unwritten),
        3 => (0_i64..30_000).prop_map(Op::Wait),
        6 => Just(Op::Jump),
        1 => (0..8_u8).prop_map(Op::Reload),
    ]
}
