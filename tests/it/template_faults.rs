//! What is wrong with a template is told when it loads: all at once, with its place.

use klaxond::whatsapp::template::{Definition, HeaderDefinition, Parameters, Place, Template};

use crate::support::config::shipped_template;
use crate::support::messages::{alarm_definition, definition, faults, named, quick_reply, url};

#[test]
fn the_number_of_the_contact_is_no_variable() {
    insta::assert_snapshot!(faults(&definition("To {{1}}.", &["{{ contact.phone }}"])), @"parameter 1: there is no variable contact.phone; contact has groups, id, language, name");
}

#[test]
fn work_without_end_is_cut_off() {
    let endless =
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}";
    insta::assert_snapshot!(faults(&definition("Sum: {{1}}.", &[endless])), @"parameter 1: engine ran out of fuel");
    let deep = format!(
        "{}x{}",
        "{% if true %}".repeat(200),
        "{% endif %}".repeat(200)
    );
    let told = faults(&definition("Deep: {{1}}.", &[&deep]));
    assert!(told.starts_with("parameter 1: "), "{told}");
}

#[test]
fn a_name_and_a_language_are_what_meta_takes() {
    let definition = Definition {
        name: "Klaxond-Alarm".to_owned(),
        language: "en-us".to_owned(),
        ..alarm_definition()
    };
    insta::assert_snapshot!(faults(&definition), @r#"
    name: a template's name is 1 to 512 small letters, digits and _; write klaxond_alarm
    language: a language is written as en or en_US; write en_US
    "#);
    for good in ["en", "en_US", "pt_BR", "fil", "zh_CN", "es_MEX"] {
        let language = good.to_owned();
        let definition = Definition {
            language,
            ..alarm_definition()
        };
        assert_eq!(faults(&definition), "", "{good}");
    }
}

#[test]
fn variables_and_parameters_agree() {
    let six = |definition: Definition| match definition.parameters {
        Parameters::Positional(mut list) => {
            list.pop();
            Parameters::Positional(list)
        }
        Parameters::Named(_) => unreachable!(),
    };
    let told = [
        Definition {
            parameters: six(alarm_definition()),
            ..alarm_definition()
        },
        definition("One {{1}} only.", &["a", "b"]),
        definition("A {{1}} and {{3}}.", &["a", "b"]),
        definition("A {{1}} and {{name}}.", &["a", "b"]),
        definition("A {{host}} here.", &["a"]),
        definition("A {{host}} here.", &[]),
        named("A {{1}} here.", &[("host", "a")]),
        named("A {{host}} here.", &[("hast", "a")]),
        named(
            "A {{host}} here, {{host}} there.",
            &[("host", "a"), ("site", "b")],
        ),
    ]
    .iter()
    .map(faults)
    .collect::<Vec<_>>()
    .join("\n");
    insta::assert_snapshot!(told, @r#"
    text: nothing fills {{7}}; the text needs 7 values, parameters has 6

    parameter 2: the text has no {{2}}; the text needs 1 values, parameters has 2

    text: {{2}} is missing; number the variables 1 to 2 without holes

    text: variables are numbers or names, not both in one template; write a number for name, or names everywhere

    text: the text has names for its variables and parameters is a list; write parameters = { host = "…" }

    text: nothing fills {{host}}; add host = "…" to parameters

    text: the text has numbers for its variables and parameters has names; write parameters = ["…", "…"], {{1}} first

    text: nothing fills {{host}}; add host = "…" to parameters
    parameter 1: the text has no {{hast}}; it has host

    parameter 2: the text has no {{site}}; it has host
    "#);
}

#[test]
fn braces_are_variables_or_faults_that_point() {
    let told = [
        definition("A {{ 1 }} here.", &["a"]),
        definition("A {{Host Name}} here.", &[]),
        definition("A {{1 here.", &["a"]),
        definition("A {{}} here.", &[]),
        definition("A {{0}} here.", &[]),
    ]
    .iter()
    .map(faults)
    .collect::<Vec<_>>()
    .join("\n");
    insta::assert_snapshot!(told, @r#"
    text: {{ 1 }} is no variable: Meta takes a number, or small letters, digits and _; write {{1}}

    text: {{Host Name}} is no variable: Meta takes a number, or small letters, digits and _; write {{host_name}}

    text: a variable is opened and not closed; write }} after its name

    text: {{}} is no variable: Meta takes a number, or small letters, digits and _; write {{1}}

    text: {{0}} is no variable: Meta takes a number, or small letters, digits and _; write {{1}}
    "#);
    let faults = Template::compile(&definition("A {{ 1 }} here.", &[])).unwrap_err();
    assert_eq!(faults[0].span, Some(2..9));
}

#[test]
fn parameters_are_compiled_and_tried_when_they_load() {
    let told = [
        "{{ alarm.sevrity }}",
        "{{ alrm.severity }}",
        "{% if alarm.index %}{{ alarm.indx }}{% endif %}",
        "{% if false %}{{ rule.titel }}{% endif %}",
        "{{ alarm.severity",
        "{% if %}",
        "{{ alarm.value | shout }}",
        "{{ alarm.value + }}",
        "{% include 'x' %}",
        "{{ debug() }}",
    ]
    .map(|source| faults(&definition("Value: {{1}}.", &[source])))
    .join("\n");
    insta::assert_snapshot!(told, @r#"
    parameter 1: there is no variable alarm.sevrity; write alarm.severity

    parameter 1: there is no variable alrm.severity; write alarm

    parameter 1: there is no variable alarm.indx; write alarm.index

    parameter 1: there is no variable rule.titel; rule has description, id, name

    parameter 1: syntax error: unexpected end of input, expected end of variable block

    parameter 1: syntax error: unexpected end of block

    parameter 1: unknown filter: filter shout is unknown

    parameter 1: syntax error: unexpected end of variable block

    parameter 1: syntax error: unknown statement include

    parameter 1: there is no variable debug; there are alarm, bucket, contact, digest, notification, rule
    "#);
}

#[test]
fn a_fault_in_a_parameter_points_into_it() {
    let source = "now: {{ alarm.sevrity }}";
    let faults = Template::compile(&definition("Value: {{1}}.", &[source])).unwrap_err();
    assert_eq!(faults[0].place, Place::Parameter(0));
    assert_eq!(&source[faults[0].span.clone().unwrap()], "alarm.sevrity");
    let source = "now: {{ alarm.value | shout }}";
    let faults = Template::compile(&definition("Value: {{1}}.", &[source])).unwrap_err();
    assert!(source[faults[0].span.clone().unwrap()].contains("shout"));
}

#[test]
fn texts_have_metas_lengths() {
    let definition = Definition {
        header: Some(HeaderDefinition {
            text: "h".repeat(61),
            parameter: None,
        }),
        text: "b".repeat(1025),
        footer: Some("f".repeat(61)),
        parameters: Parameters::Positional(vec![]),
        buttons: vec![
            quick_reply(&"q".repeat(26)),
            quick_reply(""),
            url(&format!("https://x.example/{}", "u".repeat(2000)), None),
        ],
        ..alarm_definition()
    };
    insta::assert_snapshot!(faults(&definition), @r#"
    header: a header has at most 60 characters, this one has 61
    text: a text has at most 1024 characters, this one has 1025
    footer: a footer has at most 60 characters, this one has 61
    button 1: a label has at most 25 characters, this one has 26
    button 2: a label cannot be empty
    warning: button 1: WhatsApp on a desktop does not show messages with four buttons or more, or with quick replies beside other kinds
    button 3: url has at most 2000 characters
    "#);
}

#[test]
fn a_header_has_one_variable_and_what_fills_it() {
    let told = [
        ("{{1}} {{2}}", Some("a")),
        ("{{1}}", None),
        ("Alarm", Some("a")),
        ("On {{2}}", Some("a")),
        ("On {{host}}", Some("a")),
    ]
    .map(|(text, parameter)| {
        faults(&Definition {
            header: Some(HeaderDefinition {
                text: text.to_owned(),
                parameter: parameter.map(str::to_owned),
            }),
            ..definition("A {{1}} here.", &["a"])
        })
    })
    .join("\n");
    insta::assert_snapshot!(told, @r#"
    header: a header has at most one variable

    header: nothing fills {{1}}; give the header a parameter

    parameter of the header: the header has no variable to fill; remove it, or write {{1}} into the header

    header: a header numbers its variable 1; write {{1}}

    header: the header and the text both number their variables or both name them
    "#);
}

#[test]
fn buttons_keep_metas_rules() {
    let with = |buttons| {
        faults(&Definition {
            buttons,
            ..definition("See to it.", &[])
        })
    };
    let site = "https://noc.example/";
    let told = [
        with(vec![url("noc.example", None)]),
        with(vec![url("https://noc.example/{{1}}/x", Some("a"))]),
        with(vec![url("https://noc.example/{{1}}", None)]),
        with(vec![url(site, Some("a"))]),
        with(vec![url(site, None), url(site, None), url(site, None)]),
        with(vec![quick_reply("a"), url(site, None), quick_reply("b")]),
        with((0..11).map(|n| quick_reply(&n.to_string())).collect()),
        with(vec![quick_reply("Hi {{1}}")]),
    ]
    .join("\n");
    insta::assert_snapshot!(told, @r#"
    button 1: url is not a web address; write it in full, with https://

    button 1: url has one variable at most, {{1}} at its end

    button 1: nothing fills {{1}} in url; give the button a parameter

    button 1: url has no variable to fill; write {{1}} at its end, or remove the parameter

    button 3: a template has at most 2 url buttons

    button 3: quick replies must stand together; put them before or after the url buttons
    warning: button 1: WhatsApp on a desktop does not show messages with four buttons or more, or with quick replies beside other kinds

    button 11: a template has at most 10 buttons
    warning: button 1: WhatsApp on a desktop does not show messages with four buttons or more, or with quick replies beside other kinds

    button 1: a label cannot have variables
    "#);
}

#[test]
fn what_meta_refuses_at_creation_is_a_warning() {
    let definition = definition("{{1}}: {{2}}\n\n{{3}}", &["a", "b", "c"]);
    assert!(Template::compile(&definition).is_ok());
    insta::assert_snapshot!(faults(&definition), @r#"
    warning: text: Meta refuses a text that begins with a variable; put words beside {{1}}
    warning: text: Meta refuses a text that ends with a variable; put words beside {{3}}
    warning: text: Meta refuses variables next to each other; put words beside {{3}}
    "#);
}

#[test]
fn meta_would_take_the_templates_that_the_config_ships() {
    for id in ["cleared", "updated", "reminder", "digest"] {
        let template = Template::compile(&shipped_template(id)).unwrap();
        assert!(
            template.warnings().is_empty(),
            "{id}: {:?}",
            template.warnings()
        );
    }
}
