//! The engine against a naive reference, on random rules and histories.
//!
//! Every run draws its own seeds and prints the first; `KLAXOND_SEED` and `KLAXOND_CASES` replay. A
//! failure is shrunk and printed as a history that a person can read.

mod adopt;
mod bucket;
mod debts;
mod drive;
mod event;
mod generate;
mod model;
mod phrases;
mod scenario;
pub mod search;
mod shrink;
mod silence;
mod speech;
mod told;

use drive::{Cuts, Run, reference};
use klaxond::model::{Message, Notification};
use scenario::Scenario;
use search::{number, search};
use std::sync::Arc;
use told::{Told, difference};

#[test]
fn the_engine_says_what_the_reference_says() {
    search("reference", 10_000, |scenario, _| {
        let run = Run::of(scenario, Cuts::Never);
        difference(&reference(scenario), &run.told)
    });
}

#[test]
fn an_engine_that_is_loaded_again_anywhere_says_the_same() {
    search("restart", 1_000, |scenario, seed| {
        let mut whole = Run::of(scenario, Cuts::Never);
        whole.told.iter_mut().for_each(Told::forget_alarm_of_edit);
        let decisions = u64::try_from(whole.decisions()).unwrap().max(1);
        let one = usize::try_from(seed % decisions).unwrap();
        let cuts = [
            Cuts::Before(one, false),
            Cuts::Before(one, true),
            Cuts::Always(false),
            Cuts::Always(true),
        ];
        cuts.into_iter().find_map(|cuts| {
            let mut cut = Run::of(scenario, cuts);
            // Of an edit while the engine was down.
            cut.told.iter_mut().for_each(Told::forget_alarm_of_edit);
            let (one, other) = (said(&whole), said(&cut));
            let differs = difference(&whole.told, &cut.told).or_else(|| {
                // What is left of a rule that was edited while the engine was down is not known.
                if scenario.is_edited() {
                    return None;
                }
                let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
                let mut lines = one.lines().zip(other.lines());
                let (one, other) = lines.find(|(one, other)| one != other)?;
                Some(format!("{one} became {other}"))
            })?;
            Some(format!("loaded again, {cuts:?}: {differs}"))
        })
    });
}

#[test]
fn who_is_told_of_a_raise_is_told_of_its_end_once_and_nobody_else_is() {
    search("debts", 3_000, |scenario, _| {
        let scenario = debts::with_every_end_told(scenario);
        let run = Run::of(&scenario, Cuts::Never);
        debts::fault(&scenario, &run.told).or_else(|| debts::fault_of_links(&run.steps))
    });
}

#[test]
fn the_same_input_leads_to_the_same_steps() {
    search("same", 500, |scenario, _| {
        let (one, other) = (
            Run::of(scenario, Cuts::Never),
            Run::of(scenario, Cuts::Never),
        );
        (one.steps != other.steps).then(|| "two runs took different steps".to_owned())
    });
}

/// Prints one history and what the reference makes of it: `KLAXOND_SEED=… cargo test … -- --ignored`.
#[test]
#[ignore = "for a person who looks at one seed"]
fn show() {
    let scenario: Scenario = generate::scenario(number("KLAXOND_SEED").unwrap_or(0));
    println!("{scenario}");
    for told in reference(&scenario) {
        println!("  {told}");
    }
}

fn said(run: &Run) -> (Vec<&Arc<Notification>>, Vec<&Message>) {
    (
        run.steps
            .iter()
            .flat_map(|step| &step.notifications)
            .collect(),
        run.steps.iter().flat_map(|step| &step.messages).collect(),
    )
}
