//! The table of metrics, the alert rules and the dashboard speak of metrics that are there.

use std::collections::{BTreeMap, BTreeSet};

use klaxond::daemon::Metrics;
use klaxond::model::Stage;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::house::House;
use crate::support::meta::Answer;
use crate::support::metrics::Scrape;
use crate::support::readme::{code, rows, section};
use crate::support::returns::*;

const RULES: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/config/klaxond.rules.yml"
));
const DASHBOARD: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/config/grafana-dashboard.json"
));

const EXPECT: &str = "[[expect]]\nsource = \"prometheus\"\nwithin = \"1d\"\n";

/// What is said once everything that has labels has happened.
async fn everything() -> Scrape {
    let house = House::build(&with_receipts(EXPECT)).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    for element in ["E1", "E2"] {
        stored(&house, element).await;
        house.pass(HOUR).await;
    }
    let arrived = house.meta.arrived().remove(0);
    take(&house, vec![status(&arrived, true, Stage::Read, None)]).await;
    let metrics = Metrics::new(&house.core, 1_024, true);
    metrics.look().await;
    let token = json!({"is_valid": true, "expires_at": 1_790_000_000});
    let token = serde_json::from_value(token).unwrap();
    let templates = house.settings.templates.iter();
    let templates = templates
        .map(|one| klaxond::whatsapp::judge(one, &[]))
        .collect::<Vec<_>>();
    metrics.account(Some(&token), None, &templates);
    Scrape::read(&metrics.text())
}

#[tokio::test(start_paused = true)]
async fn the_table_names_every_metric_with_its_type_and_labels_and_no_other() {
    let seen = everything().await;
    let labels = seen.labels();
    let told: BTreeMap<String, (String, BTreeSet<String>)> = seen
        .types
        .iter()
        .map(|(name, kind)| {
            let labels = labels.get(name.as_str());
            let labels = labels.unwrap_or_else(|| panic!("{name} has no value"));
            let labels = labels.iter().map(ToString::to_string).collect();
            (name.clone(), (kind.clone(), labels))
        })
        .collect();
    let table: BTreeMap<String, (String, BTreeSet<String>)> = rows(section("Metrics"))
        .iter()
        .map(|row| {
            let labels = code(&row[2]).into_iter().map(str::to_owned).collect();
            (
                row[0].trim_matches('`').to_owned(),
                (row[1].clone(), labels),
            )
        })
        .collect();
    assert_eq!(table, told);
}

/// What `text` asks of Prometheus, that is ours.
fn named(text: &str) -> BTreeSet<&str> {
    let name = Regex::new(r"\b(?:klaxond|alertmanager|process)_[a-z_]+\b").unwrap();
    name.find_iter(text).map(|found| found.as_str()).collect()
}

/// Fails for a metric that nobody tells.
fn assert_told(seen: &Scrape, asked: &str) {
    for name in named(asked) {
        let stem = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let is_histogram =
            |stem: &str| seen.types.get(stem).is_some_and(|kind| kind == "histogram");
        let known = match seen.types.get(name) {
            // It has no value of its own.
            Some(kind) => kind != "histogram",
            None => stem.is_some_and(is_histogram),
        };
        assert!(known, "{name} in {asked}");
    }
}

/// Every query of a dashboard.
fn queries(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(text) if ["expr", "query", "definition"].contains(&key.as_str()) => {
                        into.push(text.to_owned());
                    }
                    _ => queries(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, into)),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn rules_and_dashboard_ask_for_metrics_that_are_there() {
    let seen = everything().await;
    // What a comment names is no query, but it must be right as well.
    assert!(named(RULES).len() > 15, "{:?}", named(RULES));
    assert_told(&seen, RULES);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut asked = Vec::new();
    queries(&dashboard, &mut asked);
    assert!(asked.len() > 30, "{asked:?}");
    for query in asked {
        assert_told(&seen, &query);
    }
}

#[test]
fn panels_have_a_place_and_a_number_of_their_own() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "{panel}");
        let at = |key: &str| panel["gridPos"][key].as_i64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{panel}");
            }
        }
    }
}
