//! DataMiner's *Correlation Alarm Info* string (script parameter 65006).
//!
//! Fields are separated by `|`, and nothing is escaped
//! (`Special_parameters_available_in_DMS_Automation_scripts.md`,
//! `How_do_I_parse_Correlation_Alarm_Info_data.md`):
//!
//! ```text
//! 0 alarm id | 1 agent id | 2 element id | 3 parameter id | 4 index | 5 root alarm id
//! | 6 previous alarm id | 7 severity | 8 type | 9 status | 10 value | 11 time | 12 service RCA
//! | 13 element RCA | 14 parameter RCA | 15 severity range | 16 source | 17 user status | 18 owner
//! | 19 impacted services | 20 number of properties | 21… name, value | script name
//! ```

use std::borrow::Cow;

use crate::model::{AlarmType, Properties, Severity, Status};

use super::DataMiner;
use super::codes;
use super::draft::Draft;
use super::fit::{self, Fit, number};
use super::notes::{Notes, clean, quoted};
use super::time::read_local;

/// Most services and properties of one record; more are left out.
const MAX_LISTED: usize = 256;

/// Which names have to come from the config, since nothing else gives them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub(super) element: bool,
    pub(super) parameter: bool,
}

/// Reads one record.
///
/// # Errors
/// Which of the fields 0 to 9 does not read, and what was expected.
pub(super) fn read(
    text: &str,
    settings: &DataMiner,
    needs: Needs,
    notes: &mut Notes,
) -> Result<Draft, String> {
    let parts: Vec<&str> = text.split('|').collect();
    let head = Head::read(&parts, settings)?;
    let mut draft = head.draft(settings, needs, notes);
    let tail = &parts[head.end..];
    match fit::find(tail, |time| read_local(time, settings).is_some()) {
        Some(fit) => take(&mut draft, tail, &fit, settings, notes),
        None => {
            draft.partial = true;
            draft.value = Some(joined(tail));
            notes.push("the fields behind the alarm value do not read; they are kept in the value");
        }
    }
    Ok(draft)
}

/// Fields 0 to 9.
struct Head<'a> {
    alarm: i64,
    agent: i64,
    element: i64,
    parameter: i64,
    index: Cow<'a, str>,
    root: i64,
    severity: Severity,
    kind: AlarmType,
    status: Status,
    /// How many parts they are.
    end: usize,
}

