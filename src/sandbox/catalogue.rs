//! The templates of the account, and where Meta stands with each.

use serde_json::{Value, json};

use super::envelope::News;
use super::fit::{self, Filled};
use super::refusal::Refusal;
use super::request::Call;
use super::settings::{TemplateCategory, TemplateStatus, TemplateText};
use super::vetting::Submission;

/// The id of the first template.
const FIRST_ID: u64 = 594_425_479_261_596;
/// Templates that an account may have before Meta knows it better.
const MAX_TEMPLATES: usize = 250;

/// The templates of the account.
#[derive(Debug)]
pub(super) struct Catalogue {
    held: Vec<Held>,
    accept_unknown: bool,
}

/// A template as Meta holds it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: u64,
    pub(super) text: TemplateText,
    pub(super) category: TemplateCategory,
    /// For how many seconds Meta tries to deliver, where that is set.
    pub(super) ttl: Option<i64>,
    /// As they were handed in, with examples.
    pub(super) components: Option<Value>,
    /// How often it was handed in.
    pub(super) revision: u32,
    pauses: u32,
}

/// What is to become of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateChange {
    /// It stands elsewhere.
    Status(TemplateStatus),
    /// Meta counts it as something else.
    Category(TemplateCategory),
}

impl Catalogue {
    /// `templates` and Meta's own `hello_world`. With none, or with `accept_unknown`, any is taken.
    pub(super) fn new(mut templates: Vec<TemplateText>, accept_unknown: bool) -> Self {
        let accept_unknown = accept_unknown || templates.is_empty();
        if !templates.iter().any(|t| t.name == "hello_world") {
            templates.push(hello_world());
        }
        let mut catalogue = Self {
            held: Vec::new(),
            accept_unknown,
        };
        for text in templates {
            catalogue.hold(text);
        }
        catalogue
    }

    fn hold(&mut self, text: TemplateText) -> &mut Held {
        let id = self.held.last().map_or(FIRST_ID, |last| last.id + 1);
        self.held.push(Held {
            id,
            text,
            category: TemplateCategory::Utility,
            ttl: None,
            components: None,
            revision: 0,
            pauses: 0,
        });
        let last = self.held.len() - 1;
        &mut self.held[last]
    }

    pub(super) fn held(&self) -> &[Held] {
        &self.held
    }

    /// The template with that id.
    pub(super) fn find(&self, id: &str) -> Option<&Held> {
        self.held.iter().find(|held| held.id.to_string() == id)
    }

    /// Takes a template for review.
    pub(super) fn create(&mut self, submission: Submission) -> Result<&Held, Refusal> {
        let text = submission.text;
        let same = |held: &Held| held.text.name == text.name && held.text.language == text.language;
        if self.held.iter().any(same) {
            return Err(Refusal::template(
                2_388_024,
                "Content in this language already exists",
                format!(
                    "There is already {} content for this template.",
                    text.language
                ),
            ));
        }
        if self.held.len() >= MAX_TEMPLATES {
            return Err(Refusal::template(
                2_388_019,
                "Template limit exceeded",
                format!("The account has {MAX_TEMPLATES} templates, which is the most."),
            ));
        }
        let held = self.hold(text);
        held.submit(submission.category, submission.ttl, submission.components);
        Ok(held)
    }

    /// Takes a change of the template `id` for review: what is not handed in stays.
    pub(super) fn edit(&mut self, id: &str, submission: Submission) -> Result<&Held, Refusal> {
        let held = self.held.iter_mut().find(|held| held.id.to_string() == id);
        let held = held.ok_or_else(|| Refusal::no_object(id, "post"))?;
        let approved = held.text.status == TemplateStatus::Approved;
        if approved && submission.category.is_some_and(|c| c != held.category) {
            return Err(Refusal::new(
                100,
                "The category of an approved template cannot be changed.",
            ));
        }
        held.text = TemplateText {
            name: held.text.name.clone(),
            language: held.text.language.clone(),
            ..submission.text
        };
        held.submit(submission.category, submission.ttl, submission.components);
        Ok(held)
    }

    /// Changes every language of `name`, or that one. What Meta tells of it; `None` when it is not
    /// known.
    pub(super) fn change(
        &mut self,
        name: &str,
        language: Option<&str>,
        change: TemplateChange,
    ) -> Option<Vec<News>> {
        let wanted = |held: &&mut Held| {
            held.text.name == name && language.is_none_or(|code| held.text.language == code)
        };
        let mut wanted = self.held.iter_mut().filter(wanted).peekable();
        wanted.peek()?;
        Some(wanted.filter_map(|held| held.change(change)).collect())
    }

