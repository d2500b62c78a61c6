//! A record while it is read: what was given, before defaults.

use crate::model::{
    AlarmRecord, AlarmType, Properties, Severity, SeverityRange, Status, Time, UserStatus,
};

/// What a line gave; `None` where it said nothing.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) element: Option<String>,
    pub(super) element_id: Option<String>,
    pub(super) parameter: Option<String>,
    pub(super) parameter_id: Option<String>,
    pub(super) index: Option<String>,
    pub(super) value: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) severity_range: Option<SeverityRange>,
    pub(super) kind: Option<AlarmType>,
    pub(super) status: Option<Status>,
    pub(super) time: Option<Time>,
    pub(super) owner: Option<String>,
    pub(super) user_status: Option<UserStatus>,
    pub(super) source: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) services: Option<Vec<String>>,
    pub(super) views: Option<Vec<String>>,
    pub(super) properties: Properties,
    pub(super) partial: bool,
    pub(super) repeats: bool,
    pub(super) until: Option<Time>,
}

impl Draft {
    /// Takes from `other` what this one does not say.
    pub(super) fn fill_from(&mut self, other: Self) {
        fill(&mut self.id, other.id);
        fill(&mut self.element, other.element);
        fill(&mut self.element_id, other.element_id);
        fill(&mut self.parameter, other.parameter);
        fill(&mut self.parameter_id, other.parameter_id);
        fill(&mut self.index, other.index);
        fill(&mut self.value, other.value);
        // What this one says of the severity may say that it is cleared; the other must not undo it.
        if self.implied_status().is_none() {
            fill(&mut self.status, other.status);
        }
        fill(&mut self.severity, other.severity);
        fill(&mut self.severity_range, other.severity_range);
        fill(&mut self.kind, other.kind);
        fill(&mut self.time, other.time);
        fill(&mut self.owner, other.owner);
        fill(&mut self.user_status, other.user_status);
        fill(&mut self.source, other.source);
        fill(&mut self.comment, other.comment);
        fill(&mut self.services, other.services);
        fill(&mut self.views, other.views);
        for (name, value) in other.properties.iter() {
            if !self.properties.iter().any(|(known, _)| known == name) {
                self.properties.insert(name, value);
            }
        }
        self.partial |= other.partial;
    }

    /// The record, with defaults for what was not given.
    ///
    /// # Errors
    /// The name of the required key that is missing.
    pub(super) fn finish(self, arrival: Time) -> Result<AlarmRecord, &'static str> {
        let implied = self.implied_status();
        let element = self.element.ok_or("element")?;
        let severity = self.severity.ok_or("severity")?;
        let status = self.status.or(implied).unwrap_or(Status::Open);
        let kind = self
            .kind
            .or((status == Status::Cleared).then_some(AlarmType::Cleared));
        let parameter = self.parameter.unwrap_or_default();
        let index = self.index.unwrap_or_default();
        let id = self.id.unwrap_or_else(|| {
            let known_as = if parameter.is_empty() {
                self.parameter_id.as_deref().unwrap_or_default()
            } else {
                &parameter
            };
            default_id(&element, known_as, &index)
        });
        Ok(AlarmRecord {
            id,
            element,
            element_id: self.element_id,
            parameter,
            parameter_id: self.parameter_id,
            index,
            value: self.value.unwrap_or_default(),
            severity,
            severity_range: self.severity_range,
            kind,
            status,
            time: self.time.unwrap_or(arrival),
            owner: self.owner.unwrap_or_default(),
            user_status: self.user_status,
            source: self.source.unwrap_or_default(),
            comment: self.comment.unwrap_or_default(),
            services: self.services.unwrap_or_default(),
            views: self.views.unwrap_or_default(),
            properties: self.properties,
            partial: self.partial,
            repeats: self.repeats,
            until: self.until,
        })
    }

    /// The status that severity and type stand for, where none is given.
    fn implied_status(&self) -> Option<Status> {
        if self.kind == Some(AlarmType::Cleared) || self.severity == Some(Severity::Normal) {
            Some(Status::Cleared)
        } else if self.kind == Some(AlarmType::Mask) || self.severity == Some(Severity::Masked) {
            Some(Status::Masked)
        } else {
            None
        }
    }
}

fn fill<T>(mine: &mut Option<T>, other: Option<T>) {
    if mine.is_none() {
        *mine = other;
    }
}

/// Element, parameter and index joined by `/`, up to the last that is not empty.
fn default_id(element: &str, parameter: &str, index: &str) -> String {
    let mut id = String::with_capacity(element.len() + parameter.len() + index.len() + 2);
    id.push_str(element);
    if !parameter.is_empty() || !index.is_empty() {
        id.push('/');
        id.push_str(parameter);
    }
    if !index.is_empty() {
        id.push('/');
        id.push_str(index);
    }
    id
}
