//! A person's quiet hours: what is not bad enough waits for their end.

use jiff::tz::TimeZone;

use crate::model::{ContactId, Kind, Message, QuietHours, Severity, Time};

use super::action::{Action, HoldKey};
use super::dispatcher::Dispatcher;
use super::lane::{Lane, Shelf};
use super::queue::{Class, Entry, State};
use super::slab::{BucketNo, EntryNo, LaneNo};
use super::status::Hold;
use super::storm::Storming;
use super::timers::Due;

/// What a message that waits for the end of quiet hours gives as its reason begins with this.
pub const QUIET_HOURS: &str = "quiet hours";

/// Times that follow each other without a gap; what comes after so many is looked at when it comes.
const MAX_TIMES: usize = 64;

/// What would have expired in quiet hours that it did not know of may go for so long after their end.
const GRACE: std::time::Duration = std::time::Duration::from_secs(3_600);

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// The quiet hours of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Whose.
    pub contact: ContactId,
    /// When, and what breaks through.
    pub hours: QuietHours,
    /// In which their end is told.
    pub timezone: TimeZone,
}

/// The quiet hours of a lane, and where it stands with them.
#[derive(Debug, Clone)]
pub(super) struct Quieted {
    hours: QuietHours,
    timezone: TimeZone,
    /// While they last.
    span: Option<Span>,
    /// When that changes, as its timer has it.
    timer: Option<Time>,
}

/// In the time of the clock on the wall, as calendars are.
#[derive(Debug, Clone, Copy)]
struct Span {
    since: Time,
    /// `None` when no end is known.
    until: Option<Time>,
}

impl Quieted {
    /// Its timer is gone.
    pub(super) const fn rang(&mut self) {
        self.timer = None;
    }

    fn is_on(&self, at: Time) -> bool {
        self.hours.times.iter().any(|calendar| calendar.holds(at))
    }

    /// The end of what lasts at `at`.
    fn end(&self, at: Time) -> Option<Time> {
        let mut end = at;
        for _ in 0..MAX_TIMES {
            let lasting = self.hours.times.iter();
            let ends = lasting.filter(|calendar| calendar.holds(end));
            let ends: Option<Vec<Time>> = ends.map(|calendar| calendar.next_change(end)).collect();
            match ends?.into_iter().max() {
                Some(later) => end = later,
                None => break,
            }
        }
        Some(end)
    }

    fn next_begin(&self, at: Time) -> Option<Time> {
        let calendars = self.hours.times.iter();
        calendars
            .filter_map(|calendar| calendar.next_change(at))
            .min()
    }

    /// A span of life that begins at `from`, counted from the end of the quiet hours that it begins or
    /// ends in.
    fn spared(&self, from: Time, until: Time) -> Time {
        let after = |at: Time| self.is_on(at).then(|| self.end(at)).flatten();
        let life = until.since(from);
        let until = after(from).unwrap_or(from) + life;
        after(until).map_or(until, |end| end + life)
    }

