//! `klaxond test-message`: one real message, to see that it arrives.

use jiff::Timestamp;
use serde_json::json;

use crate::config::Settings;
use crate::model::{
    AlarmRecord, AlarmType, BucketView, Contact, Kind, Notification, NotificationId, Outcome,
    Phone, Properties, RuleId, Severity, Status, Time,
};
use crate::pipeline::Outfit;
use crate::whatsapp::template::{Rendered, Scene};
use crate::whatsapp::{Client, advice};

use super::Exit;
use super::options::{ConfigArgs, Output, block_on, complain};

/// The options of `test-message`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The message goes straight to Meta: no rule, no queue. Meta's answer is shown as it came, with what
to do about it.

Examples:
  klaxond test-message --to 34600111222 --hello-world   the first one: needs a token and a number id
  klaxond test-message 'NOC desk'                       the alarm template, filled with an example

Exit codes: 0 accepted, 69 Meta says no, 75 no answer could be read, 78 the config is wrong.")]
#[command(group = clap::ArgGroup::new("whom").required(true))]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The contact, by id or name
    #[arg(group = "whom")]
    contact: Option<String>,
    /// A number instead of a contact: country code first, digits only
    #[arg(long, value_name = "NUMBER", group = "whom", requires = "hello_world")]
    to: Option<String>,
    /// Send Meta's own hello_world template, which every test number has
    #[arg(long)]
    hello_world: bool,
    /// The template to send
    #[arg(
        long,
        value_name = "ID",
        default_value = "alarm",
        conflicts_with = "hello_world"
    )]
    template: String,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    send(args).unwrap_or_else(|exit| exit)
}

fn send(args: &Args) -> Result<Exit, Exit> {
    let settings = args.config.load_for(args.output)?.settings;
    let (to, rendered) = message(args, &settings)?;
    let client = Client::new(&settings.whatsapp).map_err(|error| {
        complain(args.output, &error.to_string());
        Exit::Config
    })?;
    let opaque = format!("test:{}", uuid::Uuid::now_v7().simple());
    let outcome = block_on(client.send(&to, &opaque, &rendered))?;
    Ok(tell(args.output, &rendered, &outcome))
}

fn message(args: &Args, settings: &Settings) -> Result<(Phone, Rendered), Exit> {
    if let Some(number) = &args.to {
        let phone = Phone::parse(number).map_err(|fault| {
            let hint = Phone::suggest(number)
                .map_or(String::new(), |phone| format!("; write {}", phone.digits()));
            complain(args.output, &format!("{fault}{hint}"));
            Exit::Usage
        })?;
        return Ok((phone, Rendered::hello_world()));
    }
    let wanted = args.contact.as_deref().unwrap_or_default();
    let contacts = &settings.ruleset.contacts;
    let found = contacts
        .iter()
        .find(|contact| contact.id.as_str() == wanted || contact.name == wanted);
    let Some(contact) = found else {
        let known: Vec<&str> = contacts.iter().map(|contact| contact.id.as_str()).collect();
        let known = known.join(", ");
        let error = format!("no contact is called {wanted:?}; there are: {known}");
        complain(args.output, &error);
        return Err(Exit::Usage);
    };
    if args.hello_world {
        return Ok((contact.phone.clone(), Rendered::hello_world()));
    }
    render(args, settings, contact).map(|rendered| (contact.phone.clone(), rendered))
}

fn render(args: &Args, settings: &Settings, contact: &Contact) -> Result<Rendered, Exit> {
    let outfit = Outfit::new(
        std::slice::from_ref(contact),
        &settings.templates,
        settings.display.clone(),
    );
    let template = settings
        .templates
        .iter()
        .find(|template| template.id().as_str() == args.template);
    let Some(template) = template else {
        let known: Vec<&str> = settings
            .templates
            .iter()
            .map(|template| template.id().as_str())
            .collect();
        let (wanted, known) = (&args.template, known.join(", "));
        let error = format!("no template is called {wanted:?}; there are: {known}");
        complain(args.output, &error);
        return Err(Exit::Usage);
    };
    let rule = RuleId::parse("test message").map_err(|_| Exit::Software)?;
    let notification = example(rule);
    let scene = Scene {
        notification: &notification,
        contact,
        display: outfit.display(),
        repeat: false,
    };
    Ok(template.render(&scene))
}

/// An alarm that nobody can take for a real one.
fn example(rule: RuleId) -> Notification {
    let now = Time::from(Timestamp::now());
    let alarm = AlarmRecord {
        id: "test".to_owned(),
        element: "TEST, no real alarm".to_owned(),
        element_id: None,
        parameter: "klaxond test-message".to_owned(),
        parameter_id: None,
        index: String::new(),
        value: "it arrived".to_owned(),
        severity: Severity::Information,
        severity_range: None,
        kind: Some(AlarmType::NewAlarm),
        status: Status::Open,
        time: now,
        owner: String::new(),
        user_status: None,
        source: "klaxond".to_owned(),
        comment: String::new(),
        services: Vec::new(),
        views: Vec::new(),
        properties: Properties::default(),
        partial: false,
        repeats: false,
        until: None,
    };
    Notification {
        id: NotificationId::default(),
        rule_name: rule.to_string(),
        rule,
        rule_description: String::new(),
        kind: Kind::Raised,
        reason: "klaxond test-message".to_owned(),
        bucket: String::new(),
        at: now,
        view: BucketView::of_one(&alarm, now),
        alarm,
        digest: None,
        suppressed: None,
    }
}

fn tell(output: Output, rendered: &Rendered, outcome: &Outcome) -> Exit {
    let (state, detail, code, exit) = match outcome {
        Outcome::Accepted { wamid, .. } => ("accepted", wamid.clone(), None, Exit::Ok),
        Outcome::Failed(failure) => (
            "failed",
            failure.text.clone(),
            failure.code,
            Exit::Unavailable,
        ),
        Outcome::Unknown { text } => ("unknown", text.clone(), None, Exit::TempFail),
    };
    let advice = code.and_then(advice);
    if output == Output::Json {
        println!(
            "{}",
            json!({"outcome": state, "detail": detail, "code": code, "advice": advice})
        );
        return exit;
    }
    for line in rendered.text().lines() {
        println!("  │ {line}");
    }
    match outcome {
        Outcome::Accepted { .. } => {
            println!("accepted by Meta as {detail}");
            println!("accepted is not delivered: look at the phone");
        }
        Outcome::Failed(_) => println!("Meta refused it: {detail}"),
        Outcome::Unknown { .. } => {
            println!("no answer could be read, it may have arrived: {detail}");
        }
    }
    if let Some(advice) = advice {
        println!("  {advice}");
    }
    exit
}
