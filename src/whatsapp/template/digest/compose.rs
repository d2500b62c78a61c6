//! From members to parts, each rendered to see that it fits.

use crate::model::{
    AlarmRecord, AlarmRef, AlarmType, BucketView, Contact, DigestView, Kind, Member, MessageId,
    Notification, NotificationId, Properties, Severity, Status, Time,
};

use super::super::check::MAX_BODY;
use super::super::compile::Template;
use super::super::sanitise::{shorten, units};
use super::super::scene::{Clock, Display, Scene};
use super::carrier::Carrier;
use super::entry::{self, Entry, Times};
use super::headline;

/// The most parts of one digest: what does not fit is summed up in the last.
pub const MAX_PARTS: usize = 8;

/// What makes a digest, and how it is told.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// What it is rendered with, in the language that it goes out in: one of its own, or one of an alarm,
    /// which then tells of a made-up alarm whose value is the list.
    pub template: &'a Template,
    /// To whom.
    pub contact: &'a Contact,
    /// How times print.
    pub display: &'a Display,
    /// Engine time of the decision.
    pub at: Time,
    /// Why they do not go by themselves.
    pub reason: &'a str,
}

/// One message of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The members that it speaks of; in the last part also those that are only counted.
    pub members: Vec<MessageId>,
    /// What it is rendered from; its number and bucket are not given yet.
    pub notification: Notification,
}

/// Puts `members` into parts that Meta takes as they are, the most severe first. No member is cut off
/// inside, but for one that is too long for a message of its own. Every member is in exactly one part;
/// without members there is no part.
#[must_use]
pub fn compose(members: &[Member], occasion: &Occasion<'_>) -> Vec<Part> {
    let clock = Clock::of(occasion.contact, occasion.display);
    let times = Times::new(clock.zone, occasion.at);
    let words = occasion.template.words();
    let entries = entry::entries(members, &times, words);
    let Some(lead) = entries.first().map(|entry| entry.member) else {
        return Vec::new();
    };
    let of_all = |time: fn(Time, Time) -> Time| {
        let times = members.iter().map(|member| member.alarm.time);
        times.fold(lead.alarm.time, time)
    };
    let (first, last) = (of_all(Time::min), of_all(Time::max));
    let is_of_one = members.iter().all(|member| member.rule == lead.rule);
    let mut composer = Composer {
        occasion,
        detail: String::new(),
        carrier: Carrier::of(occasion.template),
        severities: headline::severities(&entries, words),
        top: headline::top(&entries),
        span: times.span(first, last),
        first,
        last,
        lead,
        voice: if is_of_one {
            lead.rule_name.clone()
        } else {
            "several rules".to_owned()
        },
        is_repeatable: occasion.template.uses(&["notification.repeat"]),
        entries,
    };
    composer.detail = composer.detail();
    composer.compose()
}

/// A stretch of entries that makes a part.
struct Stretch {
    from: usize,
    to: usize,
    list: String,
}

struct Composer<'a> {
    occasion: &'a Occasion<'a>,
    carrier: Carrier,
    entries: Vec<Entry<'a>>,
    /// What a headline tells beside the count: less where the header has no room for more.
    detail: String,
    severities: String,
    top: String,
    span: String,
    first: Time,
    last: Time,
    /// The worst of them: its rule stands for all.
    lead: &'a Member,
    /// The name of that rule, when it is the rule of all.
    voice: String,
    /// Its text says when an earlier attempt may have arrived.
    is_repeatable: bool,
}

