//! What a phone shows of a digest, and that every alarm of it is told or counted.

use std::collections::BTreeMap;
use std::time::Duration;

use klaxond::model::{
    AlarmRef, AlarmType, Kind, Member, MessageId, NotificationId, RuleId, Severity, TemplateId,
    Time,
};
use klaxond::whatsapp::template::digest::{MAX_PARTS, Occasion, Part, compose};
use klaxond::whatsapp::template::{
    Definition, HeaderDefinition, Rendered, Scene, Template, Vocabulary, Words,
};
use proptest::prelude::*;

use crate::support::config::{Folder, PATH, WHATSAPP, shipped_template};
use crate::support::messages::{alarm_definition, compile, contact, definition, display};
use crate::support::readme::{blocks, section};

/// 2026-11-22 11:04:30 in Madrid.
const AT: Time = Time::from_ms(1_795_341_870_000);

fn member(n: u32, severity: Severity, element: &str, ago_s: u64) -> Member {
    Member {
        message: MessageId(i64::from(n)),
        notification: NotificationId(i64::from(n)),
        kind: Kind::Raised,
        template: TemplateId::parse("alarm").unwrap(),
        severity,
        expires: None,
        confirm: None,
        is_moot: false,
        overtaken_by: None,
        rule: RuleId::parse("critical").unwrap(),
        rule_name: "Critical alarms".to_owned(),
        reason: "severity >= major".to_owned(),
        key: String::new(),
        count: 1,
        happened: Some(AlarmType::NewAlarm),
        alarm: AlarmRef {
            id: n.to_string(),
            element: element.to_owned(),
            parameter: "Input bitrate".to_owned(),
            index: "Port 2".to_owned(),
            value: "1.2 Mbps".to_owned(),
            severity,
            time: AT - Duration::from_secs(ago_s),
        },
    }
}

/// What a digest of these members is, as a phone shows each part.
fn told(definition: &Definition, members: &[Member]) -> (Vec<Part>, Vec<Rendered>) {
    let (template, contact, display) = (compile(definition), contact(), display());
    let occasion = Occasion {
        template: &template,
        contact: &contact,
        display: &display,
        at: AT,
        reason: "more than 10 messages in 2m",
    };
    let parts = compose(members, &occasion);
    let rendered = parts.iter().map(|part| {
        template.render(&Scene {
            notification: &part.notification,
            contact: &contact,
            display: &display,
            repeat: false,
        })
    });
    let rendered = rendered.collect();
    (parts, rendered)
}

