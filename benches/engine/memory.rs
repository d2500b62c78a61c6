//! What a million active alarms take, in a process of its own.

use std::process::Command;

use super::meter::megabytes;
use super::plant::Plant;
use super::{GAP, drive, engine, rules};

/// The first argument of the process that is measured.
pub const CHILD: &str = "memory-of";

const ALARMS: u64 = 1_000_000;

pub fn report() {
    println!("resident memory of the pure engine with {ALARMS} active alarms");
    println!(
        "  {:<36} {:>9} {:>9} {:>12}",
        "", "before", "after", "an alarm"
    );
    for rules in ["nine", "each", "ten"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([CHILD, rules])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        print!("{}", String::from_utf8(output.stdout).unwrap());
    }
}

/// Raises the alarms and says what they take.
pub fn child(mut args: impl Iterator<Item = String>) {
    let (name, rules) = match args.next().as_deref() {
        Some("nine") => ("nine rules with groups and windows", rules::nine()),
        Some("each") => ("a waiting bucket for each alarm", rules::EACH.to_owned()),
        _ => ("all ten", rules::TEN.to_owned()),
    };
    let mut engine = engine(&rules::ruleset(&rules));
    let resident = || megabytes("self", "VmRSS:").unwrap();
    let before = resident();
    for entry in Plant::new(ALARMS, GAP).take(usize::try_from(ALARMS).unwrap()) {
        drive(&mut engine, &entry, &mut |_| {});
    }
    assert_eq!(engine.trees().len() as u64, ALARMS);
    let after = resident();
    let each = (after - before) * 1024.0 * 1024.0 / ALARMS as f64;
    println!("  {name:<36} {before:>6.1} MB {after:>6.1} MB {each:>10.0} B");
}
