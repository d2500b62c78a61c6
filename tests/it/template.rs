//! What the phone shows of an alarm, and what Meta is sent for it.

use std::time::Duration;

use klaxond::model::{AlarmRecord, AlarmRef, Severity, Status, TemplateId};
use klaxond::whatsapp::template::{
    ButtonDefinition, Definition, Display, HeaderDefinition, Scene, Template,
};
use proptest::prelude::*;

use crate::support::messages::{
    alarm, alarm_definition, compile, contact, definition, display, named, notification,
    quick_reply, render, url,
};

fn fill(parameter: &str, alarm: AlarmRecord) -> String {
    let rendered = render(&definition("Value: {{1}}.", &[parameter]), alarm);
    let text = rendered.text();
    text["Value: ".len()..text.len() - 1].to_owned()
}

#[test]
fn the_documented_template_reads_as_the_phone_shows_it() {
    let rendered = render(&alarm_definition(), alarm());
    assert_eq!(rendered.notes(), [""; 0]);
    insta::assert_snapshot!(rendered.text(), @r#"
    Hello NOC desk! 👋
    The following alarm was just generated ⚠️

    - *Element:* London encoder 3
    - *Parameter:* Input bitrate Port 2
    - *Value:* 1.2 Mbps
    - *Severity:* Critical
    - *Time:* 2026-11-22 11:00:00
    - *Type:* New alarm

    Please check it.
    "#);
}

#[test]
fn header_footer_and_buttons_stand_around_the_text() {
    let definition = Definition {
        header: Some(HeaderDefinition {
            text: "Alarm {{1}}".to_owned(),
            parameter: Some("{{ alarm.severity }}".to_owned()),
        }),
        footer: Some("Acme NOC".to_owned()),
        buttons: vec![quick_reply("Acknowledge"), quick_reply("Silence")],
        ..definition("See {{1}} now.", &["{{ alarm.element }}"])
    };
    insta::assert_snapshot!(render(&definition, alarm()).text(), @r#"
    Alarm Critical
    See London encoder 3 now.
    Acme NOC
    [Acknowledge]
    [Silence]
    "#);
}

#[test]
fn every_variable_can_be_used() {
    let all = "{{ contact.id }}|{{ contact.name }}|{{ contact.groups | join('+') }}|\
        {{ contact.language }}|{{ alarm.id }}|{{ alarm.element }}|{{ alarm.element_id }}|\
        {{ alarm.parameter }}|{{ alarm.parameter_id }}|{{ alarm.index }}|{{ alarm.value }}|\
        {{ alarm.severity }}|{{ alarm.severity_range }}|{{ alarm.type }}|{{ alarm.status }}|\
        {{ alarm.time }}|{{ alarm.owner }}|{{ alarm.user_status }}|{{ alarm.source }}|\
        {{ alarm.comment }}|{{ alarm.services | length }}|{{ alarm.views | length }}|\
        {{ alarm.properties.site }}|{{ alarm.partial }}|{{ rule.id }}|{{ rule.name }}|\
        {{ rule.description }}|{{ notification.kind }}|{{ notification.reason }}|\
        {{ notification.at }}|{{ notification.repeat }}|{{ notification.bucket }}";
    insta::assert_snapshot!(fill(all, alarm()), @"noc-desk|NOC desk|noc+all||4711|London encoder 3|7/59|Input bitrate||Port 2|1.2 Mbps|Critical||New alarm|Open|2026-11-22 11:00:00|||DataMiner System||0|0|HQ|False|critical|Critical alarms||raised|first rule that matches|2026-11-22 11:00:01|False|4711");
}

#[test]
fn the_bucket_can_be_told() {
    let mut notification = notification(alarm());
    let second = AlarmRef {
        element: "Madrid encoder 1".to_owned(),
        severity: Severity::Major,
        ..notification.view.alarms[0].clone()
    };
    notification.view.key = "London".to_owned();
    notification.view.count = 2;
    notification.view.alarms.push(second);
    notification.at = notification.at + Duration::from_secs(4_325);
    let shown = |parameter: &str| {
        let scene = Scene {
            notification: &notification,
            contact: &contact(),
            display: &display(),
            repeat: false,
        };
        let rendered = compile(&definition("Value: {{1}}.", &[parameter])).render(&scene);
        rendered.text().to_owned()
    };
    assert_eq!(
        shown("{{ bucket.count }} in {{ bucket.key }}, worst {{ bucket.highest }}"),
        "Value: 2 in London, worst Critical."
    );
    assert_eq!(
        shown("{{ bucket.first }} to {{ bucket.last }}, {{ bucket.duration }}"),
        "Value: 2026-11-22 11:00:00 to 2026-11-22 11:00:00, 1 h 12 min."
    );
    assert_eq!(
        shown("{% for a in bucket.alarms %}{{ a.element }} {{ a.severity }}; {% endfor %}"),
        "Value: London encoder 3 Critical; Madrid encoder 1 Major;."
    );
    assert_eq!(
        shown(
            "{% for a in bucket.alarms[:1] %}{{ a.id }} {{ a.parameter }} {{ a.index }} {{ a.value }} {{ a.time }}{% endfor %}"
        ),
        "Value: 4711 Input bitrate Port 2 1.2 Mbps 2026-11-22 11:00:00."
    );
}

#[test]
fn what_is_missing_is_empty_and_can_have_a_default() {
    assert_eq!(fill("{{ alarm.comment }}", alarm()), "-");
    assert_eq!(
        fill("{{ alarm.comment | default('none') }}", alarm()),
        "none"
    );
    assert_eq!(fill("{{ alarm.properties.Rack }}", alarm()), "-");
    assert_eq!(fill("{{ alarm.properties.Rack | d('?') }}", alarm()), "?");
    assert_eq!(fill("{{ alarm.properties['Site'] }}", alarm()), "HQ");
    let each =
        "{% for name, value in alarm.properties | items %}{{ name }}={{ value }}{% endfor %}";
    assert_eq!(fill(each, alarm()), "ELEMENT.Site=HQ");
    let untyped = AlarmRecord {
        kind: None,
        ..alarm()
    };
    assert_eq!(fill("{{ alarm.type }}", untyped), "-");
}

#[test]
fn conditions_read_names_as_people_do() {
    let source = "{% if alarm.status == 'Cleared' %}over{% else %}{{ alarm.status }}{% endif %}";
    assert_eq!(fill(source, alarm()), "Open");
    let cleared = AlarmRecord {
        status: Status::Cleared,
        ..alarm()
    };
    assert_eq!(fill(source, cleared), "over");
}

#[test]
fn times_print_in_the_zone_of_the_contact() {
    let definition = definition("At {{1}}.", &["{{ alarm.time }}"]);
    let (notification, mut contact) = (notification(alarm()), contact());
    let show = |contact: &_, display: &Display| {
        let scene = Scene {
            notification: &notification,
            contact,
            display,
            repeat: false,
        };
        compile(&definition).render(&scene).text().to_owned()
    };
    assert_eq!(show(&contact, &display()), "At 2026-11-22 11:00:00.");
    contact.timezone = Some(jiff::tz::TimeZone::get("America/New_York").unwrap());
    assert_eq!(show(&contact, &display()), "At 2026-11-22 05:00:00.");
    let short = Display {
        time_format: "%d/%m %H:%M %Z".to_owned(),
        ..display()
    };
    assert_eq!(show(&contact, &short), "At 22/11 05:00 EST.");
}

#[test]
fn a_repeat_can_say_that_it_is_one() {
    let source = "{% if notification.repeat %}again: {% endif %}{{ alarm.value }}";
    let template = compile(&definition("Value: {{1}}.", &[source]));
    let (notification, contact, display) = (notification(alarm()), contact(), display());
    let rendered = template.render(&Scene {
        notification: &notification,
        contact: &contact,
        display: &display,
        repeat: true,
    });
    assert_eq!(rendered.text(), "Value: again: 1.2 Mbps.");
}

#[test]
fn a_value_that_cannot_be_worked_out_does_not_lose_the_alarm() {
    let bitrate = "{{ (alarm.value | split(' ') | first) | float }}";
    let definition = definition("{{1}} and {{2}}.", &[bitrate, "{{ alarm.element }}"]);
    let sample = AlarmRecord {
        value: "lost".to_owned(),
        ..alarm()
    };
    let rendered = render(&definition, sample);
    assert_eq!(rendered.text(), "- and London encoder 3.");
    insta::assert_debug_snapshot!(rendered.notes(), @r#"
    [
        "parameter 1 could not be filled: invalid operation: invalid float literal",
    ]
    "#);
}

#[test]
fn a_long_value_gives_way_and_short_ones_stay_whole() {
    let long = AlarmRecord {
        comment: "a long story ".repeat(500),
        ..alarm()
    };
    let definition = definition(
        "Element {{1}}, comment {{2}}, severity {{3}}.",
        &[
            "{{ alarm.element }}",
            "{{ alarm.comment }}",
            "{{ alarm.severity }}",
        ],
    );
    let rendered = render(&definition, long);
    let text = rendered.text();
    assert!(text.starts_with("Element London encoder 3, comment a long story a"));
    assert!(text.ends_with("…, severity Critical."), "{text}");
    let length = text.encode_utf16().count();
    assert!((1010..=1024).contains(&length), "{length}");
}

#[test]
fn a_header_fits_its_sixty_characters() {
    let definition = Definition {
        header: Some(HeaderDefinition {
            text: "Alarm on {{1}}".to_owned(),
            parameter: Some("{{ alarm.element }}".to_owned()),
        }),
        ..definition("See to it.", &[])
    };
    let long = AlarmRecord {
        element: "London Docklands transmission centre, encoder rack 3, slot 7".to_owned(),
        ..alarm()
    };
    let rendered = render(&definition, long);
    assert_eq!(
        rendered.text(),
        "Alarm on London Docklands transmission centre, encoder rack…\nSee to it."
    );
}

#[test]
fn the_end_of_an_address_is_encoded_where_a_value_stands() {
    let definition = Definition {
        buttons: vec![url(
            "https://noc.example/{{1}}",
            Some("alarm?id={{ alarm.id }}&of={{ alarm.element }}"),
        )],
        ..definition("See to it.", &[])
    };
    let odd = AlarmRecord {
        id: "a/b?c=ä\n".to_owned(),
        ..alarm()
    };
    let values: Vec<_> = render(&definition, odd)
        .values()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        values,
        ["alarm?id=a%2Fb%3Fc%3D%C3%A4%0A&of=London%20encoder%203"]
    );
    let long = AlarmRecord {
        id: "ä".repeat(2000),
        ..alarm()
    };
    let values: Vec<_> = render(&definition, long)
        .values()
        .map(str::to_owned)
        .collect();
    assert!(values[0].len() <= 2000 - "https://noc.example/".len());
    assert!(
        values[0].ends_with("%C3%A4") || values[0].ends_with("%C3"),
        "{}",
        values[0]
    );
}

#[test]
fn a_payload_is_at_most_256_bytes_and_the_label_when_empty() {
    let with = |payload: &str| Definition {
        buttons: vec![ButtonDefinition::QuickReply {
            text: "Ack".to_owned(),
            payload: Some(payload.to_owned()),
        }],
        ..definition("See to it.", &[])
    };
    let long = AlarmRecord {
        comment: "ä".repeat(300),
        ..alarm()
    };
    let rendered = render(&with("{{ alarm.comment }}"), long);
    assert_eq!(rendered.values().next().map(str::len), Some(256));
    let rendered = render(&with("{{ alarm.comment }}"), alarm());
    assert_eq!(rendered.values().next(), None);
}

#[test]
fn a_variable_that_stands_twice_is_filled_twice() {
    let definition = named(
        "A {{host}} here, {{host}} there.",
        &[("host", "{{ alarm.element }}")],
    );
    assert_eq!(
        render(&definition, alarm()).text(),
        "A London encoder 3 here, London encoder 3 there."
    );
}

#[test]
fn a_template_knows_its_names() {
    let template = compile(&alarm_definition());
    assert_eq!(template.id(), &TemplateId::parse("alarm").unwrap());
    assert_eq!(template.name(), "klaxond_alarm");
    assert_eq!(template.language(), "en_US");
}

proptest! {
    /// Whatever an alarm says, Meta takes the values and the body.
    #[test]
    fn any_alarm_makes_a_message_that_meta_takes(
        element in ".{0,80}",
        value in "(?s).{0,1500}",
        comment in "[ \\t\\n\\r\u{0}\u{200b}\u{202e}\u{2028}a😀]{0,2000}",
        index in "[{}%#a\\n ]{0,40}",
    ) {
        let definition = Definition {
            header: Some(HeaderDefinition {
                text: "On {{1}}".to_owned(),
                parameter: Some("{{ alarm.element }}".to_owned()),
            }),
            ..definition(
                "Element {{1}} has {{2}} at {{3}}: {{4}}. Again {{2}}.",
                &["{{ alarm.element }}", "{{ alarm.value }}", "{{ alarm.index }}", "{{ alarm.comment }}"],
            )
        };
        let rendered = render(&definition, AlarmRecord { element, value, comment, index, ..alarm() });

        prop_assert_eq!(rendered.values().count(), 5);
        for value in rendered.values() {
            prop_assert!(!value.is_empty());
            prop_assert_eq!(value, value.trim());
            prop_assert!(!value.contains("  "));
            prop_assert!(!value.chars().any(char::is_control));
            let breaks = |c| matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}');
            prop_assert!(!value.chars().any(breaks));
        }
        let (header, body) = rendered.text().split_once('\n').unwrap();
        prop_assert!(header.encode_utf16().count() <= 60);
        prop_assert!(body.encode_utf16().count() <= 1024);
        prop_assert_eq!(rendered.notes().len(), 0);
    }

    /// No text in a config makes the compiler panic.
    #[test]
    fn any_definition_is_taken_or_refused(
        text in "[{}1-3a-z \\n]{0,60}",
        source in "[{}%a-z.| '()\\[\\]0-9+]{0,60}",
        address in "[{}1a:/ .%?]{0,40}",
    ) {
        let definition = Definition {
            buttons: vec![url(&address, Some(&source))],
            ..definition(&text, &[&source])
        };
        if let Ok(template) = Template::compile(&definition) {
            prop_assert!(template.warnings().iter().all(|fault| !fault.fatal));
            render(&definition, alarm());
        }
    }
}