fn texts(definition: &Definition, members: &[Member]) -> String {
    let (_, rendered) = told(definition, members);
    let texts: Vec<&str> = rendered.iter().map(Rendered::text).collect();
    texts.join("\n==== next message ====\n")
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Six alarms of all kinds.
fn mixed() -> Vec<Member> {
    let cleared = Member {
        kind: Kind::Cleared,
        reason: "cleared".to_owned(),
        ..member(1, Severity::Critical, "Madrid encoder 1", 20)
    };
    let left = Member {
        kind: Kind::Cleared,
        reason: "no longer matches (now Minor)".to_owned(),
        ..member(2, Severity::Major, "London encoder 3", 40)
    };
    let grouped = Member {
        key: "Cabinet 7".to_owned(),
        count: 5,
        ..member(3, Severity::Major, "Fan tray", 65)
    };
    let updated = Member {
        kind: Kind::Updated,
        ..member(4, Severity::Critical, "London encoder 3", 130)
    };
    let mut bare = member(5, Severity::Critical, "London encoder 3", 90_000);
    bare.kind = Kind::Reminder;
    bare.alarm.parameter.clear();
    bare.alarm.index.clear();
    bare.alarm.value.clear();
    let taken = Member {
        kind: Kind::Acknowledged,
        reason: "Duty engineer has it".to_owned(),
        ..member(6, Severity::Critical, "London encoder 3", 10)
    };
    vec![cleared, left, grouped, updated, bare, taken]
}

#[test]
fn the_shipped_template_tells_the_worst_first_and_what_has_ended_last() {
    insta::assert_snapshot!(texts(&shipped_template("digest"), &mixed()));
}

#[test]
fn the_readme_shows_what_a_phone_shows() {
    let alarm =
        |n: u32, severity, element: &str, parameter: &str, index: &str, value: &str, ago_s| {
            let mut member = member(n, severity, element, ago_s);
            parameter.clone_into(&mut member.alarm.parameter);
            index.clone_into(&mut member.alarm.index);
            value.clone_into(&mut member.alarm.value);
            member
        };
    let london = "London encoder 3";
    let first = alarm(
        1,
        Severity::Critical,
        london,
        "Input bitrate",
        "Port 2",
        "1.2 Mbps",
        130,
    );
    let mut second = alarm(
        2,
        Severity::Critical,
        london,
        "Input bitrate",
        "Port 1",
        "0 Mbps",
        720,
    );
    second.kind = Kind::Updated;
    let mut third = alarm(3, Severity::Major, "Fan tray", "Speed", "", "0 rpm", 65);
    (third.key, third.count) = ("Cabinet 7".to_owned(), 5);
    let mut fourth = alarm(4, Severity::Major, london, "Buffer", "", "", 10);
    fourth.kind = Kind::Acknowledged;
    fourth.reason = "Duty engineer has it".to_owned();
    let mut fifth = member(5, Severity::Critical, "Madrid encoder 1", 20);
    fifth.kind = Kind::Cleared;
    fifth.reason = "cleared".to_owned();
    let shipped = shipped_template("digest");
    let text = texts(&shipped, &[fifth, fourth, third, second, first]);
    let shown = blocks(section("Storms"), "text");
    assert_eq!(shown, [format!("{text}\n")]);
    let config = blocks(section("Storms"), "toml").join("\n");
    let loaded = Folder::new(&format!("{WHATSAPP}{PATH}{config}"))
        .load()
        .unwrap();
    let definitions = loaded.settings.definitions;
    assert!(
        definitions.contains(&shipped),
        "it is what the example ships"
    );
}

#[test]
fn a_template_for_alarms_tells_of_all_as_of_one() {
    insta::assert_snapshot!(texts(&alarm_definition(), &mixed()));
}

#[test]
fn times_print_in_the_zone_of_the_contact() {
    let (template, mut contact, display) = (
        compile(&definition(
            "A {{1}} b.",
            &["{{ digest.list }} {{ digest.first }}"],
        )),
        contact(),
        display(),
    );
    contact.timezone = Some(jiff::tz::TimeZone::get("America/New_York").unwrap());
    let parts = compose(
        &[member(1, Severity::Major, "E", 0)],
        &Occasion {
            template: &template,
            contact: &contact,
            display: &display,
            at: AT,
            reason: "",
        },
    );
    let text = template.render(&Scene {
        notification: &parts[0].notification,
        contact: &contact,
        display: &display,
        repeat: false,
    });
    assert_eq!(
        text.text(),
        "A Major: 05:04 E, Input bitrate Port 2: 1.2 Mbps 2026-11-22 05:04:30 b."
    );
}

#[test]
fn a_storm_is_cut_between_alarms_and_counted_to_the_end() {
    let members: Vec<Member> = (0..37_u32)
        .map(|n| {
            let severity = [Severity::Major, Severity::Critical, Severity::Minor]
                [usize::try_from(n % 3).unwrap()];
            member(
                n,
                severity,
                &format!("London encoder {}", n % 5),
                u64::from(n) * 7,
            )
        })
        .collect();
    insta::assert_snapshot!(texts(&shipped_template("digest"), &members));
}

#[test]
fn what_eight_messages_cannot_hold_is_summed_up_in_the_last() {
    let members: Vec<Member> = (0..2_000_u32)
        .map(|n| {
            let severity = if n < 100 {
                Severity::Critical
            } else {
                Severity::Warning
            };
            member(
                n,
                severity,
                &format!("London encoder {}", n % 7),
                u64::from(n),
            )
        })
        .collect();
    let (parts, rendered) = told(&shipped_template("digest"), &members);
    assert_eq!(parts.len(), MAX_PARTS);
    let last = rendered.last().unwrap().text();
    let at = last.find("and ").unwrap();
    let shown: usize = rendered
        .iter()
        .map(|r| r.text().matches("Input bitrate").count())
        .sum();
    assert!(
        last[at..].starts_with(&format!("and {} more: ", 2_000 - shown)),
        "{last}"
    );
    assert!(
        last[at..].contains(&format!("{} Warning; London encoder", 2_000 - shown)),
        "{last}"
    );
    assert_eq!(
        parts.iter().map(|part| part.members.len()).sum::<usize>(),
        2_000
    );
}

#[test]
fn one_alarm_that_is_too_long_is_shortened_at_a_word_and_costs_no_other() {
    let mut long = member(1, Severity::Critical, "London encoder 3", 0);
    long.alarm.value = "nothing works ".repeat(200);
    let members = [long, member(2, Severity::Major, "Madrid encoder 1", 0)];
    let (parts, rendered) = told(&shipped_template("digest"), &members);
    assert_eq!(parts.len(), 2);
    assert!(rendered.iter().all(|rendered| !rendered.is_shortened()));
    assert!(
        rendered[0].text().contains("works…"),
        "{}",
        rendered[0].text()
    );
    assert!(
        rendered[1]
            .text()
            .contains("Madrid encoder 1, Input bitrate Port 2: 1.2 Mbps")
    );
}

#[test]
fn a_template_without_a_value_carries_the_list_in_what_it_has() {
    for parameter in [
        "{{ alarm.parameter }}",
        "{{ alarm.element }}",
        "{% for a in bucket.alarms %}{{ a.element }}: {{ a.value }}{% endfor %}",
    ] {
        let text = texts(&definition("See {{1}} now.", &[parameter]), &mixed());
        for words in ["Fan tray", "Duty engineer has it", "Madrid encoder 1"] {
            assert!(text.contains(words), "{parameter}: {text}");
        }
    }
}

#[test]
fn nobody_is_told_of_nothing() {
    assert!(told(&alarm_definition(), &[]).0.is_empty());
}

fn any_member() -> impl Strategy<Value = Member> {
    let kind = prop_oneof![
        4 => Just(Kind::Raised),
        1 => Just(Kind::Cleared),
        1 => Just(Kind::Updated),
        1 => Just(Kind::Acknowledged),
        1 => Just(Kind::Escalated),
    ];
    let severity = proptest::sample::select(Severity::ALL.to_vec());
    let text = prop_oneof![8 => "[a-zA-Zäé👍 ;·\t\n]{0,30}", 1 => "[a-z ]{0,2500}"];
    (
        kind,
        severity,
        "[A-D]{1,2}",
        text.clone(),
        text,
        0..200_000_u64,
    )
        .prop_map(|(kind, severity, element, parameter, value, ago_s)| {
            let mut member = member(0, severity, &element, ago_s);
            member.kind = kind;
            member.alarm.parameter = parameter;
            member.alarm.value = value;
            member
        })
}

fn any_definition() -> impl Strategy<Value = Definition> {
    let filled = "a".repeat(900);
    let cramped = format!("{filled} {{{{1}}}} and {{{{2}}}} end.");
    prop_oneof![
        Just(shipped_template("digest")),
        Just(alarm_definition()),
        Just(definition(
            "Twice {{1}} and {{1}} here.",
            &["{{ alarm.value }}"]
        )),
        Just(definition(
            "All {{1}} here.",
            &["{{ alarm.element }}{% if notification.repeat %} told before, it may be{% endif %}"]
        )),
        Just(definition(
            &cramped,
            &["{{ digest.count }}", "{{ digest.list }}"]
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_member_is_in_one_part_and_every_part_goes_out_as_it_is(
        definition in any_definition(),
        mut members in proptest::collection::vec(any_member(), 1..120),
    ) {
        for (n, member) in members.iter_mut().enumerate() {
            member.message = MessageId(i64::try_from(n).unwrap());
        }
        let (parts, rendered) = told(&definition, &members);
        prop_assert!(parts.len() <= MAX_PARTS);
        let mut seen: BTreeMap<MessageId, usize> = BTreeMap::new();
        for id in parts.iter().flat_map(|part| &part.members) {
            *seen.entry(*id).or_default() += 1;
        }
        prop_assert_eq!(seen.len(), members.len());
        prop_assert!(seen.values().all(|times| *times == 1));
        for rendered in &rendered {
            prop_assert!(!rendered.is_shortened(), "{}", rendered.text());
            prop_assert!(units(rendered.text()) <= 1_024);
            prop_assert_eq!(rendered.notes(), [""; 0]);
            for value in rendered.values() {
                prop_assert!(!value.contains(['\n', '\t']) && !value.contains("     "));
            }
        }
        // Only what is alone in its part, and the sum at the end, is ever cut.
        for (part, rendered) in parts.iter().zip(&rendered).take(MAX_PARTS - 1) {
            let is_cut = rendered.text().contains('…');
            prop_assert!(part.members.len() == 1 || !is_cut, "{}", rendered.text());
        }
        // The worst first.
        let ranks: Vec<_> = parts
            .iter()
            .flat_map(|part| &part.members)
            .map(|id| &members[usize::try_from(id.0).unwrap()])
            .filter(|member| !matches!(member.kind, Kind::Cleared | Kind::Acknowledged))
            .map(|member| (member.alarm.severity, member.alarm.time))
            .collect();
        prop_assert!(ranks.is_sorted_by(|one, next| one >= next));
    }
}

#[test]
fn a_digest_speaks_the_words_of_its_language() {
    let mut words = Words::default();
    for (word, put) in [
        ("critical", "Crítica"),
        ("cleared", "resuelta"),
        ("major", "Grave"),
    ] {
        assert!(words.insert(word, put));
    }
    let mut vocabulary = Vocabulary::default();
    vocabulary.insert("es", words);
    let definition = Definition {
        language: "es".to_owned(),
        ..definition(
            "Varias alarmas: {{1}}, {{2}} y nada más.",
            &["{{ digest.headline }}", "{{ digest.list }}"],
        )
    };
    let template = Template::compile_with(&definition, &vocabulary).unwrap();
    let mut over = member(2, Severity::Major, "Madrid encoder 1", 60);
    over.kind = Kind::Cleared;
    over.reason = "cleared".to_owned();
    let members = [member(1, Severity::Critical, "London encoder 3", 0), over];
    let (contact, display) = (contact(), display());
    let parts = compose(
        &members,
        &Occasion {
            template: &template,
            contact: &contact,
            display: &display,
            at: AT,
            reason: "more than 10 messages in 2m",
        },
    );
    let view = parts[0].notification.digest.clone().unwrap();
    assert_eq!(view.severities, "1 Crítica, 1 resuelta");
    assert!(view.list.starts_with("Crítica: "), "{}", view.list);
    assert!(view.list.contains("resuelta: "), "{}", view.list);
    assert!(view.list.ends_with(", was Grave"), "{}", view.list);
}

#[test]
fn a_headline_that_the_header_has_no_room_for_tells_less_and_is_not_cut() {
    let with_header = |header: &str| Definition {
        header: Some(HeaderDefinition {
            text: header.to_owned(),
            parameter: Some("{{ digest.headline }}".to_owned()),
        }),
        ..definition("See the list: {{1}} and act on it.", &["{{ digest.list }}"])
    };
    let (_, rendered) = told(&with_header("Now: {{1}}"), &mixed());
    let first = rendered[0].text().lines().next().unwrap().to_owned();
    assert!(
        first.contains("Critical") && !first.contains('…'),
        "{first}"
    );
    let long = format!("{} {{{{1}}}}", "x".repeat(40));
    let (_, rendered) = told(&with_header(&long), &mixed());
    let first = rendered[0].text().lines().next().unwrap();
    assert!(first.ends_with(" alarms"), "{first}");
}