impl<'a> Head<'a> {
    const PARTS: usize = 10;
    /// The names of the fields that are whole numbers, by their place.
    const NUMBERS: [(usize, &'static str); 4] = [
        (0, "alarm id"),
        (1, "agent id"),
        (2, "element id"),
        (3, "parameter id"),
    ];

    fn read(parts: &[&'a str], settings: &DataMiner) -> Result<Self, String> {
        if parts.len() < Self::PARTS {
            return Err(format!(
                "neither JSON, which begins with {{, nor a Correlation Alarm Info string, which has \
                 at least {} fields separated by |: found {}",
                Self::PARTS,
                parts.len()
            ));
        }
        let mut numbers = [0; 4];
        for ((place, name), slot) in Self::NUMBERS.into_iter().zip(&mut numbers) {
            *slot = number(parts[place]).ok_or_else(|| {
                format!(
                    "field {place} ({name}) is {}; expected a whole number",
                    quoted(parts[place])
                )
            })?;
        }
        // The index may hold `|`: it is the shortest for which fields 5 to 9 follow.
        let found = (5..=parts.len() - 5)
            .find_map(|place| Some((place, State::read(&parts[place..], settings)?)));
        let Some((place, state)) = found else {
            return Err(State::fault(&parts[5..], settings));
        };
        let [alarm, agent, element, parameter] = numbers;
        let index = match &parts[4..place] {
            [index] => Cow::Borrowed(*index),
            several => Cow::Owned(several.join("|")),
        };
        Ok(Self {
            alarm,
            agent,
            element,
            parameter,
            index,
            root: state.root,
            severity: state.severity,
            kind: state.kind,
            status: state.status,
            end: place + 5,
        })
    }

    fn draft(&self, settings: &DataMiner, needs: Needs, notes: &mut Notes) -> Draft {
        let mut name = |key: &str, needed: bool| {
            let name = settings.names.get(key);
            if name.is_none() && needed {
                notes.push(format!("[dataminer.names] has no \"{key}\""));
            }
            name.cloned()
        };
        let element_id = format!("{}/{}", self.agent, self.element);
        let parameter_id = self.parameter.to_string();
        let element = name(&element_id, needs.element);
        let parameter = name(&format!("{element_id}/{parameter_id}"), needs.parameter);
        // The root of a first record is the record itself, should a system write 0 there.
        let root = if self.root == 0 {
            self.alarm
        } else {
            self.root
        };
        let mut properties = Properties::default();
        if self.alarm != root {
            properties.insert("alarm_id", self.alarm.to_string());
        }
        Draft {
            id: Some(root.to_string()),
            element: Some(element.unwrap_or_else(|| element_id.clone())),
            element_id: Some(element_id),
            parameter: Some(parameter.unwrap_or_else(|| parameter_id.clone())),
            parameter_id: Some(parameter_id),
            index: Some(clean(Cow::Borrowed(&self.index))).filter(|index| !index.is_empty()),
            severity: Some(self.severity),
            kind: Some(self.kind),
            status: Some(self.status),
            properties,
            ..Draft::default()
        }
    }
}

/// Fields 5 to 9.
struct State {
    root: i64,
    severity: Severity,
    kind: AlarmType,
    status: Status,
}

impl State {
    fn read(parts: &[&str], settings: &DataMiner) -> Option<Self> {
        let [root, previous, severity, kind, status, ..] = parts else {
            return None;
        };
        // Status, type and severity first: they have few values and turn wrong places away early.
        let status = number(status).and_then(codes::status)?;
        let kind = number(kind).and_then(codes::kind)?;
        let severity =
            number(severity).and_then(|code| codes::severity(code, settings.severity_codes))?;
        number(previous)?;
        Some(Self {
            root: number(root)?,
            severity,
            kind,
            status,
        })
    }

    /// What keeps `parts` from reading as fields 5 to 9.
    fn fault(parts: &[&str], settings: &DataMiner) -> String {
        type Known<'a> = &'a dyn Fn(i64) -> bool;
        let reads: [(&str, &str, Known<'_>); 5] = [
            ("root alarm id", "a whole number", &|_| true),
            ("previous alarm id", "a whole number", &|_| true),
            (
                "severity",
                "DataMiner's number of a severity, such as 1",
                &|code| codes::severity(code, settings.severity_codes).is_some(),
            ),
            (
                "type",
                "DataMiner's number of an alarm type, such as 10",
                &|code| codes::kind(code).is_some(),
            ),
            (
                "status",
                "11 Cleared, 12 Open, 25 Mask or 54 Clearable",
                &|code| codes::status(code).is_some(),
            ),
        ];
        for (place, ((name, expected, is_known), part)) in (5..).zip(reads.iter().zip(parts)) {
            if !number(part).is_some_and(is_known) {
                return format!(
                    "field {place} ({name}) is {}; expected {expected}",
                    quoted(part)
                );
            }
        }
        "the string ends before field 9 (status)".to_owned()
    }
}

/// Takes the fields from 10 on into `draft`.
fn take(draft: &mut Draft, parts: &[&str], fit: &Fit, settings: &DataMiner, notes: &mut Notes) {
    draft.value = Some(joined(&parts[..fit.time]));
    let time = parts[fit.time];
    draft.time = read_local(time, settings);
    if draft.time.is_none() {
        notes.push(format!(
            "the time {} does not read; the time of arrival stands for it ([dataminer] time_formats)",
            quoted(time)
        ));
        draft
            .properties
            .insert("alarm_time", clean(Cow::Borrowed(time)));
    }
    let code = |behind: usize| parts.get(fit.time + behind).and_then(|part| number(part));
    for (behind, name) in [(1, "service_rca"), (2, "element_rca"), (3, "parameter_rca")] {
        // -1 is "not defined".
        if let Some(level) = code(behind).filter(|level| *level >= 0) {
            draft.properties.insert(name, level.to_string());
        }
    }
    draft.severity_range = code(4).and_then(codes::severity_range);
    draft.source =
        code(5).map(|code| codes::source(code).map_or_else(|| code.to_string(), ToOwned::to_owned));
    draft.user_status = code(6).and_then(codes::user_status);
    draft.owner = fit.owner.map(|place| clean(Cow::Borrowed(parts[place])));
    let services = joined(&parts[fit.services.clone()]);
    let mut services = services
        .split([';', ','])
        .map(str::trim)
        .filter(|service| !service.is_empty());
    draft.services = Some(
        services
            .by_ref()
            .take(MAX_LISTED)
            .map(ToOwned::to_owned)
            .collect(),
    );
    let mut cut = services.next().is_some();
    let named = pairs(&parts[fit.properties.clone()], fit);
    cut |= named.len() > MAX_LISTED;
    for (name, value) in named.into_iter().take(MAX_LISTED) {
        if !name.trim().is_empty() {
            draft.properties.insert(name, value);
        }
    }
    if cut {
        draft.partial = true;
        notes.push(format!(
            "only the first {MAX_LISTED} services and properties are kept"
        ));
    }
    if !fit.exact {
        draft.partial = true;
        notes
            .push("the fields behind the owner do not add up; what could be read of them is taken");
    }
}

/// Names and values. Where they do not add up, a name with DataMiner's prefix begins a property and
/// its value reaches up to the next one; else they are taken in pairs, the last value with the rest.
fn pairs(parts: &[&str], fit: &Fit) -> Vec<(String, String)> {
    let count = fit.count;
    if fit.exact {
        return parts
            .chunks_exact(2)
            .take(count)
            .map(|pair| (joined(&pair[..1]), joined(&pair[1..])))
            .collect();
    }
    // More than the names and values is there, and a script name is documented as the last.
    let parts = match parts.split_last() {
        Some((_, before)) if before.len() >= 2 * count => before,
        _ => parts,
    };
    let prefixed: Vec<usize> = (0..parts.len())
        .filter(|&at| is_prefixed(parts[at]))
        .collect();
    let starts: Vec<usize> = if prefixed.len() == count && prefixed.first() == Some(&0) {
        prefixed
    } else {
        (0..count).map(|nth| 2 * nth).collect()
    };
    let ends = starts.iter().skip(1).copied().chain([parts.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&start, end)| {
            let (name, value) = parts.get(start..end)?.split_first()?;
            Some((clean(Cow::Borrowed(name)), joined(value)))
        })
        .collect()
}

fn is_prefixed(part: &str) -> bool {
    ["ALARM.", "ELEMENT.", "SERVICE.", "VIEW."]
        .iter()
        .any(|prefix| {
            part.get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        })
}

fn joined(parts: &[&str]) -> String {
    match parts {
        [part] => clean(Cow::Borrowed(part)),
        parts => clean(Cow::Owned(parts.join("|"))),
    }
}
