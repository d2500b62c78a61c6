//! From OpenMetrics, which the library writes, to the text format 0.0.4, which everybody reads.
//!
//! They differ in what a counter is called: OpenMetrics leaves `_total` out of the lines that describe
//! it, and a reader of the older format takes `x_total` and `x` for two metrics. `# EOF` and `# UNIT` are
//! unknown there.

/// The same in the text format of Prometheus.
pub(super) fn prometheus(open: &str) -> String {
    let mut text = String::with_capacity(open.len() + open.len() / 8);
    let mut help = None;
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next()) {
            (Some("#"), Some("HELP")) => {
                // Its name is known when the type is.
                help = words.next().and(words.next());
            }
            (Some("#"), Some("TYPE")) => {
                let (name, kind) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                let suffix = if kind == "counter" { "_total" } else { "" };
                if let Some(help) = help.take() {
                    text.push_str(&format!("# HELP {name}{suffix} {help}\n"));
                }
                text.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
            }
            (Some("#"), _) => {}
            _ => {
                // An empty set of labels: nobody asks for it with its braces.
                match line.find('{').filter(|at| line[*at..].starts_with("{}")) {
                    Some(at) => text.extend([&line[..at], &line[at + 2..]]),
                    None => text.push_str(line),
                }
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn a_counter_has_one_name_and_nothing_is_left_of_openmetrics() {
        let mut registry = Registry::default();
        let counted = Family::<[(&str, &str); 1], Counter>::default();
        counted
            .get_or_create(&[("rule", "a # TYPE \"quoted\"")])
            .inc();
        registry.register("counted", "How often", counted);
        let gauge: Gauge = Gauge::default();
        registry.register("gauge_bytes", "How much", gauge);
        let perhaps = Family::<[(&str, &str); 0], Gauge>::default();
        perhaps.get_or_create(&[]).set(7);
        registry.register("perhaps", "Not always", perhaps);
        let histogram = Histogram::new([1.0]);
        histogram.observe(0.5);
        registry.register("spans_seconds", "How long", histogram);
        let mut open = String::new();
        assert!(encode(&mut open, &registry).is_ok());
        assert!(open.contains("# TYPE counted counter") && open.contains("# EOF"));
        let expected = "\
# HELP counted_total How often.
# TYPE counted_total counter
counted_total{rule=\"a # TYPE \\\"quoted\\\"\"} 1
# HELP gauge_bytes How much.
# TYPE gauge_bytes gauge
gauge_bytes 0
# HELP perhaps Not always.
# TYPE perhaps gauge
perhaps 7
# HELP spans_seconds How long.
# TYPE spans_seconds histogram
spans_seconds_sum 0.5
spans_seconds_count 1
spans_seconds_bucket{le=\"1.0\"} 1
spans_seconds_bucket{le=\"+Inf\"} 1
";
        assert_eq!(prometheus(&open), expected);
    }
}
