//! Templates in the contact's language, and the words of that language.

use std::time::Duration;

use klaxond::model::{Contact, Kind, Notification};
use klaxond::whatsapp::template::{Category, Definition, Scene, Template, Vocabulary, Words};

use crate::support::config::{Folder, PATH, WHATSAPP, faults};
use crate::support::messages::{alarm, compile, contact, definition, display, notification};
use crate::support::readme::{blocks, section};

fn speaking(language: &str) -> Contact {
    Contact {
        language: Some(language.to_owned()),
        ..contact()
    }
}

/// What a contact reads of an alarm, and the template's language.
fn said(template: &Template, contact: &Contact, notification: &Notification) -> (String, String) {
    let rendered = template.render(&Scene {
        notification,
        contact,
        display: &display(),
        repeat: false,
    });
    (rendered.language().to_owned(), rendered.text().to_owned())
}

fn two_languages() -> Definition {
    let english = definition("Alarm on {{1}}, please check.", &["{{ alarm.element }}"]);
    let spanish = Definition {
        language: "es".to_owned(),
        text: "Alarma en {{1}}, compruébalo.".to_owned(),
        ..english.clone()
    };
    Definition {
        languages: vec![spanish],
        ..english
    }
}

#[test]
fn a_contact_reads_its_own_language_or_one_of_the_same_tongue() {
    let template = compile(&two_languages());
    let notification = notification(alarm());
    for (language, expected) in [
        ("es", "es"),
        ("es_MX", "es"),
        ("en_GB", "en_US"),
        ("fr", "en_US"),
    ] {
        let (spoken, text) = said(&template, &speaking(language), &notification);
        assert_eq!(spoken, expected, "{language}");
        assert_eq!(
            text.starts_with("Alarma"),
            expected == "es",
            "{language}: {text}"
        );
    }
    let nothing = Contact {
        language: None,
        ..contact()
    };
    assert_eq!(said(&template, &nothing, &notification).0, "en_US");
}

#[test]
fn words_are_put_in_where_they_are_printed_and_compare_as_they_are_written() {
    let mut words = Words::default();
    assert!(words.insert("critical", "Crítica") && words.insert("cleared", "resuelta"));
    let mut vocabulary = Vocabulary::default();
    vocabulary.insert("en", words);
    let definition = definition(
        "Now {{1}} and {{2}} and {{3}} and {{4}} here.",
        &[
            "{{ alarm.severity }}",
            "{% if alarm.severity == \"Critical\" %}{{ notification.kind }}{% endif %}",
            "{{ alarm.value }}",
            "{% for a in bucket.alarms %}{{ a.severity }}{% endfor %}",
        ],
    );
    let template = Template::compile_with(&definition, &vocabulary).unwrap();
    let mut alarm = alarm();
    // What the element says is not klaxond's word.
    alarm.value = "Critical".to_owned();
    let notification = Notification {
        kind: Kind::Cleared,
        ..notification(alarm)
    };
    assert_eq!(
        said(&template, &contact(), &notification).1,
        "Now Crítica and resuelta and Critical and Crítica here."
    );
}

#[test]
fn addresses_and_payloads_keep_the_words_of_klaxond() {
    use klaxond::whatsapp::template::ButtonDefinition;
    let mut words = Words::default();
    words.insert("critical", "Crítica");
    words.insert("new alarm", "Alarma nueva");
    let mut vocabulary = Vocabulary::default();
    vocabulary.insert("en_US", words);
    let definition = Definition {
        buttons: vec![
            ButtonDefinition::QuickReply {
                text: "Acknowledge".to_owned(),
                payload: Some("ack {{ alarm.severity }}".to_owned()),
            },
            ButtonDefinition::Url {
                text: "Open".to_owned(),
                url: "https://noc.example/{{1}}".to_owned(),
                parameter: Some("{{ alarm.type }}".to_owned()),
            },
        ],
        ..definition("It is {{1}} here.", &["{{ alarm.severity }}"])
    };
    let template = Template::compile_with(&definition, &vocabulary).unwrap();
    let notification = notification(alarm());
    let rendered = template.render(&Scene {
        notification: &notification,
        contact: &contact(),
        display: &display(),
        repeat: false,
    });
    let values: Vec<&str> = rendered.values().collect();
    assert_eq!(values, ["Crítica", "ack Critical", "New%20alarm"]);
}

