//! What is counted of decisions that were kept, and of codes that nobody knows.
#![allow(clippy::unwrap_used, reason = "tests")]

use prometheus_client::encoding::text::encode;

use crate::model::SilenceId;

use super::*;

fn text(meters: &Meters) -> String {
    let mut registry = Registry::default();
    meters.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[test]
fn what_was_kept_is_told_by_its_reason_and_names_nothing() {
    let meters = Meters::default();
    meters.kept(&Mute::Silence(SilenceId(17)));
    meters.kept(&Mute::Silence(SilenceId(18)));
    meters.kept(&Mute::Time("nights".to_owned()));
    meters.kept(&Mute::Inactive);
    meters.kept(&Mute::Inhibited(RuleId::parse("Other").unwrap()));
    let text = text(&meters);
    for (reason, count) in [
        ("silence", 2),
        ("mute_time_interval", 1),
        ("active_time_interval", 1),
        ("inhibition", 1),
    ] {
        let line =
            format!("klaxond_notifications_suppressed_total{{reason=\"{reason}\"}} {count}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    assert!(text.contains("klaxond_messages_total{outcome=\"suppressed\"} 5\n"));
    assert!(!text.contains("nights") && !text.contains("Other"));
}

#[test]
fn codes_that_meta_does_not_document_are_one() {
    for code in [999_999, 424_242, 7] {
        assert_eq!(&*labels::code(Some(code)), "other");
    }
    assert_eq!(&*labels::code(Some(131_056)), "131056");
    assert_eq!(&*labels::code(None), "none");
}
