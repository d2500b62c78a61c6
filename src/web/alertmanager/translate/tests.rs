#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

fn matchers(texts: &[&str]) -> Vec<Matcher> {
    texts
        .iter()
        .map(|text| Matcher::parse(text).unwrap())
        .collect()
}

#[test]
fn matchers_become_a_filter_and_come_back_as_they_were() {
    let labels = Labels::default();
    for (texts, filter) in [
        (
            &["alertname=\"DiskFull\"", "instance=~\"db.*\""][..],
            r#"parameter = "DiskFull" and element ~ "db.*""#,
        ),
        (
            &["alertname=\"A\"", "job!=\"x\""],
            r#"parameter = "A" and not property.job = "x""#,
        ),
        (
            &["team=\"a b\"", "zone!~\"eu-.*\""],
            r#"property.team = "a b" and not property.zone ~ "eu-.*""#,
        ),
        (&["severity=\"critical\""], "severity = critical"),
        (&["severity=\"page\""], r#"property.severity = "page""#),
        (
            &["severity=~\"critical|page\""],
            r#"severity ~ "critical|page" or property.severity ~ "critical|page""#,
        ),
        (
            &["a=\"x\"", "severity!~\"info|none\""],
            r#"property.a = "x" and not (severity ~ "info|none" or property.severity ~ "info|none")"#,
        ),
        (
            &["a=\"12.5\"", "b=\"\"", "c!=\"\""],
            r#"property.a = "12.5" and not exists(property.b) and exists(property.c)"#,
        ),
        (
            &["a=\"x\"", "b=~\"y|\""],
            r#"property.a = "x" and (not exists(property.b) or property.b ~ "y|")"#,
        ),
    ] {
        let given = matchers(texts);
        assert_eq!(to_filter(&given, &labels).as_deref(), Ok(filter));
        assert_eq!(to_matchers(filter, &labels), given, "{filter}");
    }
}

#[test]
fn filters_of_people_are_shown_as_matchers_where_they_say_no_more() {
    let labels = Labels::default();
    for (filter, shown) in [
        (r#"element like "Lab*""#, "instance=~\"Lab.*\""),
        (r#"element in ["a.b", "c"]"#, "instance=~\"a\\\\.b|c\""),
        (r#"property.Site contains "HQ""#, "Site=~\".*HQ.*\""),
        (r#"element != "x""#, "instance!=\"x\""),
    ] {
        let found: Vec<String> = to_matchers(filter, &labels)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, [shown], "{filter}");
    }
    for filter in [
        "severity >= major",
        r#"element = "a" or element = "b""#,
        r#"element = "a" and value < 3"#,
        r#"source = "zabbix""#,
        "not element != \"x\"",
        "@lab",
    ] {
        let [whole] = &to_matchers(filter, &labels)[..] else {
            panic!("{filter}");
        };
        assert_eq!((whole.name.as_str(), whole.value.as_str()), (WHOLE, filter));
        if !filter.starts_with('@') {
            assert_eq!(
                to_filter(std::slice::from_ref(whole), &labels).as_deref(),
                Ok(filter)
            );
        }
    }
}

#[test]
fn what_would_silence_everything_or_cannot_be_read_is_refused() {
    let labels = Labels::default();
    for (texts, told) in [
        (&[][..], "at least one matcher"),
        (&["a=~\".*\""], "at least one matcher"),
        (&["a!=\"x\""], "at least one matcher"),
        (&["a=~\"(\""], "bad matcher"),
        (&["__filter__=\"severity >\""], "bad filter"),
    ] {
        let error = to_filter(&matchers(texts), &labels).unwrap_err();
        assert!(error.starts_with(told), "{texts:?}: {error}");
    }
}

#[test]
fn the_lists_of_the_mapping_say_which_labels_are_fields() {
    let labels = Labels {
        element: vec!["host".to_owned()],
        index: vec!["disk".to_owned()],
        ..Labels::default()
    };
    let given = matchers(&["host=\"a\"", "instance=\"b\"", "disk=\"c\""]);
    let filter = r#"element = "a" and property.instance = "b" and index = "c""#;
    assert_eq!(to_filter(&given, &labels).as_deref(), Ok(filter));
    assert_eq!(to_matchers(filter, &labels), given);
}
