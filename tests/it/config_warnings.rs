//! What is worth a second look in a good config, and what a reload changes.

use insta::assert_snapshot;
use klaxond::config::Changes;

use crate::support::config::{Folder, PATH, WHATSAPP, warnings};

#[test]
fn nobody_is_told() {
    assert_snapshot!("nobody_at_all", Folder::new(WHATSAPP).warnings());
    let text = format!("{WHATSAPP}{PATH}").replace("groups =", "enabled = false\ngroups =");
    assert_snapshot!("rule_reaches_nobody", Folder::new(&text).warnings());
}

#[test]
fn a_contact_may_be_named_by_its_id_or_its_name() {
    let contacts = "[[contacts]]\nname = \"Ana\"\nid = \"Ana\"\nphone = \"34600111224\"\n\
                    [[contacts]]\nname = \"Bo\"\nid = \"b\"\nphone = \"34600111225\"\n";
    let text = format!("{WHATSAPP}{PATH}{contacts}").replace(
        "notify = [\"noc\"]",
        "notify = [\"Bo\", \"Ana\", \"b\", \"noc\"]",
    );
    let settings = Folder::new(&text).load().unwrap().settings;
    let told = settings.ruleset.rules[0].notify.clone().unwrap();
    let told: Vec<&str> = told.iter().map(|id| id.as_str()).collect();
    assert_eq!(told, ["b", "Ana", "NOC desk"]);
}

#[test]
fn things_that_look_wrong() {
    assert_snapshot!(
        "same_number",
        warnings("[[contacts]]\nname = \"Again\"\nphone = \"34600111222\"\n")
    );
    assert_snapshot!(
        "no_business_account",
        Folder::new(&format!("{WHATSAPP}{PATH}").replace("business_account_id", "#")).warnings()
    );
    assert_snapshot!(
        "no_such_program",
        warnings("[fallback]\ncommand = [\"/no/such/program\"]\n")
    );
    assert_snapshot!(
        "template_meta_dislikes",
        warnings(
            "[templates.other]\nname = \"other\"\ntext = \"{{1}} is an alarm.\"\nparameters = [\"{{ alarm.element }}\"]\n"
        )
    );
}

fn changes(folder: &Folder, new: &str) -> Changes {
    let before = folder.load().unwrap().settings;
    folder.write("config.toml", new, 0o640);
    let after = folder.load().unwrap().settings;
    before.changes(&after)
}

#[test]
fn a_reload_says_what_it_changes() {
    let old = format!("{WHATSAPP}{PATH}");
    let folder = Folder::new(&old);
    assert!(changes(&folder, &old).is_empty());
    let new = old
        .replace("34600111222", "34600111223")
        .replace("severity = critical", "severity >= major")
        .replace("please check", "do check")
        + "[[contacts]]\nname = \"Ana\"\nphone = \"34600111224\"\n[[rules]]\nname = \"Rest\"\nalso = true\n\
           [delivery]\nthroughput = \"20/s\"\nmode = \"shadow\"\n[fallback]\ncommand = [\"page\"]\n";
    let changes = changes(&folder, &new);
    assert_eq!(
        changes.applied,
        [
            "delivery.throughput is 20/s",
            "delivery.mode is shadow",
            "fallback added",
            "contact NOC desk: number changed",
            "contact Ana added",
            "rule Critical alarms: filter changed",
            "rule Rest added",
            "template alarm: text changed",
        ]
    );
    assert!(changes.needs_restart.is_empty());
}

#[test]
fn a_reload_says_what_goes_and_what_moves() {
    let folder = Folder::new(&format!(
        "{WHATSAPP}{PATH}[[rules]]\nname = \"B\"\n[[rules]]\nname = \"C\"\n[[contacts]]\nname = \"Ana\"\nphone = \"34600111224\"\n"
    ));
    let new = format!("{WHATSAPP}{PATH}[[rules]]\nname = \"C\"\n[[rules]]\nname = \"B\"\n");
    let changes = changes(&folder, &new);
    assert_eq!(
        changes.applied,
        [
            "contact Ana removed; what waits for it is closed",
            "the order of the rules changed"
        ]
    );
}

#[test]
fn a_new_token_in_the_same_file_is_a_change() {
    let text = format!("{WHATSAPP}{PATH}");
    let folder = Folder::new(&text);
    let before = folder.load().unwrap().settings;
    folder.write("token", "EAAGother0123456789abcdef", 0o600);
    let after = folder.load().unwrap().settings;
    let changes = before.changes(&after);
    assert_eq!(changes.applied, ["whatsapp.token changed"]);
    assert!(!format!("{changes:?}").contains("EAAG"));
}

#[test]
fn a_reload_says_what_needs_a_restart() {
    let old = format!("{WHATSAPP}{PATH}");
    let folder = Folder::new(&old);
    folder.write("http", "http-token", 0o600);
    let new = old
        + "[storage]\npath = \"other.db\"\nretention = \"7d\"\n[ingest]\nsocket = \"a.sock\"\nmode = \"0600\"\nmax_line = 1024\n\
           [http]\nlisten = \"off\"\ntoken_file = \"http\"\n[log]\nformat = \"json\"\n[webhook]\n";
    let new = new.replace(
        "token_file = \"token\"\n",
        "token_file = \"token\"\nverify_token = \"sesame\"\napp_secret = \"0a1b2c\"\n",
    );
    let changes = changes(&folder, &new);
    assert_eq!(
        changes.applied,
        [
            "whatsapp.app_secret changed",
            "delivery.unknown_wait changed"
        ]
    );
    assert_eq!(
        changes.needs_restart,
        [
            "storage.path changed",
            "storage.retention changed",
            "ingest.socket changed",
            "ingest.mode changed",
            "ingest.max_line changed",
            "http.listen changed",
            "http.control changed",
            "http.token changed",
            "webhook added",
            "log.format changed",
        ]
    );
}

#[test]
fn what_is_said_of_digests_belongs_into_their_template() {
    let template = |id: &str, parameter: &str| {
        warnings(&format!(
            "[templates.{id}]\nname = \"k\"\ntext = \"Look at {{{{1}}}} now.\"\nparameters = [\"{parameter}\"]\n"
        ))
    };
    assert_snapshot!(
        "digest_variable_elsewhere",
        template("other", "{{ digest.count }}")
    );
    assert_snapshot!(
        "digest_without_list",
        template("digest", "{{ digest.headline }}")
    );
    assert_eq!(template("digest", "{{ digest.list }}"), "");
    assert_eq!(template("other", "{{ alarm.element }}"), "");
}
