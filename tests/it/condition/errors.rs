//! What is said of a text that is no condition.

use insta::assert_snapshot;
use klaxond::engine::condition::Condition;

use super::named;

/// The text with what the error points at underlined, and the error.
fn fault(text: &str) -> String {
    let error = Condition::parse(text, &named()).expect_err(text);
    let before = " ".repeat(text[..error.span.start].chars().count());
    let under = "^".repeat(text[error.span.clone()].chars().count().max(1));
    format!("{text}\n{before}{under}\n{error}")
}

#[test]
fn what_is_no_statement() {
    assert_snapshot!(fault(""), @r#"
    ^
    1:1: the condition ends here; expected a function, as in `count() > 5` or `any(severity = critical)`
    "#);
    assert_snapshot!(fault("severity = critical"), @r#"
    severity = critical
    ^^^^^^^^
    1:1: a condition speaks of a bucket of alarms; expected a function around it: `any(severity …)`, or the comparison in `filter`
    "#);
    assert_snapshot!(fault("@london"), @r#"
    @london
    ^^^^^^^
    1:1: a condition speaks of a bucket of alarms; expected `any(@london)`
    "#);
    assert_snapshot!(fault("5 < count()"), @r#"
    5 < count()
    ^
    1:1: `5` does not fit here; expected the function first and the number behind it, as in `count() > 5`
    "#);
    assert_snapshot!(fault("always"), @r#"
    always
    ^^^^^^
    1:1: `always` does not fit here; expected a function, as in `count() > 5` or `any(severity = critical)`
    "#);
    assert_snapshot!(fault("count() > 1 and"), @r#"
    count() > 1 and
                   ^
    1:16: the condition ends here; expected a function, as in `count() > 5` or `any(severity = critical)`
    "#);
    assert_snapshot!(fault("count() > 1 && count() < 3"), @r#"
    count() > 1 && count() < 3
                ^^
    1:13: `&&` is not known here; expected `and`
    "#);
    assert_snapshot!(fault("(count() > 1"), @r#"
    (count() > 1
    ^
    1:1: this `(` is not closed; expected `)` behind what belongs together
    "#);
    assert_snapshot!(fault("count() > 1)"), @r#"
    count() > 1)
               ^
    1:12: no `(` is open here; expected `and`, `or` or the end
    "#);
    assert_snapshot!(fault("count() > 1 count() < 3"), @r#"
    count() > 1 count() < 3
                ^^^^^
    1:13: `count` does not fit here; expected `and`, `or` or the end
    "#);
}

#[test]
fn functions_that_are_not_known() {
    assert_snapshot!(fault("cuont() > 5"), @r#"
    cuont() > 5
    ^^^^^
    1:1: a condition knows no function `cuont`; expected `count(…)`
    "#);
    assert_snapshot!(fault("average(value) > 5"), @r#"
    average(value) > 5
    ^^^^^^^
    1:1: a condition knows no function `average`; expected `avg(…)`
    "#);
    assert_snapshot!(fault("median(value) > 5"), @r#"
    median(value) > 5
    ^^^^^^
    1:1: a condition knows no function `median`; expected one of count, distinct, min, max, avg, sum, last, round, any, all
    "#);
    assert_snapshot!(fault("exists(owner)"), @r#"
    exists(owner)
    ^^^^^^
    1:1: a condition knows no function `exists`; expected `any(exists(…))`
    "#);
    assert_snapshot!(fault("any(count() > 5)"), @r#"
    any(count() > 5)
        ^^^^^
    1:5: a filter knows no function `count`; expected a field, or `exists(field)`; `condition` of a rule counts and averages
    "#);
}

#[test]
fn arguments_that_do_not_fit() {
    assert_snapshot!(fault("count > 5"), @r#"
    count > 5
          ^
    1:7: `>` does not fit here; expected `(`, as in `count() > 5`
    "#);
    assert_snapshot!(fault("count(*) > 5"), @r#"
    count(*) > 5
          ^
    1:7: `*` does not fit here; expected `count()`
    "#);
    assert_snapshot!(fault("count(element) > 5"), @r#"
    count(element) > 5
                 ^
    1:14: `)` does not fit here; expected `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `like`, `contains`, `~` or `not` before one of the words
    "#);
    assert_snapshot!(fault("count(severity = majr) > 5"), @r#"
    count(severity = majr) > 5
                     ^^^^
    1:18: no severity is called `majr`; expected `major`
    "#);
    assert_snapshot!(fault("count(severity = major"), @r#"
    count(severity = major
         ^
    1:6: this `(` is not closed; expected `)` behind what belongs in it
    "#);
    assert_snapshot!(fault("any()"), @r#"
    any()
        ^
    1:5: `)` does not fit here; expected a comparison, as in `severity >= major`
    "#);
    assert_snapshot!(fault("any(@paris)"), @r#"
    any(@paris)
        ^^^^^^
    1:5: no filter is named `paris`; expected a name under [filters]
    "#);
    assert_snapshot!(fault("distinct() > 1"), @r#"
    distinct() > 1
             ^
    1:10: `)` does not fit here; expected a field, as in `distinct(element)`
    "#);
    assert_snapshot!(fault("distinct(elemnt) > 1"), @r#"
    distinct(elemnt) > 1
             ^^^^^^
    1:10: unknown field `elemnt`; expected `element`
    "#);
    assert_snapshot!(fault("distinct(element, index) > 1"), @r#"
    distinct(element, index) > 1
                    ^
    1:17: `,` does not fit here; expected `)`
    "#);
    assert_snapshot!(fault("max(severity) >= major"), @r#"
    max(severity) >= major
        ^^^^^^^^
    1:5: `severity` is no number; expected `any(severity >= major)` or `count(severity = critical) > 1`
    "#);
    assert_snapshot!(fault("sum(view) >= 1"), @r#"
    sum(view) >= 1
        ^^^^
    1:5: `view` is no number; expected `value`, `property.NAME` or another field of text
    "#);
    assert_snapshot!(fault("avg(field(value)) > 1"), @r#"
    avg(field(value)) > 1
        ^^^^^
    1:5: `field` does not fit here; expected the field itself, as in `avg(value)`
    "#);
    assert_snapshot!(fault("[avg(field(value))] > 1"), @r#"
    [avg(field(value))] > 1
    ^
    1:1: `[` does not fit here; expected the function without brackets, as in `avg(value) > 1`
    "#);
    assert_snapshot!(fault("max(property(alarm.Clients)) > 1"), @r#"
    max(property(alarm.Clients)) > 1
        ^^^^^^^^
    1:5: `property` does not fit here; expected `property.NAME`
    "#);
    assert_snapshot!(fault("round(avg(value)) > 1"), @r#"
    round(avg(value)) > 1
                    ^
    1:17: `)` does not fit here; expected `,` and how many decimals, as in `round(avg(value), 1)`
    "#);
    assert_snapshot!(fault("round(avg(value), 10) > 1"), @r#"
    round(avg(value), 10) > 1
                      ^^
    1:19: `10` does not fit here; expected how many decimals: 0 to 9
    "#);
    assert_snapshot!(fault("round(count(), 1) > 1"), @r#"
    round(count(), 1) > 1
          ^^^^^
    1:7: `count` is a whole number already; expected `count()` without `round`, or `min`, `max`, `avg`, `sum` or `last` in it
    "#);
    assert_snapshot!(fault("round(any(severity = major), 1) > 1"), @r#"
    round(any(severity = major), 1) > 1
          ^^^
    1:7: `any` does not fit here; expected `min`, `max`, `avg`, `sum` or `last` of a field
    "#);
    assert_snapshot!(fault("round(value, 1) > 1"), @r#"
    round(value, 1) > 1
          ^^^^^
    1:7: `value` does not fit here; expected `min`, `max`, `avg`, `sum` or `last` of a field
    "#);
}

#[test]
fn what_stands_behind_a_number() {
    assert_snapshot!(fault("count()"), @r#"
    count()
           ^
    1:8: the condition ends here; expected `=`, `!=`, `<`, `<=`, `>` or `>=`
    "#);
    assert_snapshot!(fault("count() == 5"), @r#"
    count() == 5
            ^^
    1:9: `==` is not known here; expected `=`
    "#);
    assert_snapshot!(fault("count() gt 5"), @r#"
    count() gt 5
            ^^
    1:9: `gt` does not fit here; expected `>`
    "#);
    assert_snapshot!(fault("count() in [5]"), @r#"
    count() in [5]
            ^^
    1:9: `in` does not fit here; expected `=`, `!=`, `<`, `<=`, `>` or `>=` behind a number
    "#);
    assert_snapshot!(fault("count() >"), @r#"
    count() >
             ^
    1:10: the condition ends here; expected a number behind `>`
    "#);
    assert_snapshot!(fault("count() > five"), @r#"
    count() > five
              ^^^^
    1:11: `five` is no number; expected a number behind `>`
    "#);
    assert_snapshot!(fault("avg(value) > 1.3dB"), @r#"
    avg(value) > 1.3dB
                 ^^^^^
    1:14: `1.3dB` is no number; expected it without the unit: `1.3`
    "#);
    assert_snapshot!(fault("avg(value) > '1.3 dB'"), @r#"
    avg(value) > '1.3 dB'
                 ^^^^^^^^
    1:14: `'1.3 dB'` is a text; expected the number: `1.3`
    "#);
    assert_snapshot!(fault("avg(value) = Lost"), @r#"
    avg(value) = Lost
                 ^^^^
    1:14: `Lost` is no number; expected a number behind `=`
    "#);
    assert_snapshot!(fault("avg(value) = 'Lost'"), @r#"
    avg(value) = 'Lost'
                 ^^^^^^
    1:14: `'Lost'` is a text; expected a number behind `=`; `last(value) = "Lost"` compares text
    "#);
    assert_snapshot!(fault("avg(value) < avg(property.Limit)"), @r#"
    avg(value) < avg(property.Limit)
                 ^^^
    1:14: `avg` stands behind the operator; expected a number behind `<`, as in `count() < 5`
    "#);
    assert_snapshot!(fault("avg(value) < 1e-12"), @r#"
    avg(value) < 1e-12
                 ^^^^^
    1:14: numbers here have nine decimals and go up to 1e20; expected `0`, or another measure
    "#);
    assert_snapshot!(fault("sum(value) > 1e21"), @r#"
    sum(value) > 1e21
                 ^^^^
    1:14: numbers here have nine decimals and go up to 1e20; expected `100000000000000000000`, or another measure
    "#);
    assert_snapshot!(fault("last(value)"), @r#"
    last(value)
               ^
    1:12: the condition ends here; expected `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `like`, `contains`, `~` or `not` before one of the words
    "#);
    assert_snapshot!(fault("last(value) = ''"), @r#"
    last(value) = ''
                  ^^
    1:15: an empty text never compares; expected `not exists(value)`, or `exists(value)`
    "#);
    assert_snapshot!(fault("last(type) > new_alarm"), @r#"
    last(type) > new_alarm
               ^
    1:12: `type` has no order; expected `=`, `!=` or `in [a, b]`
    "#);
    assert_snapshot!(fault("any(severity = major) > 1"), @r#"
    any(severity = major) > 1
                          ^
    1:23: `>` does not fit here; expected nothing behind `any`, or `count(…)` before a number
    "#);
}

#[test]
fn a_condition_is_bounded() {
    let deep = format!("{}count() > 1{}", "(".repeat(100), ")".repeat(100));
    let error = Condition::parse(&deep, &named()).unwrap_err();
    assert_eq!(error.message, "this nests too deep");
    let many = vec!["count() > 1"; 3_000].join(" or ");
    let error = Condition::parse(&many, &named()).unwrap_err();
    assert_eq!(error.message, "there are too many comparisons");
    let regexes = vec!["any(element ~ 'a+')"; 65].join(" or ");
    let error = Condition::parse(&regexes, &named()).unwrap_err();
    assert_eq!(error.message, "there are too many regular expressions");
}
