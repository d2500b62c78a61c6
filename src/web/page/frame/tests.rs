#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

/// A page whose every text tries to break out of it.
#[test]
fn hostile_texts_stay_texts() {
    let hostile = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let mut value = serde_json::to_value(known()).unwrap();
    soil(&mut value, hostile);
    let overview: Overview = serde_json::from_value(value).unwrap();
    let viewer = Viewer {
        acts: true,
        ..Viewer::default()
    };
    let story = json!({
        "alarm": hostile, "answer": hostile, "more": {},
        "acknowledged": [{"by": hostile, "at": hostile, "how": hostile}],
        "messages": [{"id": hostile, "contact": hostile, "state": hostile, "kind": hostile,
            "what_to_do": hostile, "because": hostile, "rule": hostile, "created": hostile,
            "attempts": [{"n": 1, "at": hostile, "outcome": hostile, "detail": hostile}],
            "replies": [{"contact": hostile, "at": hostile, "text": hostile}]}],
        "not_told": [{"contact": hostile, "why": hostile}],
        "records": [{"at": hostile, "by": hostile, "element": hostile, "severity": hostile, "value": hostile}],
        "rules": [{"rule": hostile, "takes": true, "because": hostile}],
    });
    let pages = [
        whole(&overview, viewer),
        silences(&overview, viewer),
        trail_page(&story, &overview, viewer),
        word(hostile, &overview, viewer),
    ];
    for page in pages {
        assert!(page.contains("&lt;script&gt;"), "{page}");
        for broken in ["<script>", "<img", "\"'>", "cannot be shown"] {
            assert!(!page.contains(broken), "{broken} in\n{page}");
        }
    }
}

/// Puts `text` in the place of every text that comes from outside.
fn soil(value: &mut serde_json::Value, text: &str) {
    const OURS: [&str; 13] = [
        "at",
        "since",
        "until",
        "next",
        "starts",
        "ends",
        "oldest",
        "heard",
        "token_expires",
        "state",
        "severity",
        "kind",
        "verdict",
    ];
    if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(|item| soil(item, text));
    } else if let Some(map) = value.as_object_mut() {
        for (key, item) in map.iter_mut() {
            // Pairs, of which one is not from outside.
            if key == "ack" && item.is_array() {
                item[0] = text.into();
            } else if !["severities", "states", "ack"].contains(&key.as_str())
                && !OURS.contains(&key.as_str())
            {
                soil(item, text);
            }
        }
    } else if value.is_string() {
        *value = text.into();
    }
}