impl Composer<'_> {
    fn compose(&self) -> Vec<Part> {
        let stretches = self.stretches();
        let parts = stretches.len();
        stretches
            .into_iter()
            .enumerate()
            .map(|(n, stretch)| {
                let told = self.entries.get(stretch.from..stretch.to).unwrap_or(&[]);
                Part {
                    members: told.iter().map(|entry| entry.member.message).collect(),
                    notification: self.notification(n + 1, parts, stretch.from, stretch.list),
                }
            })
            .collect()
    }

    /// The most that a headline can tell without being cut in the header; the most at all where even the
    /// least is.
    fn detail(&mut self) -> String {
        let Self {
            severities,
            top,
            span,
            ..
        } = &*self;
        let most = format!("{severities} · {top} · {span}");
        let ways = [
            most.clone(),
            format!("{severities} · {span}"),
            severities.clone(),
        ];
        for way in ways.into_iter().chain([String::new()]) {
            self.detail.clone_from(&way);
            let notification = self.notification(1, 1, 0, String::new());
            let scene = self.scene(&notification, false);
            let rendered = self.occasion.template.render_as_is(&scene);
            if !rendered.is_header_shortened() {
                return way;
            }
        }
        most
    }

    fn stretches(&self) -> Vec<Stretch> {
        let to = self.entries.len();
        let list = self.list(0, to.min(MAX_BODY));
        if to <= MAX_BODY && self.fits(1, 1, 0, &list) {
            return vec![Stretch { from: 0, to, list }];
        }
        if to == 1 {
            return vec![self.fill(1, 1, 0)];
        }
        let (mut stretches, mut from) = (Vec::new(), 0);
        while from < to {
            let part = stretches.len() + 1;
            // The numbers of parts have one digit: what fits among eight fits among fewer.
            let mut stretch = self.fill(part, MAX_PARTS, from);
            if part == MAX_PARTS && stretch.to < to {
                stretch = self.fill_last(part, MAX_PARTS, from);
            }
            from = stretch.to;
            stretches.push(stretch);
        }
        stretches
    }

    /// As many entries from `from` on as fit; at least one, shortened where it must be.
    fn fill(&self, part: usize, parts: usize, from: usize) -> Stretch {
        let list = |count: usize| self.list(from, from + count);
        let left = self.entries.len() - from;
        let count = most(left, |count| self.fits(part, parts, from, &list(count)));
        if count > 0 {
            let list = list(count);
            return Stretch {
                from,
                to: from + count,
                list,
            };
        }
        let whole = list(1);
        let length = most(units(&whole), |length| {
            self.fits(part, parts, from, &shorten(&whole, length))
        });
        Stretch {
            from,
            to: from + 1,
            list: shorten(&whole, length.max(1)),
        }
    }

    /// As many entries as fit beside the sum of the rest; all that is left goes with it.
    fn fill_last(&self, part: usize, parts: usize, from: usize) -> Stretch {
        let list = |count: usize| {
            let rest = self.entries.get(from + count..).unwrap_or(&[]);
            entry::with_summary(
                &self.list(from, from + count),
                &headline::summary(rest, self.occasion.template.words()),
            )
        };
        let left = self.entries.len() - from;
        let count = most(left, |count| self.fits(part, parts, from, &list(count)));
        let mut list = list(count);
        if count == 0 && !self.fits(part, parts, from, &list) {
            let length = most(units(&list), |length| {
                self.fits(part, parts, from, &shorten(&list, length))
            });
            list = shorten(&list, length.max(1));
        }
        Stretch {
            from,
            to: self.entries.len(),
            list,
        }
    }

    fn list(&self, from: usize, to: usize) -> String {
        let told = self.entries.get(from..to).unwrap_or(&[]);
        let told = told.iter().map(|entry| (entry.group, entry.text.as_str()));
        entry::list(told, self.occasion.template.words())
    }

    /// Whether a part with this list goes out as it is.
    fn fits(&self, part: usize, parts: usize, from: usize, list: &str) -> bool {
        let notification = self.notification(part, parts, from, list.to_owned());
        [false, self.is_repeatable].into_iter().all(|repeat| {
            let scene = self.scene(&notification, repeat);
            !self.occasion.template.render_as_is(&scene).is_shortened()
        })
    }

    fn scene<'s>(&'s self, notification: &'s Notification, repeat: bool) -> Scene<'s> {
        Scene {
            notification,
            contact: self.occasion.contact,
            display: self.occasion.display,
            repeat,
        }
    }

    /// What a part is rendered from; its entries begin at `from`.
    fn notification(&self, part: usize, parts: usize, from: usize, list: String) -> Notification {
        let count = self.entries.len();
        let title = headline::alarms(count);
        let detail = match part {
            1 => self.detail.clone(),
            _ => "continued".to_owned(),
        };
        let headline = match (part, detail.as_str()) {
            (_, "") => title.clone(),
            (1, detail) => format!("{title}: {detail}"),
            (_, detail) => format!("{title}, {detail}"),
        };
        let detail = match detail.as_str() {
            "" => self.severities.clone(),
            _ => detail,
        };
        let alarm = self.alarm(part, parts, from, title, detail, &list);
        let listed = match self.carrier {
            Carrier::Bucket => vec![AlarmRef::from(&alarm)],
            Carrier::Own | Carrier::Value | Carrier::Parameter | Carrier::Element => Vec::new(),
        };
        let worst = self.entries.iter().map(|entry| entry.member.severity).max();
        Notification {
            id: NotificationId::default(),
            rule: self.lead.rule.clone(),
            rule_name: self.voice.clone(),
            rule_description: String::new(),
            kind: Kind::Digest,
            reason: self.occasion.reason.to_owned(),
            bucket: String::new(),
            at: self.occasion.at,
            alarm,
            view: BucketView {
                key: String::new(),
                count,
                highest: worst.unwrap_or(Severity::Undefined),
                first: self.first,
                last: self.last,
                since: None,
                alarms: listed,
            },
            suppressed: None,
            digest: Some(DigestView {
                count,
                part,
                parts,
                headline,
                list,
                top: self.top.clone(),
                severities: self.severities.clone(),
                first: self.first,
                last: self.last,
            }),
        }
    }

    /// The alarm that a template for alarms tells: all of them as one, as bad as the first of its
    /// entries.
    fn alarm(
        &self,
        part: usize,
        parts: usize,
        from: usize,
        title: String,
        detail: String,
        list: &str,
    ) -> AlarmRecord {
        let worst = self.entries.get(from).map(|entry| entry.member);
        let is_over = worst.is_none_or(Member::has_ended);
        let severity = worst.map_or(Severity::Undefined, |worst| worst.alarm.severity);
        let element = match parts {
            1 => title,
            _ => format!("{title}, part {part} of {parts}"),
        };
        let (element, parameter) = match self.carrier {
            Carrier::Own | Carrier::Value | Carrier::Bucket => (element, detail),
            Carrier::Parameter => (element, format!("{detail} · {list}")),
            Carrier::Element => (format!("{element}: {detail} · {list}"), detail),
        };
        AlarmRecord {
            id: worst.map_or_else(String::new, |worst| worst.alarm.id.clone()),
            element,
            element_id: None,
            parameter,
            parameter_id: None,
            index: String::new(),
            value: list.to_owned(),
            severity: if is_over { Severity::Normal } else { severity },
            severity_range: None,
            kind: if is_over {
                Some(AlarmType::Cleared)
            } else {
                worst.and_then(|worst| worst.happened)
            },
            status: if is_over {
                Status::Cleared
            } else {
                Status::Open
            },
            time: worst.map_or(self.last, |worst| worst.alarm.time),
            owner: String::new(),
            user_status: None,
            source: String::new(),
            comment: String::new(),
            services: Vec::new(),
            views: Vec::new(),
            properties: Properties::default(),
            partial: false,
            repeats: false,
            until: None,
        }
    }
}

/// The largest number up to `limit` with which `holds`, which does so up to some number; 0 when it
/// does with none.
fn most(limit: usize, holds: impl Fn(usize) -> bool) -> usize {
    // No entry is without width: a body has no room for more.
    let (mut low, mut high) = (0, limit.min(MAX_BODY));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}
