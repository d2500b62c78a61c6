//! The text of `/metrics`, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use klaxond::daemon::Metrics;

use super::house::House;

/// What one answer said.
#[derive(Debug, Default)]
pub struct Scrape {
    /// The type of each metric, by name as the types name it.
    pub types: BTreeMap<String, String>,
    /// Values, by name and labels as they stand there.
    pub samples: BTreeMap<String, f64>,
}

impl Scrape {
    /// Reads the text format; every metric must be described before it is told, and once.
    pub fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, what) = help.split_once(' ').unwrap();
                assert!(what.len() > 5 && helped.insert(name.to_owned()), "{line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                let before = scrape.types.insert(name.to_owned(), kind.to_owned());
                assert!(helped.contains(name) && before.is_none(), "{line}");
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let before = scrape
                    .samples
                    .insert(series.to_owned(), value.parse().unwrap());
                assert!(before.is_none(), "{line}");
                assert!(scrape.metric_of(series).is_some(), "{line}");
            }
        }
        scrape
    }

    /// What stands for `series` in this answer: `name` or `name{label="value"}`.
    pub fn get(&self, series: &str) -> f64 {
        let found = self.samples.get(series);
        *found.unwrap_or_else(|| panic!("no {series} in {:#?}", self.samples))
    }

    pub fn has(&self, series: &str) -> bool {
        self.samples.contains_key(series)
    }

    /// The labels that each metric has, those of the buckets of histograms left out.
    pub fn labels(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for series in self.samples.keys() {
            let metric = self.metric_of(series).unwrap();
            let named = labels.entry(metric).or_default();
            let inside = series.split_once('{').map_or("", |(_, inside)| inside);
            // No value of the tests has these signs in it.
            let names = inside.split(',').filter_map(|pair| pair.split_once("=\""));
            named.extend(names.map(|(name, _)| name).filter(|name| *name != "le"));
        }
        labels
    }

    /// The metric that a series belongs to.
    fn metric_of(&self, series: &str) -> Option<&str> {
        let name = series.split('{').next().unwrap();
        let stems = ["", "_sum", "_count", "_bucket"].map(|end| name.strip_suffix(end));
        stems.into_iter().flatten().find_map(|stem| {
            let (metric, kind) = self.types.get_key_value(stem)?;
            (stem == name || kind == "histogram").then_some(metric.as_str())
        })
    }
}

/// What `/metrics` says of a house after a look at all of it.
pub async fn scrape(house: &House) -> Scrape {
    let metrics = Metrics::new(&house.core, 1_024, true);
    metrics.look().await;
    Scrape::read(&metrics.text())
}
