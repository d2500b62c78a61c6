//! A contact, an alarm, templates, and a client for a server that stands in for Graph.

use std::time::Duration;

use jiff::tz::TimeZone;
use klaxond::model::{
    AlarmRecord, AlarmType, BucketView, Contact, ContactId, Kind, Notification, NotificationId,
    Phone, Properties, RuleId, Severity, Status, TemplateId, Time,
};
use klaxond::whatsapp::template::{
    ButtonDefinition, Category, Definition, Display, Parameters, Rendered, Scene, Template,
    TemplateFault,
};
use klaxond::whatsapp::{Client, Settings};
use secrecy::SecretString;

pub const TOKEN: &str = "EAAtestTOKENtestTOKENtest";
pub const NUMBER_ID: &str = "106540352242922";
pub const ACCOUNT_ID: &str = "102290129340398";

pub fn phone() -> Phone {
    Phone::parse("34600111222").unwrap()
}

pub fn settings(base_url: &str) -> Settings {
    Settings {
        phone_number_id: NUMBER_ID.to_owned(),
        business_account_id: Some(ACCOUNT_ID.to_owned()),
        token: SecretString::from(TOKEN),
        token_file: None,
        app_secret: None,
        base_url: base_url.to_owned(),
        api_version: "v25.0".to_owned(),
        ca_file: None,
        connect_timeout: Duration::from_secs(20),
        answer_timeout: Duration::from_secs(20),
    }
}

pub fn client(base_url: &str) -> Client {
    Client::new(&settings(base_url)).unwrap()
}

pub fn contact() -> Contact {
    Contact {
        id: ContactId::parse("noc-desk").unwrap(),
        name: "NOC desk".to_owned(),
        phone: phone(),
        groups: vec!["noc".to_owned(), "all".to_owned()],
        language: None,
        timezone: None,
        enabled: true,
        opt_in: None,
        quiet: None,
        fallback: None,
    }
}

pub fn alarm() -> AlarmRecord {
    let mut properties = Properties::default();
    properties.insert("ELEMENT.Site", "HQ");
    AlarmRecord {
        id: "4711".to_owned(),
        element: "London encoder 3".to_owned(),
        element_id: Some("7/59".to_owned()),
        parameter: "Input bitrate".to_owned(),
        parameter_id: None,
        index: "Port 2".to_owned(),
        value: "1.2 Mbps".to_owned(),
        severity: Severity::Critical,
        severity_range: None,
        kind: Some(AlarmType::NewAlarm),
        status: Status::Open,
        // 2026-11-22 10:00:00 UTC
        time: Time::from_ms(1_795_341_600_000),
        owner: String::new(),
        user_status: None,
        source: "DataMiner System".to_owned(),
        comment: String::new(),
        services: vec![],
        views: vec![],
        properties,
        partial: false,
        repeats: false,
        until: None,
    }
}

pub fn notification(alarm: AlarmRecord) -> Notification {
    Notification {
        id: NotificationId(1),
        rule: RuleId::parse("critical").unwrap(),
        rule_name: "Critical alarms".to_owned(),
        rule_description: String::new(),
        kind: Kind::Raised,
        reason: "first rule that matches".to_owned(),
        bucket: "4711".to_owned(),
        at: Time::from_ms(1_795_341_601_000),
        view: BucketView::of_one(&alarm, Time::from_ms(1_795_341_601_000)),
        alarm,
        digest: None,
        suppressed: None,
    }
}

pub fn display() -> Display {
    Display {
        timezone: TimeZone::get("Europe/Madrid").unwrap(),
        time_format: "%Y-%m-%d %H:%M:%S".to_owned(),
    }
}

/// `[templates.alarm]` of the documentation.
pub fn alarm_definition() -> Definition {
    Definition {
        id: TemplateId::parse("alarm").unwrap(),
        name: "klaxond_alarm".to_owned(),
        language: "en_US".to_owned(),
        header: None,
        text: "Hello {{1}}! 👋\n\
               The following alarm was just generated ⚠️\n\
               \n\
               - *Element:* {{2}}\n\
               - *Parameter:* {{3}}\n\
               - *Value:* {{4}}\n\
               - *Severity:* {{5}}\n\
               - *Time:* {{6}}\n\
               - *Type:* {{7}}\n\
               \n\
               Please check it."
            .to_owned(),
        footer: None,
        parameters: Parameters::Positional(
            [
                "{{ contact.name }}",
                "{{ alarm.element }}",
                "{{ alarm.parameter }}{% if alarm.index %} {{ alarm.index }}{% endif %}",
                "{{ alarm.value }}",
                "{{ alarm.severity }}",
                "{{ alarm.time }}",
                "{{ alarm.type }}",
            ]
            .map(str::to_owned)
            .to_vec(),
        ),
        buttons: vec![],
        category: Category::Utility,
        ttl: None,
        examples: vec![],
        fallback: None,
        languages: vec![],
    }
}

/// A template with the one body text `text`, filled by `parameters` in order.
pub fn definition(text: &str, parameters: &[&str]) -> Definition {
    let parameters = parameters.iter().map(|source| (*source).to_owned());
    Definition {
        text: text.to_owned(),
        parameters: Parameters::Positional(parameters.collect()),
        ..alarm_definition()
    }
}

pub fn compile(definition: &Definition) -> Template {
    Template::compile(definition).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The faults of a definition, each on a line; `warning` before those that are not fatal.
pub fn faults(definition: &Definition) -> String {
    let faults = match Template::compile(definition) {
        Ok(template) => template.warnings().to_vec(),
        Err(faults) => faults,
    };
    let line = |fault: &TemplateFault| match fault.fatal {
        true => format!("{fault}\n"),
        false => format!("warning: {fault}\n"),
    };
    faults.iter().map(line).collect()
}

pub fn render(definition: &Definition, alarm: AlarmRecord) -> Rendered {
    let (notification, contact, display) = (notification(alarm), contact(), display());
    compile(definition).render(&Scene {
        notification: &notification,
        contact: &contact,
        display: &display,
        repeat: false,
    })
}

/// The same with names.
pub fn named(text: &str, parameters: &[(&str, &str)]) -> Definition {
    let own = |(name, source): &(&str, &str)| ((*name).to_owned(), (*source).to_owned());
    Definition {
        text: text.to_owned(),
        parameters: Parameters::Named(parameters.iter().map(own).collect()),
        ..alarm_definition()
    }
}

/// A quick reply without a payload of its own.
pub fn quick_reply(text: &str) -> ButtonDefinition {
    ButtonDefinition::QuickReply {
        text: text.to_owned(),
        payload: None,
    }
}

/// A button that opens an address.
pub fn url(url: &str, parameter: Option<&str>) -> ButtonDefinition {
    ButtonDefinition::Url {
        text: "Open".to_owned(),
        url: url.to_owned(),
        parameter: parameter.map(str::to_owned),
    }
}