#[test]
fn the_readmes_example_reads_in_spanish() {
    let pieces = blocks(section("Templates"), "toml");
    let piece = pieces
        .iter()
        .find(|piece| piece.contains("languages.es"))
        .unwrap();
    let folder = Folder::new(&format!("{WHATSAPP}{piece}{PATH}"));
    let settings = folder.load().unwrap().settings;
    let template = settings
        .templates
        .iter()
        .find(|template| template.id().as_str() == "clear")
        .unwrap();
    let guard = &settings.ruleset.contacts[0];
    let notification = Notification {
        kind: Kind::Cleared,
        ..notification(alarm())
    };
    let (language, text) = said(template, guard, &notification);
    assert_eq!(language, "es");
    assert!(
        text.starts_with("Se acabó: London encoder 3 está resuelta desde ")
            && text.ends_with("klaxond"),
        "{text}"
    );
    let (language, text) = said(template, &settings.ruleset.contacts[1], &notification);
    assert_eq!(language, "en_US");
    assert!(text.contains("is cleared since"), "{text}");
}

#[test]
fn another_language_takes_over_what_it_does_not_give() {
    let piece = r#"
[templates.two]
name = "klaxond_two"
category = "marketing"
ttl = "1d"
text = "{{element}} has {{count}} alarms."
parameters = { element = "{{ alarm.element }}", count = "{{ bucket.count }}" }
examples = { count = "3", element = "Encoder 7" }
footer = "Sent by klaxond"
[templates.two.languages.es]
text = "Tiene {{count}} alarmas: {{element}}, mira."
[templates.two.languages.pt_BR]
name = "klaxond_dois"
text = "São {{1}} alarmes."
parameters = ["{{ bucket.count }}"]
"#;
    let folder = Folder::new(&format!("{WHATSAPP}{piece}{PATH}"));
    let loaded = folder
        .load()
        .unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    let two = &loaded.settings.definitions[0];
    assert_eq!(two.examples, ["Encoder 7", "3"]);
    let [spanish, brazilian] = two.languages.as_slice() else {
        panic!("{two:?}")
    };
    assert_eq!(
        (spanish.name.as_str(), spanish.category, spanish.ttl),
        (
            "klaxond_two",
            Category::Marketing,
            Some(Duration::from_secs(86_400))
        )
    );
    assert_eq!(
        (&spanish.parameters, &spanish.examples),
        (&two.parameters, &two.examples)
    );
    assert_eq!(spanish.footer, None, "a footer is in a language");
    assert_eq!(
        (brazilian.name.as_str(), brazilian.examples.len()),
        ("klaxond_dois", 0)
    );
}

#[test]
fn mistakes_are_told_at_their_place() {
    for (piece, message) in [
        (
            "[words.es]\ncritcal = \"Crítica\"\n",
            "klaxond has no word \"critcal\"",
        ),
        ("[words.es]\ncritical = \" \"\n", "this is no word"),
        (
            "[words.spanish]\ncritical = \"Crítica\"\n",
            "\"spanish\" is not a language",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A text.\"\nttl = \"2d\"\n",
            "`ttl` is out of bounds",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A text.\"\nfallback_template = \"y\"\n",
            "there is no template \"y\"",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A text.\"\nfallback_template = \"x\"\n",
            "a template cannot stand in for itself",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A {{1}} text.\"\nparameters = [\"a\"]\nexamples = [\"a\", \"b\"]\n",
            "`examples` does not go with `parameters`",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A text.\"\n[templates.x.languages.en_US]\ntext = \"A text.\"\n",
            "is in this language itself",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A {{1}} text.\"\nparameters = [\"a\"]\n[templates.x.languages.es]\ntext = \"Un {{1}} {{2}} texto.\"\n",
            "nothing fills {{2}}",
        ),
        (
            "[templates.x]\nname = \"x\"\ntext = \"A text.\"\n[templates.x.languages.es]\ntext = \"Un texto.\"\ntll = \"1h\"\n",
            "[templates.x.languages.es] has no key `tll`",
        ),
    ] {
        let told = faults(&format!("{piece}{PATH}"));
        assert!(told.contains(message), "{message}\n{told}");
        assert_eq!(told.matches("error: ").count(), 1, "{told}");
    }
}

#[test]
fn a_reload_says_what_changed_in_words_and_templates() {
    let before = Folder::new(&format!("{WHATSAPP}{PATH}"))
        .load()
        .unwrap()
        .settings;
    let piece = "[words.es]\ncritical = \"Crítica\"\n[templates.alarm.languages.es]\ntext = \"Alarma {{1}}, mira.\"\n";
    let folder = Folder::new(&format!("{WHATSAPP}{piece}{PATH}"));
    let after = folder.load().unwrap().settings;
    let changes = before.changes(&after).applied;
    assert!(changes.contains(&"words changed".to_owned()), "{changes:?}");
    assert!(
        changes.contains(&"template alarm: languages changed".to_owned()),
        "{changes:?}"
    );
}
