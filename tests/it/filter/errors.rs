//! What is said of a text that is no filter.

use insta::assert_snapshot;
use klaxond::engine::filter::{Filter, Named};

/// The text with what the error points at underlined, and the error.
fn fault(text: &str) -> String {
    let mut named = Named::default();
    named.insert(
        "london",
        Filter::parse("element like 'London*'", &named).unwrap(),
    );
    let error = Filter::parse(text, &named).expect_err(text);
    let line_start = text[..error.span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = " ".repeat(text[line_start..error.span.start].chars().count());
    let under = "^".repeat(text[error.span.clone()].chars().count().max(1));
    let line = text[line_start..].lines().next().unwrap_or_default();
    format!("{line}\n{before}{under}\n{error}")
}

#[test]
fn words_that_are_not_known() {
    assert_snapshot!(fault(r#"elemnt = "London""#), @r#"
    elemnt = "London"
    ^^^^^^
    1:1: unknown field `elemnt`; expected `element`
    "#);
    assert_snapshot!(fault("alarm.severity >= major"), @r#"
    alarm.severity >= major
    ^^^^^^^^^^^^^^
    1:1: unknown field `alarm.severity`; expected `severity`
    "#);
    assert_snapshot!(fault("colour = red"), @r#"
    colour = red
    ^^^^^^
    1:1: unknown field `colour`; expected one of id, element, element_id, parameter, parameter_id, index, value, severity, severity_range, type, status, user_status, owner, source, comment, service, view, partial, or `property.NAME`
    "#);
    assert_snapshot!(fault("time > 5"), @r#"
    time > 5
    ^^^^
    1:1: a filter does not look at `time`; expected another field; `active` of a rule says when it speaks
    "#);
    assert_snapshot!(fault("property = x"), @r#"
    property = x
    ^^^^^^^^
    1:1: unknown field `property`; expected the name of the property behind a point, as in `property.Site`
    "#);
    assert_snapshot!(fault("property. = x"), @r#"
    property. = x
    ^^^^^^^^^
    1:1: the name of the property is missing; expected it right behind the point: `property.Site` or `property."Cabinet name"`
    "#);
    assert_snapshot!(fault("property.Cabinet name = x"), @r#"
    property.Cabinet name = x
                     ^^^^
    1:18: the name of the property ends before this; expected an operator, or the whole name in quotes: `property."Cabinet name"`
    "#);
    assert_snapshot!(fault("severity = majr"), @r#"
    severity = majr
               ^^^^
    1:12: no severity is called `majr`; expected `major`
    "#);
    assert_snapshot!(fault("severity >= 7up"), @r#"
    severity >= 7up
                ^^^
    1:13: no severity is called `7up`; expected one of undefined, initial, information, notice, normal, masked, warning, minor, major, critical, timeout, error
    "#);
    assert_snapshot!(fault("type in [new_alarm, escalate]"), @r#"
    type in [new_alarm, escalate]
                        ^^^^^^^^
    1:21: no type is called `escalate`; expected `escalated`
    "#);
    assert_snapshot!(fault("status = 13"), @r#"
    status = 13
             ^^
    1:10: no status is called `13`; expected one of open, cleared, clearable, masked
    "#);
    assert_snapshot!(fault("severity_range = sideways"), @r#"
    severity_range = sideways
                     ^^^^^^^^
    1:18: no severity_range is called `sideways`; expected one of normal, high, low
    "#);
    assert_snapshot!(fault("severity >= major and @lodnon"), @r#"
    severity >= major and @lodnon
                          ^^^^^^^
    1:23: no filter is named `lodnon`; expected `@london`
    "#);
    assert_snapshot!(fault("@ and severity = major"), @r#"
    @ and severity = major
    ^
    1:1: `@` names no filter; expected the name of a filter right behind it, as in `@london`
    "#);
}

#[test]
fn what_other_languages_write() {
    assert_snapshot!(fault("severity == critical"), @r#"
    severity == critical
             ^^
    1:10: `==` is not known here; expected `=`
    "#);
    assert_snapshot!(fault("severity = critical && element = x"), @r#"
    severity = critical && element = x
                        ^^
    1:21: `&&` is not known here; expected `and`
    "#);
    assert_snapshot!(fault("severity = critical || element = x"), @r#"
    severity = critical || element = x
                        ^^
    1:21: `||` is not known here; expected `or`
    "#);
    assert_snapshot!(fault("!exists(owner)"), @r#"
    !exists(owner)
    ^
    1:1: `!` is not known here; expected `not`
    "#);
    assert_snapshot!(fault("severity <> critical"), @r#"
    severity <> critical
             ^^
    1:10: `<>` is not known here; expected `!=`
    "#);
    assert_snapshot!(fault("element =~ 'x.*'"), @r#"
    element =~ 'x.*'
            ^^
    1:9: `=~` is not known here; expected `~`
    "#);
    assert_snapshot!(fault("severity is critical"), @r#"
    severity is critical
             ^^
    1:10: `is` does not fit here; expected `=`
    "#);
    assert_snapshot!(fault("element in ('a', 'b')"), @r#"
    element in ('a', 'b')
               ^
    1:12: `(` does not fit here; expected a list behind `in`, as in `[a, b]`
    "#);
    assert_snapshot!(fault("element = ['a', 'b']"), @r#"
    element = ['a', 'b']
              ^
    1:11: `=` takes one value; expected `in [a, b]` for a list
    "#);
    assert_snapshot!(fault("element like ['a*', 'b*']"), @r#"
    element like ['a*', 'b*']
                 ^
    1:14: `like` takes one text; expected one comparison for each, as in `(element like "a" or element like "b")`
    "#);
    assert_snapshot!(fault("exists owner"), @r#"
    exists owner
           ^^^^^
    1:8: `owner` does not fit here; expected `(`, as in `exists(property.Site)`
    "#);
    assert_snapshot!(fault("count() > 5"), @r#"
    count() > 5
    ^^^^^
    1:1: a filter knows no function `count`; expected a field, or `exists(field)`; `condition` of a rule counts and averages
    "#);
    assert_snapshot!(fault("element = “London”"), @r#"
    element = “London”
              ^
    1:11: `“` is no quotation mark here; expected a straight one: `"` or `'`
    "#);
    assert_snapshot!(fault("element not = x"), @r#"
    element not = x
                ^
    1:13: `=` does not fit here; expected `!=`
    "#);
    assert_snapshot!(fault("partial"), @r#"
    partial
           ^
    1:8: the filter ends here; expected `partial = true`
    "#);
    assert_snapshot!(fault("'London' = element"), @r#"
    'London' = element
    ^^^^^^^^
    1:1: `'London'` does not fit here; expected a field, as in `severity >= major`
    "#);
}

#[test]
fn values_that_cannot_be_compared() {
    assert_snapshot!(fault("type > cleared"), @r#"
    type > cleared
         ^
    1:6: `type` has no order; expected `=`, `!=` or `in [a, b]`
    "#);
    assert_snapshot!(fault("severity >= 2"), @r#"
    severity >= 2
                ^
    1:13: codes have no order; expected the name: `major`
    "#);
    assert_snapshot!(fault("value > '12.5 dB'"), @r#"
    value > '12.5 dB'
            ^^^^^^^^^
    1:9: `'12.5 dB'` is no number; expected it without the unit: `12.5`
    "#);
    assert_snapshot!(fault("value > 12.5 dB"), @r#"
    value > 12.5 dB
                 ^^
    1:14: `dB` does not fit here; expected `and`, `or` or the end; a number is written without its unit
    "#);
    assert_snapshot!(fault("value > high"), @r#"
    value > high
            ^^^^
    1:9: `high` is no number; expected a number behind `>`
    "#);
    assert_snapshot!(fault("owner = ''"), @r#"
    owner = ''
            ^^
    1:9: an empty text never compares; expected `not exists(owner)`, or `exists(owner)`
    "#);
    assert_snapshot!(fault("element = parameter"), @r#"
    element = parameter
              ^^^^^^^^^
    1:11: `parameter` is a field, and a field is compared with a value; expected a value; in quotes if it is one: `"parameter"`
    "#);
    assert_snapshot!(fault("element = and"), @r#"
    element = and
              ^^^
    1:11: `and` does not fit here; expected a value; in quotes if it is one: `"and"`
    "#);
    assert_snapshot!(fault("partial like 'x'"), @r#"
    partial like 'x'
            ^^^^
    1:9: `partial` is true or false; expected `=`, as in `partial = true`
    "#);
    assert_snapshot!(fault("partial = 1"), @r#"
    partial = 1
              ^
    1:11: `1` does not fit here; expected `true` or `false`
    "#);
    assert_snapshot!(fault("element in []"), @r#"
    element in []
               ^^
    1:12: the list is empty; expected a value in it
    "#);
    assert_snapshot!(fault("element like London*"), @r#"
    element like London*
                       ^
    1:20: `*` means nothing outside quotes; expected the text in quotes: `"London*"`
    "#);
    assert_snapshot!(fault("element = London West"), @r#"
    element = London West
                     ^^^^
    1:18: `West` does not fit here; expected `and`, `or` or the end; a text of several words goes in quotes
    "#);
    assert_snapshot!(fault("element_id = 7/59"), @r#"
    element_id = 7/59
                  ^
    1:15: `/` means nothing outside quotes; expected the text in quotes: `"7/59"`
    "#);
}

#[test]
fn regular_expressions() {
    assert_snapshot!(fault("element ~ '(?!test).*'"), @r#"
    element ~ '(?!test).*'
              ^^^^^^^^^^^^
    1:11: regular expressions here have no look-around (`(?=`, `(?!`, `(?<=`, `(?<!`); expected two comparisons joined by `and` or `and not`
    "#);
    assert_snapshot!(fault(r"element ~ '(a)\1'"), @r#"
    element ~ '(a)\1'
              ^^^^^^^
    1:11: regular expressions here have no back-references (`\1`); expected a pattern without them
    "#);
    assert_snapshot!(fault("element ~ 'a)|(b'"), @r#"
    element ~ 'a)|(b'
              ^^^^^^^
    1:11: not a regular expression: unopened group
    "#);
    assert_snapshot!(fault(r"element ~ '(\w{1000}){1000}'"), @r#"
    element ~ '(\w{1000}){1000}'
              ^^^^^^^^^^^^^^^^^^
    1:11: the regular expression becomes too large; expected fewer or smaller repetitions
    "#);
}

#[test]
fn texts_that_break_off() {
    assert_snapshot!(fault(""), @r#"

    ^
    1:1: the filter ends here; expected a comparison, as in `severity >= major`
    "#);
    assert_snapshot!(fault("severity"), @r#"
    severity
            ^
    1:9: the filter ends here; expected `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `like`, `contains`, `~` or `not` before one of the words
    "#);
    assert_snapshot!(fault("severity >="), @r#"
    severity >=
               ^
    1:12: the filter ends here; expected a severity: one of undefined, initial, information, notice, normal, masked, warning, minor, major, critical, timeout, error
    "#);
    assert_snapshot!(fault("severity >= major and"), @r#"
    severity >= major and
                         ^
    1:22: the filter ends here; expected a comparison, as in `severity >= major`
    "#);
    assert_snapshot!(fault("severity >= major\n  and (element = x\n  or element = y"), @r#"
      and (element = x
          ^
    2:7: this `(` is not closed; expected `)` behind what belongs together
    "#);
    assert_snapshot!(fault("severity >= major)"), @r#"
    severity >= major)
                     ^
    1:18: no `(` is open here; expected `and`, `or` or the end
    "#);
    assert_snapshot!(fault("and severity >= major"), @r#"
    and severity >= major
    ^^^
    1:1: `and` does not fit here; expected a field before it, as in `severity >= major`
    "#);
    assert_snapshot!(fault("element in ['a', 'b'"), @r#"
    element in ['a', 'b'
               ^
    1:12: this `[` is not closed; expected `]` behind the last value
    "#);
    assert_snapshot!(fault("element in ['a' 'b']"), @r#"
    element in ['a' 'b']
                    ^^^
    1:17: `'b'` does not fit here; expected `,` or `]`
    "#);
    assert_snapshot!(fault("severity >= major\n  and element = \"Lon\n  don\""), @r#"
      and element = "Lon
                    ^^^^
    2:17: the quotes are not closed; expected `"` at the end of the text, on the same line
    "#);
    assert_snapshot!(fault(r"element = '\u{d800}'"), @r#"
    element = '\u{d800}'
               ^^
    1:12: `\u{…}` names no character; expected a character's number in hexadecimal, as in `\u{e9}`
    "#);
    assert_snapshot!(fault("severity >= major severity = x"), @r#"
    severity >= major severity = x
                      ^^^^^^^^
    1:19: `severity` does not fit here; expected `and`, `or` or the end
    "#);
}

#[test]
fn bounds() {
    let deep = format!("{}element = x{}", "(".repeat(65), ")".repeat(65));
    let negated = format!("{}element = x", "not ".repeat(65));
    let long = format!("element = '{}'", "x".repeat(70_000));
    let many = vec!["id=1"; 2049].join(" or ");
    let list = format!("id in [{}]", vec!["1"; 1025].join(","));
    let patterns = vec!["id ~ x"; 65].join(" or ");
    let message = |text: &str| fault(text).lines().last().unwrap().to_owned();
    assert_snapshot!(message(&deep), @r#"1:65: this nests too deep; expected at most 64 levels of `(` and `not`"#);
    assert_snapshot!(message(&negated), @r#"1:257: this nests too deep; expected at most 64 levels of `(` and `not`"#);
    assert_snapshot!(message(&long), @r#"1:1: the text has 70012 bytes; expected at most 65536; put parts into [filters] and use them as `@name`"#);
    assert_snapshot!(message(&many), @r#"1:16385: there are too many comparisons; expected at most 2048; `in [a, b]` takes many values at once"#);
    assert_snapshot!(message(&list), @r#"1:2056: the list is too long; expected at most 1024 values"#);
    assert_snapshot!(message(&patterns), @r#"1:646: there are too many regular expressions; expected at most 64; join some with `|`"#);
}

#[test]
fn within_bounds_a_filter_is_taken() {
    let deep = format!("{}element = x{}", "(".repeat(64), ")".repeat(64));
    let negated = format!("{}element = x", "not ".repeat(64));
    let many = vec!["id=1"; 2048].join(" or ");
    let list = format!("id in [{}]", vec!["1"; 1024].join(","));
    let patterns = vec!["id ~ x"; 64].join(" or ");
    for text in [deep, negated, many, list, patterns] {
        assert!(
            Filter::parse(&text, &Named::default()).is_ok(),
            "{text:.40}"
        );
    }
}

#[test]
fn named_filters_do_not_grow_without_bound() {
    let mut named = Named::default();
    named.insert("f0", Filter::parse("id = 1 or id = 2", &named).unwrap());
    let error = (1..64).find_map(|n| {
        let before = n - 1;
        let filter = Filter::parse(&format!("@f{before} and @f{before}"), &named);
        filter
            .map(|filter| named.insert(format!("f{n}"), filter))
            .err()
    });
    assert_snapshot!(error.unwrap(), @r#"1:1: with the named filters that it uses it becomes too large; expected at most 16384 comparisons, nested at most 256 deep"#);

    let mut named = Named::default();
    named.insert("f0", Filter::parse("id = 1", &named).unwrap());
    let error = (1..1000).find_map(|n| {
        let filter = Filter::parse(&format!("not @f{}", n - 1), &named);
        filter
            .map(|filter| named.insert(format!("f{n}"), filter))
            .err()
    });
    assert!(error.is_some());
}