    /// The review of that revision is over, unless somebody decided before.
    pub(super) fn approve(&mut self, id: u64, revision: u32) -> Option<News> {
        let held = self.held.iter_mut().find(|held| held.id == id)?;
        let waits = held.revision == revision && held.text.status == TemplateStatus::Pending;
        waits
            .then(|| held.change(TemplateChange::Status(TemplateStatus::Approved)))
            .flatten()
    }

    /// What the phone would show of `call`.
    pub(super) fn fill(&self, call: &Call) -> Result<Filled, Refusal> {
        let named = self.held.iter().map(|held| &held.text);
        let mut named = named.filter(|t| t.name == call.name).peekable();
        if named.peek().is_none() && self.accept_unknown {
            return fit::unknown(call);
        }
        let Some(template) = named.find(|t| t.language == call.language) else {
            return Err(not_there(call));
        };
        match template.status {
            TemplateStatus::Approved => fit::known(template, call),
            TemplateStatus::Pending | TemplateStatus::Rejected => Err(not_there(call)),
            TemplateStatus::Paused => Err(Refusal::new(
                132_015,
                "Template is paused due to low quality so it cannot be sent in a template message.",
            )),
            TemplateStatus::Disabled => Err(Refusal::new(
                132_016,
                "Template has been paused too many times due to low quality and is now permanently \
                 disabled.",
            )),
        }
    }
}

impl Held {
    fn submit(&mut self, category: Option<TemplateCategory>, ttl: Option<i64>, components: Value) {
        self.category = category.unwrap_or(self.category);
        self.ttl = ttl.or(self.ttl);
        self.components = Some(components);
        self.revision += 1;
        self.text.status = TemplateStatus::Pending;
    }

    fn change(&mut self, change: TemplateChange) -> Option<News> {
        match change {
            TemplateChange::Status(status) if status != self.text.status => {
                let before = std::mem::replace(&mut self.text.status, status);
                self.pauses += u32::from(status == TemplateStatus::Paused);
                Some(self.status_news(before))
            }
            TemplateChange::Category(category) if category != self.category => {
                let before = std::mem::replace(&mut self.category, category);
                let mut value = self.named();
                value["previous_category"] = json!(before.name());
                value["new_category"] = json!(category.name());
                Some(News::Field("template_category_update", value))
            }
            TemplateChange::Status(_) | TemplateChange::Category(_) => None,
        }
    }

    fn status_news(&self, before: TemplateStatus) -> News {
        let mut value = self.named();
        value["message_template_category"] = json!(self.category.name());
        value["reason"] = json!("NONE");
        let other =
            |title: &str, description: &str| json!({"title": title, "description": description});
        value["event"] = json!(self.text.status.name());
        match self.text.status {
            TemplateStatus::Approved if before == TemplateStatus::Paused => {
                value["event"] = json!("REINSTATED");
                value["other_info"] = other("UNPAUSE", "The template can be sent again.");
            }
            TemplateStatus::Approved | TemplateStatus::Pending => {}
            TemplateStatus::Rejected => {
                value["reason"] = json!("INVALID_FORMAT");
                value["rejection_info"] = json!({
                    "reason": "The sandbox was told to reject it.",
                    "recommendation": "Hand it in again, or approve it by hand.",
                });
            }
            TemplateStatus::Paused => {
                let (title, hours) = match self.pauses {
                    1 => ("FIRST_PAUSE", 3),
                    _ => ("SECOND_PAUSE", 6),
                };
                let description = format!("Paused for {hours} hours because of negative feedback.");
                value["other_info"] = other(title, &description);
            }
            TemplateStatus::Disabled => {
                value["other_info"] = other("DISABLED", "Disabled because of negative feedback.");
            }
        }
        News::Field("message_template_status_update", value)
    }

    /// Which template; its language as Meta writes it there.
    fn named(&self) -> Value {
        json!({
            "message_template_id": self.id,
            "message_template_name": self.text.name,
            "message_template_language": self.text.language.replace('_', "-"),
        })
    }
}

/// The sample that every account has.
fn hello_world() -> TemplateText {
    TemplateText {
        name: "hello_world".to_owned(),
        language: "en_US".to_owned(),
        header: Some("Hello World".to_owned()),
        text: "Welcome and congratulations!! This message demonstrates your ability to send a \
               WhatsApp message notification from the Cloud API, hosted by Meta. Thank you for \
               taking the time to test with us."
            .to_owned(),
        footer: Some("WhatsApp Business Platform sample message".to_owned()),
        buttons: Vec::new(),
        status: TemplateStatus::Approved,
    }
}

fn not_there(call: &Call) -> Refusal {
    Refusal::new(
        132_001,
        format!(
            "template name ({}) does not exist in {}",
            call.name, call.language
        ),
    )
}
