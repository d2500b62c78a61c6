//! Random histories of delivery.

use klaxond::delivery::ProbeAnswer;
use klaxond::model::{Retry, Scope, Severity};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub struct Wish {
    pub contact: usize,
    pub bucket: usize,
    pub template: usize,
    pub severity: Severity,
    pub expires_in: Option<i64>,
    pub shadow: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Accepted,
    Unknown,
    Failed(Retry, Scope),
}

#[derive(Debug, Clone)]
pub enum Op {
    Admit(Wish),
    Offer(Wish),
    Next,
    Drain,
    Settle(usize, Answer, f64),
    Requeue(usize),
    Withdraw(usize),
    Probed(usize, ProbeAnswer, f64),
    Wait(i64),
    Jump,
    ClockJump(i64),
    Reload(u8, bool),
}

fn wish() -> impl Strategy<Value = Wish> {
    let severity = prop::sample::select(vec![
        Severity::Warning,
        Severity::Major,
        Severity::Critical,
        Severity::Timeout,
    ]);
    let expires = prop::option::weighted(0.3, 0_i64..60_000);
    let parts = (0..5_usize, 0..3_usize, 0..2_usize, severity, expires);
    (parts, prop::bool::weighted(0.1)).prop_map(
        |((contact, bucket, template, severity, expires_in), shadow)| Wish {
            contact,
            bucket,
            template,
            severity,
            expires_in,
            shadow,
        },
    )
}

fn answer() -> impl Strategy<Value = Answer> {
    let retry = prop::sample::select(vec![
        Retry::Backoff,
        Retry::Few,
        Retry::Slow,
        Retry::Pair,
        Retry::Wait,
        Retry::Never,
    ]);
    let scope = prop::sample::select(vec![
        Scope::Message,
        Scope::Contact,
        Scope::Template,
        Scope::Number,
        Scope::Account,
    ]);
    prop_oneof![
        4 => Just(Answer::Accepted),
        1 => Just(Answer::Unknown),
        4 => (retry, scope).prop_map(|(retry, scope)| Answer::Failed(retry, scope)),
    ]
}

pub fn op() -> impl Strategy<Value = Op> {
    let probe = prop::sample::select(vec![
        ProbeAnswer::Lifted,
        ProbeAnswer::Still,
        ProbeAnswer::NoAnswer,
    ]);
    prop_oneof![
        8 => wish().prop_map(Op::Admit),
        3 => wish().prop_map(Op::Offer),
        4 => Just(Op::Next),
        4 => Just(Op::Drain),
        10 => (0..9_usize, answer(), 0.0..1.0).prop_map(|(n, a, j)| Op::Settle(n, a, j)),
        1 => (0..9_usize).prop_map(Op::Requeue),
        1 => (0..9_usize).prop_map(Op::Withdraw),
        4 => (0..9_usize, probe, 0.0..1.0).prop_map(|(n, a, j)| Op::Probed(n, a, j)),
        3 => (0_i64..8_000).prop_map(Op::Wait),
        6 => Just(Op::Jump),
        1 => (0_i64..100_000_000).prop_map(Op::ClockJump),
        1 => (0..16_u8, any::<bool>()).prop_map(|(mask, share)| Op::Reload(mask, share)),
    ]
}
