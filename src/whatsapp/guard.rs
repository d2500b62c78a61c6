//! Whether the templates of the config are the ones that Meta has.

use super::approved::TemplateInfo;
use super::template::sanitise::units;
use super::template::{ButtonDefinition, Template};
use crate::model::TemplateId;

/// What Meta has of one template in one language, beside what the config has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Its id in the config.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Whether Meta has it.
    pub standing: Standing,
    /// Why Meta would refuse messages with it, though it is approved. Sentences for people.
    pub problems: Vec<String>,
    /// What is otherwise than the config says and does no harm to sending.
    pub remarks: Vec<String>,
    /// Whether what Meta has is letter by letter what would be handed in.
    pub is_identical: bool,
    /// As Meta has it.
    pub info: Option<TemplateInfo>,
}

/// Whether Meta has a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not under this name.
    Missing,
    /// In these languages only.
    Elsewhere(Vec<String>),
    /// It has it, and does not let it be sent.
    NotApproved {
        /// Meta's word: `PENDING`, `REJECTED`, `PAUSED`, …
        status: String,
        /// Why it was refused.
        why: Option<String>,
    },
    /// It can be sent.
    Approved,
}

impl Judgement {
    /// Whether messages with it can be sent.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        self.standing == Standing::Approved && self.problems.is_empty()
    }

    /// Whether Meta has it at all.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.info.is_some()
    }

    /// Meta's word for its state; `MISSING` where Meta has none.
    #[must_use]
    pub fn status(&self) -> &str {
        match &self.standing {
            Standing::Missing | Standing::Elsewhere(_) => "MISSING",
            Standing::NotApproved { status, .. } => status,
            Standing::Approved => "APPROVED",
        }
    }

    /// What is to be said of it, in words.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match &self.standing {
            Standing::Missing => "Meta does not know it: submit it with `klaxond templates push`, or in WhatsApp Manager > Message templates, under this name".to_owned(),
            Standing::Elsewhere(languages) => format!(
                "Meta knows it only in {}: write that as its language, or submit it in this one",
                languages.join(", ")
            ),
            Standing::NotApproved { status, why } => {
                let why = why.as_ref().map_or(String::new(), |why| format!(" ({why})"));
                format!("it is {status}{why}: only an approved template can be sent")
            }
            Standing::Approved if !self.problems.is_empty() => format!(
                "Meta's template differs from the config's:\n  {}",
                self.problems.join("\n  ")
            ),
            Standing::Approved => "good: approved".to_owned(),
        };
        for remark in &self.remarks {
            text.push_str("; ");
            text.push_str(remark);
        }
        text
    }
}

/// Compares `template`, in its own language, with what Meta has.
#[must_use]
pub fn judge(template: &Template, known: &[TemplateInfo]) -> Judgement {
    let same_name = known.iter().filter(|info| info.name == template.name());
    let info = same_name
        .clone()
        .find(|info| info.language == template.language());
    let mut judgement = Judgement {
        id: template.id().clone(),
        name: template.name().to_owned(),
        language: template.language().to_owned(),
        standing: Standing::Missing,
        problems: Vec::new(),
        remarks: Vec::new(),
        is_identical: false,
        info: info.cloned(),
    };
    let Some(info) = info else {
        let languages: Vec<String> = same_name.map(|info| info.language.clone()).collect();
        if !languages.is_empty() {
            judgement.standing = Standing::Elsewhere(languages);
        }
        return judgement;
    };
    judgement.standing = match info.is_approved() {
        true => Standing::Approved,
        false => Standing::NotApproved {
            status: info
                .status
                .as_deref()
                .unwrap_or("of unknown status")
                .to_owned(),
            // What Meta writes where it refused nothing.
            why: info.rejected_reason.clone().filter(|why| why != "NONE"),
        },
    };
    judgement.problems = info.differences(template);
    let wording = wording(info, template);
    let ttl = ttl(info, template);
    // Of one that is not approved the category can still be changed.
    let same_category = info
        .category
        .as_deref()
        .is_none_or(|category| category.eq_ignore_ascii_case(template.category().name()));
    judgement.is_identical = judgement.problems.is_empty()
        && wording.is_empty()
        && ttl.is_none()
        && (info.is_approved() || same_category);
    if judgement.standing == Standing::Approved {
        judgement.remarks.extend(category(info, template));
        if judgement.problems.is_empty() {
            judgement.remarks.extend(wording);
        }
        judgement.remarks.extend(ttl);
    }
    judgement
}

fn category(info: &TemplateInfo, template: &Template) -> Option<String> {
    let ours = template.category().name();
    if info.is_marketing() && ours != "marketing" {
        return Some(
            "Meta counts it as marketing: dearer, capped per person, and not delivered to the USA"
                .to_owned(),
        );
    }
    let coming = info.correct_category.as_deref();
    if let Some(coming) = coming.filter(|coming| Some(*coming) != info.category.as_deref()) {
        let coming = coming.to_lowercase();
        return Some(format!("Meta is about to count it as {coming}"));
    }
    let theirs = info.category.as_deref()?.to_lowercase();
    (theirs != ours).then(|| format!("Meta counts it as {theirs}, the config as {ours}"))
}

/// What reads otherwise. People see what Meta has.
fn wording(info: &TemplateInfo, template: &Template) -> Vec<String> {
    let definition = template.definition();
    let mut found = Vec::new();
    let header = definition
        .header
        .as_ref()
        .map(|header| header.text.as_str());
    let ours = [
        ("text", info.text(), Some(definition.text.as_str())),
        ("header", info.header(), header),
        ("footer", info.footer(), definition.footer.as_deref()),
    ];
    for (what, theirs, ours) in ours {
        let (theirs, ours) = (theirs.map(str::trim), ours.map(str::trim));
        if theirs != ours {
            found.push(format!(
                "Meta's {what} reads otherwise than the config's: phones show Meta's"
            ));
        }
    }
    let longer =
        units(info.text().unwrap_or_default().trim()).saturating_sub(units(definition.text.trim()));
    if longer > 0 {
        found.push(format!(
            "Meta's text is {longer} characters longer than the config's: Meta will refuse a message that is full"
        ));
    }
    for (n, (theirs, ours)) in info.buttons().iter().zip(&definition.buttons).enumerate() {
        let (ButtonDefinition::QuickReply { text, .. } | ButtonDefinition::Url { text, .. }) = ours;
        let url = match ours {
            ButtonDefinition::QuickReply { .. } => None,
            ButtonDefinition::Url { url, .. } => Some(url.as_str()),
        };
        if theirs.text.as_deref().is_some_and(|theirs| theirs != text) {
            found.push(format!("button {} has another label at Meta", n + 1));
        }
        if theirs.url.as_deref() != url {
            found.push(format!("button {} leads elsewhere at Meta", n + 1));
        }
    }
    found
}

fn ttl(info: &TemplateInfo, template: &Template) -> Option<String> {
    const FOREVER: i64 = 30 * 86_400;
    let ours = i64::try_from(template.definition().ttl?.as_secs()).ok()?;
    let theirs = info.ttl_seconds.filter(|seconds| *seconds > 0);
    let theirs = theirs.unwrap_or(FOREVER);
    (theirs != ours)
        .then(|| format!("Meta tries for {theirs} s to deliver it, the config says {ours} s"))
}