#[test]
fn nothing_inline_and_nothing_from_elsewhere() {
    let viewer = Viewer {
        acts: true,
        ..Viewer::default()
    };
    let page = whole(&known(), viewer);
    for banned in ["style=", "onclick", "http://", "https://", "<style"] {
        assert!(!page.contains(banned), "{banned} in\n{page}");
    }
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn who_may_not_act_has_no_buttons() {
    let page = whole(&known(), Viewer::default());
    assert!(
        !page.contains("data-ack") && !page.contains("data-silence"),
        "{page}"
    );
    assert!(!page.contains("id=\"ack\""), "{page}");
}

#[test]
fn a_known_overview_reads_as_it_should() {
    let text = words(&whole(&known(), Viewer::default()));
    insta::assert_snapshot!(text, @r#"
    To what is raised
    klaxond
    [Pages]Overview Silences Wall
    [Is it working]
    Degraded Template alarm waits: paused by Meta
    The access token stops working in 5 days
    Figures of the last hour
    Raised2
    of 4 open alarms
    Waiting3
    oldest 1 min · 1 under way
    Alarms taken6[Alarms taken in the last hour: 6, at most 4 in a minute]
    Accepted6[Accepted in the last hour: 6, at most 4 in a minute]
    Delivered6[Delivered in the last hour: 6, at most 4 in a minute]
    Failed0[Failed in the last hour: 0, at most 0 in a minute]
    Raised now
    Critical 1 Minor 1
    SeverityAlarmForTold
    Critical
    Encoder 7 Input no signal 3 alarmsSite = HQ · Critical alarms · Ana has it since 18:50:00
    12 min
    NOC desk&nbsp; read Ana&nbsp; delivered Luis&nbsp; queued and 2 more
    Minor
    Fan 2 SpeedEverything
    3 h 05
    not told: silence s17 (by Ana: &quot;lab works&quot;)
    Not told
    Lead disabled enabled = false in the config
    Told in digests
    Luis 12 wait, next 19:01:00 10 messages in 2m, for 5 min
    Messages
    18:59:3037 alarms digestLuis accepted by WhatsApp
    18:48:00Encoder 7 Input raisedNOC desk read
    21 Nov 18:48Encoder 8 Input clearedAna failed
    Queue
    queued 2 held 1
    template alarm held paused by Meta for 20 min, 1 behind it
    Silences
    element like &quot;Fan*&quot; until 20:00:00 Ana: lab works · 4 not told
    All silences
    Sources
    prometheus heard 2 min ago expected every 5 min
    WhatsApp
    Name
    Acme NOC
    Quality
    green
    Limit
    TIER_1K
    Token
    ends 27 Nov 19:00
    Templates
    2 looked up
    [Trail]
    Close
    klaxond 0.1.0 · since 07:00:00 · times in Europe&#x2f;Madrid
    "#);
}

#[test]
fn many_are_said_in_a_number() {
    let mut overview = known();
    overview.raised.total = 312 + overview.raised.buckets.len();
    overview.more_not_told = 7;
    let one = overview.raised.buckets[0].clone();
    let text = words(&whole(&overview, Viewer::default()));
    assert!(text.contains("and 312 more"), "{text}");
    assert!(text.contains("and 7 more"), "{text}");

    // A wall has room for eight.
    overview.raised.buckets = vec![one; 20];
    overview.raised.total = 20;
    let wall = Viewer {
        wall: true,
        ..Viewer::default()
    };
    let text = words(&whole(&overview, wall));
    assert_eq!(text.matches("NOC desk&nbsp;").count(), 8, "{text}");
    assert!(text.contains("and 12 more"), "{text}");
}

/// The text of a page as somebody hears it who does not see it, a line for each block.
fn words(page: &str) -> String {
    let body = page
        .split_once("<body")
        .unwrap()
        .1
        .split_once('>')
        .unwrap()
        .1;
    let mut text = String::new();
    let mut rest = body;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        if let Some(label) = tag.split_once("aria-label=\"") {
            text.push_str(&format!("[{}]", label.1.split_once('"').unwrap().0));
        }
        if [
            "p", "li", "tr", "h1", "h2", "h3", "div", "section", "dt", "dd", "label",
        ]
        .contains(&name)
        {
            text.push('\n');
        }
        rest = after;
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// An overview with something of everything.
pub(super) fn known() -> Overview {
    let mut hour = vec![0; 60];
    hour[10] = 4;
    hour[59] = 2;
    serde_json::from_value(json!({
        "verdict": "degraded",
        "reasons": ["Template alarm waits: paused by Meta", "The access token stops working in 5 days"],
        "version": "0.1.0", "since": "2026-11-22T06:00:00Z", "at": "2026-11-22T18:00:00Z",
        "timezone": "Europe/Madrid", "open_alarms": 4, "taken": 2,
        "raised": {
            "total": 2, "severities": [["critical", 1], ["minor", 1]],
            "buckets": [
                {"id": "4711", "rule": "Critical alarms", "key": "Site = HQ", "severity": "critical",
                 "since": "2026-11-22T17:48:00Z", "count": 3, "element": "Encoder 7",
                 "parameter": "Input", "value": "no signal",
                 "told": [{"contact": "NOC desk", "state": "read"}, {"contact": "Ana", "state": "delivered"},
                          {"contact": "Luis", "state": "queued"}],
                 "more_told": 2, "ack": ["Ana", "2026-11-22T17:50:00Z"], "suppressed": null},
                {"id": "4712", "rule": "Everything", "key": "", "severity": "minor",
                 "since": "2026-11-22T14:55:00Z", "count": 1, "element": "Fan 2", "parameter": "Speed",
                 "value": "", "told": [], "more_told": 0, "ack": null,
                 "suppressed": "silence s17 (by Ana: \"lab works\")"}]},
        "queue": {"waiting": 3, "under_way": 1, "states": [["queued", 2], ["held", 1]], "oldest": "2026-11-22T17:59:00Z"},
        "holds": [{"scope": "template alarm", "reason": "paused by Meta", "since": "2026-11-22T17:40:00Z", "until": null, "waiting": 1}],
        "more_holds": 0,
        "storms": [{"contact": "Luis", "since": "2026-11-22T17:55:00Z", "next": "2026-11-22T18:01:00Z", "waiting": 12, "reason": "10 messages in 2m"}],
        "more_storms": 0,
        "not_told": [{"who": "Lead", "state": "disabled", "why": "enabled = false in the config", "since": null}],
        "more_not_told": 0,
        "recent": [
            {"id": "d1", "at": "2026-11-22T17:59:30Z", "contact": "Luis", "kind": "digest", "severity": "critical",
             "element": "37 alarms", "parameter": "", "state": "accepted", "reason": ""},
            {"id": "17", "at": "2026-11-22T17:48:00Z", "contact": "NOC desk", "kind": "raised", "severity": "critical",
             "element": "Encoder 7", "parameter": "Input", "state": "read", "reason": ""},
            {"id": "16", "at": "2026-11-21T17:48:00Z", "contact": "Ana", "kind": "cleared", "severity": "major",
             "element": "Encoder 8", "parameter": "Input", "state": "failed", "reason": "131026"}],
        "silences": [{"id": "s17", "filter": "element like \"Fan*\"", "starts": "2026-11-22T17:00:00Z",
            "ends": "2026-11-22T19:00:00Z", "state": "active", "by": "Ana", "comment": "lab works", "ended_by": null, "suppressed": 4}],
        "more_silences": 0,
        "sources": [{"name": "prometheus", "within_secs": 300, "heard": "2026-11-22T17:58:00Z", "silent": false}],
        "meta": {"name": "Acme NOC", "quality": "GREEN", "limit": "TIER_1K", "token_valid": true,
            "token_expires": "2026-11-27T18:00:00Z", "templates": 2, "warnings": [], "error": null},
        "hour": {"taken": hour, "accepted": hour, "delivered": hour, "failed": vec![0; 60]}
    }))
    .unwrap()
}