    /// `quiet hours until 07:00`.
    fn reason(&self, now: Time) -> String {
        let Some(until) = self.span.and_then(|span| span.until) else {
            return QUIET_HOURS.to_owned();
        };
        let format = if until.since(now) <= DAY {
            "%H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        let local = until.timestamp().to_zoned(self.timezone.clone());
        format!("{QUIET_HOURS} until {}", local.strftime(format))
    }
}

impl Dispatcher {
    /// Puts these quiet hours in force; who is not named has none.
    pub fn keep_quiet(&mut self, now: Time, quiet: &[Quiet]) {
        self.advance(now);
        let lanes: Vec<LaneNo> = self.contacts.values().copied().collect();
        for no in lanes {
            let lane = &self.lanes[no];
            let theirs = quiet.iter().find(|quiet| quiet.contact == lane.contact);
            let same = match (theirs, &lane.quiet) {
                (None, None) => true,
                (Some(new), Some(old)) => new.hours == old.hours && new.timezone == old.timezone,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !same {
                self.change_hours(no, theirs);
            }
        }
    }

    fn change_hours(&mut self, no: LaneNo, to: Option<&Quiet>) {
        self.forget_hours(no);
        let before = self.lanes[no].quiet.take();
        let span = before.and_then(|quiet| quiet.span);
        self.lanes[no].quiet = to.map(|to| Quieted {
            hours: to.hours.clone(),
            timezone: to.timezone.clone(),
            span,
            timer: None,
        });
        for bucket in self.buckets_of(no) {
            self.restack(bucket);
        }
        self.say_again(no);
        if to.is_none() {
            self.tell_at_once(no, span.is_some());
        }
        self.heed_hours(no);
    }

    /// Clears their timer.
    pub(super) fn forget_hours(&mut self, no: LaneNo) {
        let quiet = self.lanes[no].quiet.as_mut();
        if let Some(at) = quiet.and_then(|quiet| quiet.timer.take()) {
            self.timers.clear(at, Due::Quiet(no));
        }
    }

    /// Finds out whether a lane's quiet hours last, and when that changes.
    pub(super) fn heed_hours(&mut self, no: LaneNo) {
        self.forget_hours(no);
        let now = self.timeline.outer(self.timeline.now());
        let Some(quiet) = &mut self.lanes[no].quiet else {
            return;
        };
        let before = quiet.span;
        let (span, change) = if quiet.is_on(now) {
            let until = quiet.end(now);
            let since = before.map_or(now, |span| span.since);
            (Some(Span { since, until }), until)
        } else {
            (None, quiet.next_begin(now))
        };
        quiet.span = span;
        quiet.timer = change.map(|at| self.timeline.inner(at));
        if let Some(at) = quiet.timer {
            self.timers.set(at, Due::Quiet(no));
        }
        if span.is_some() {
            let waiting: Vec<EntryNo> = self.entries_of(no).map(|(no, _)| no).collect();
            for entry in waiting {
                self.note_wait(entry);
            }
        } else if before.is_some() {
            self.say_again(no);
            self.tell_at_once(no, true);
        }
        self.refresh(no);
    }

    /// The clock jumped: calendars go by it.
    pub(super) fn heed_all_hours(&mut self) {
        let lanes: Vec<LaneNo> = self.contacts.values().copied().collect();
        for no in lanes {
            self.heed_hours(no);
        }
    }

    /// Quiet hours are over: what waits goes as one.
    fn tell_at_once(&mut self, no: LaneNo, is_over: bool) {
        let Some(storm) = self.settings.storm.filter(|_| is_over) else {
            return;
        };
        let now = self.timeline.now();
        let lane = &mut self.lanes[no];
        let has_spoken = |storming: &Storming| {
            let last = storming.last;
            last.is_some_and(|last| last + storm.digest_every > now)
        };
        if lane.plain < 2 || lane.storm.as_ref().is_some_and(has_spoken) {
            return;
        }
        lane.storm = Some(Storming {
            since: now,
            last: None,
            reason: format!(
                "{} messages waited for the end of {QUIET_HOURS}",
                lane.plain
            ),
        });
        self.refresh(no);
    }

    /// A message was taken up that an earlier process held: if that was for quiet hours which have
    /// ended since, it goes with the others.
    pub(super) fn was_held(&mut self, message: &Message) {
        let Some(no) = self.live_lane(&message.contact) else {
            return;
        };
        let slept = self.lanes[no].quiet.as_ref().is_some_and(|quiet| {
            let waits = keeps(&quiet.hours, message.kind, message.severity);
            quiet.span.is_none() && waits && quiet.is_on(message.created)
        });
        self.tell_at_once(no, slept);
    }

    /// Whether quiet hours let the messages of a shelf through.
    pub(super) fn is_heard(&self, lane: &Lane, shelf: Shelf) -> bool {
        if shelf.loud || !lane.is_quiet() {
            return true;
        }
        // What must be told may have to come after a digest of which nobody knows what it holds.
        let mut others = lane.shelves().filter(|other| other.class != Class::Part);
        shelf.class == Class::Part && lane.orphans > 0 && others.any(|other| other.loud)
    }

    /// Whether a bucket breaks through its contact's quiet hours.
    pub(super) fn is_loud(&mut self, bucket: BucketNo, head: EntryNo) -> bool {
        let entry = self.queue[head];
        let rank = self.queue.bucket_mut(bucket).rank;
        let Some(quiet) = &self.lanes[entry.lane].quiet else {
            return true;
        };
        if !keeps(&quiet.hours, entry.kind, rank) {
            return true;
        }
        // What a digest speaks for may have something worse behind it. Parts stand one behind the other.
        let except = quiet.hours.except;
        let mut part = Some(head).filter(|_| entry.class == Class::Part);
        while let Some(no) = part {
            let of = self.queue[no].digest;
            let members = of.map_or(&[][..], |digest| self.digests[digest].members());
            let mut behind = members.iter().map(|member| self.queue[*member].bucket);
            if behind.any(|bucket| self.queue.rank(bucket) >= except) {
                return true;
            }
            part = self.queue[no].newer;
        }
        false
    }

    /// A message came behind one that a digest speaks for: that may be worth waking somebody.
    pub(super) fn rouse_parts(&mut self, of: EntryNo) {
        let entry = self.queue[of];
        let behind = entry.older.map(|older| self.queue[older].state);
        let lane = &self.lanes[entry.lane];
        if behind != Some(State::InDigest) || !lane.is_quiet() {
            return;
        }
        let parts = lane.heads(|shelf| shelf.class == Class::Part);
        let buckets: Vec<BucketNo> = parts.map(|part| self.queue[part].bucket).collect();
        for bucket in buckets {
            self.restack(bucket);
        }
    }

    /// Lets it be written that a message waits for the end of quiet hours, once.
    pub(super) fn note_wait(&mut self, no: EntryNo) {
        let entry = self.queue[no];
        let Some(quiet) = &self.lanes[entry.lane].quiet else {
            return;
        };
        if quiet.span.is_none() || entry.state != State::Ready || entry.noted {
            return;
        }
        if self.queue.is_loud(entry.bucket) {
            return;
        }
        let reason = quiet.reason(self.timeline.outer(self.timeline.now()));
        self.queue[no].noted = true;
        let id = entry.id;
        self.pending.push_back(Action::Wait { id, reason });
    }

    /// What was written of when its messages go is no longer so.
    fn say_again(&mut self, no: LaneNo) {
        let noted: Vec<EntryNo> = self.entries_of(no).map(|(no, _)| no).collect();
        for entry in noted {
            self.queue[entry].noted = false;
        }
    }

    /// When a message of a lane expires: not for having waited in quiet hours.
    pub(super) fn spared(&self, no: LaneNo, message: &Message) -> Option<Time> {
        let expires = message.expires?;
        let quiet = self.lanes[no].quiet.as_ref();
        let quiet = quiet.filter(|quiet| keeps(&quiet.hours, message.kind, message.severity));
        let spared = quiet.map(|quiet| quiet.spared(message.created, expires));
        Some(spared.unwrap_or(expires))
    }

    /// Until when a message may not expire, for quiet hours.
    pub(super) fn sleeps_until(&self, no: EntryNo) -> Option<Time> {
        let entry = &self.queue[no];
        let span = self.lanes[entry.lane].quiet.as_ref()?.span?;
        let now = self.timeline.now();
        let end = span.until.map_or(now, |until| self.timeline.inner(until));
        (!self.queue.is_loud(entry.bucket)).then_some(end + GRACE)
    }

    /// A lane in whose quiet hours something waits.
    pub(super) fn quiet_hold(&self, lane: &Lane, waiting: usize) -> Option<Hold> {
        let quiet = lane.quiet.as_ref().filter(|_| waiting > 0)?;
        let span = quiet.span?;
        Some(Hold {
            key: HoldKey::Contact(lane.contact.clone()),
            since: span.since,
            until: span.until,
            next_probe: None,
            reason: quiet.reason(self.timeline.outer(self.timeline.now())),
            waiting,
            quiet: true,
        })
    }

    fn entries_of(&self, lane: LaneNo) -> impl Iterator<Item = (EntryNo, &Entry)> {
        self.queue
            .iter()
            .filter(move |(_, entry)| entry.lane == lane)
    }

    fn buckets_of(&self, lane: LaneNo) -> std::collections::BTreeSet<BucketNo> {
        self.entries_of(lane)
            .map(|(_, entry)| entry.bucket)
            .collect()
    }
}

impl Lane {
    /// Whether its person is not to be woken.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
            .as_ref()
            .is_some_and(|quiet| quiet.span.is_some())
    }
}

/// Whether quiet hours keep a message: never an answer to what the person wrote.
fn keeps(hours: &QuietHours, kind: Kind, severity: Severity) -> bool {
    kind != Kind::Answer && severity < hours.except
}
