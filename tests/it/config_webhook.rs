//! `[webhook]`: on with everything it needs, and told what is missing with a part of it.

use std::time::Duration;

use insta::assert_snapshot;
use secrecy::ExposeSecret;

use crate::support::config::{Folder, PATH, WHATSAPP};

const KEYS: &str = "verify_token_file = \"verify\"\napp_secret_file = \"secret\"\n";

fn folder(keys: &str, rest: &str) -> Folder {
    let folder = Folder::new(&format!("{WHATSAPP}{keys}{PATH}{rest}"));
    folder.write("verify", "open-sesame\n", 0o600);
    folder.write("secret", "0a1b2c3d\n", 0o600);
    folder
}

#[test]
fn receipts_are_on_when_section_token_and_secret_are_there() {
    let settings = folder(KEYS, "[webhook]\n").load().unwrap().settings;
    let webhook = settings.webhook.unwrap();
    assert_eq!(webhook.listen, "127.0.0.1:9781".parse().unwrap());
    assert_eq!(webhook.verify_token.expose_secret(), "open-sesame");
    assert_eq!(webhook.app_secret.expose_secret(), "0a1b2c3d");
    assert_eq!(webhook.phone_number_id, "106540352242922");
    assert!(settings.delivery.receipts);
    assert_eq!(settings.delivery.unknown_wait, Duration::from_secs(20));
    assert_eq!(folder(KEYS, "[webhook]\n").warnings(), "");
}

#[test]
fn without_the_section_they_are_off_and_a_lost_answer_is_waited_for_less() {
    for (keys, rest) in [
        ("", ""),
        ("app_secret_file = \"secret\"\n", ""),
        (KEYS, "[webhook]\nlisten = \"off\"\n"),
    ] {
        let settings = folder(keys, rest).load().unwrap().settings;
        assert!(settings.webhook.is_none(), "{keys}{rest}");
        assert!(!settings.delivery.receipts);
        assert_eq!(settings.delivery.unknown_wait, Duration::from_secs(5));
    }
    let waits = folder(KEYS, "[webhook]\n[delivery]\nunknown_wait = \"7s\"\n");
    let settings = waits.load().unwrap().settings;
    assert_eq!(settings.delivery.unknown_wait, Duration::from_secs(7));
}

#[test]
fn a_credential_of_the_system_serves_as_a_key() {
    let mut folder = folder("", "[webhook]\nlisten = \"0.0.0.0:0\"\n");
    folder.write("credentials/verify_token", "sesame", 0o600);
    folder.write("credentials/app_secret", "0a1b", 0o600);
    folder.credentials = Some(folder.path("credentials"));
    let webhook = folder.load().unwrap().settings.webhook.unwrap();
    assert_eq!(webhook.listen, "0.0.0.0:0".parse().unwrap());
    assert_eq!(webhook.verify_token.expose_secret(), "sesame");
    // It is there for another program, too: alone it is no mistake.
    folder.write("config.toml", format!("{WHATSAPP}{PATH}"), 0o640);
    assert!(folder.load().unwrap().settings.webhook.is_none());
}

#[test]
fn a_part_of_it_is_told_with_what_is_missing() {
    assert_snapshot!("webhook_alone", folder("", "[webhook]\n").faults());
    assert_snapshot!(
        "webhook_verify_token_alone",
        folder("verify_token = \"open-sesame\"\n", "").faults()
    );
    assert_snapshot!(
        "webhook_address",
        folder(KEYS, "[webhook]\nlisten = \"9781\"\n").faults()
    );
    assert_snapshot!(
        "webhook_same_address",
        folder(KEYS, "[webhook]\nlisten = \"127.0.0.1:9780\"\n").faults()
    );
}

#[test]
fn a_key_that_is_given_and_wrong_is_told_once() {
    let folder = folder(KEYS, "[webhook]\n");
    folder.write("secret", "", 0o600);
    let told = folder.faults();
    assert_eq!(told.matches("error:").count(), 1, "{told}");
    assert!(told.contains("is empty"), "{told}");
}

#[test]
fn other_keys_need_a_restart() {
    let folder = folder(KEYS, "[webhook]\n");
    let before = folder.load().unwrap().settings;
    folder.write("verify", "other", 0o600);
    folder.write("secret", "ffff", 0o600);
    let changes = before.changes(&folder.load().unwrap().settings);
    assert_eq!(changes.applied, ["whatsapp.app_secret changed"]);
    assert_eq!(
        changes.needs_restart,
        [
            "whatsapp.verify_token changed",
            "whatsapp.app_secret changed, for webhooks"
        ]
    );
}
