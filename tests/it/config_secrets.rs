//! Secrets: where they come from, what is said about them, and that nobody sees them.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use klaxond::config::{Faults, Loaded};
use proptest::prelude::*;

use crate::support::config::{Folder, PATH, WHATSAPP};

/// Looks like a token to nobody, so that only its place gives it away.
const SECRET: &str = "open sesame";

/// As Meta writes them.
const TOKEN: &str = "EAAGm0PX4ZCpsBAKx7Qd9ZBfT2LhWn5RvYu8";

fn with_token(line: &str) -> String {
    format!("{WHATSAPP}{PATH}").replace("token_file = \"token\"", line)
}

/// Everything that anyone may be shown.
fn shown(result: &Result<Loaded, Faults>) -> String {
    let faults = match result {
        Ok(loaded) => &loaded.warnings,
        Err(faults) => faults,
    };
    let parts: Vec<String> = faults
        .iter()
        .map(|fault| {
            format!(
                "{fault:?} {} {:?} {}",
                fault.message(),
                fault.advice(),
                faults.underlined(fault)
            )
        })
        .collect();
    format!(
        "{result:?} {faults} {} {} {}",
        faults.render(false),
        faults.render(true),
        parts.join("\n")
    )
}

#[test]
fn a_secret_file_that_cannot_be_used() {
    let folder = Folder::new(&with_token("token_file = \"absent\""));
    assert_snapshot!("secret_absent", folder.faults());
    folder.write("absent", " \n", 0o600);
    assert_snapshot!("secret_empty", folder.faults());
    folder.write("absent", b"\xff\xfe", 0o600);
    assert_snapshot!("secret_not_text", folder.faults());
    folder.write("absent", "two words\n", 0o600);
    assert_snapshot!("secret_two_words", folder.faults());
    folder.write("absent", "x".repeat(65 * 1024), 0o600);
    assert_snapshot!("secret_large", folder.faults());
    std::fs::remove_file(folder.path("absent")).unwrap();
    symlink("/dev", folder.path("absent")).unwrap();
    assert_snapshot!("secret_folder", folder.faults());
}

#[test]
fn a_secret_is_given_once() {
    assert_snapshot!(
        "secret_twice",
        Folder::new(&with_token(&format!(
            "token = \"{TOKEN}\"\ntoken_file = \"token\""
        )))
        .faults()
    );
    assert_snapshot!(
        "secret_inline_empty",
        Folder::new(&with_token("token = \"\"")).faults()
    );
    assert_snapshot!(
        "secret_inline_number",
        Folder::new(&with_token("token = 123456789")).faults()
    );
    assert_snapshot!(
        "secret_instead_of_a_file",
        Folder::new(&with_token(&format!("token_file = \"{TOKEN}\""))).faults()
    );
}

#[test]
fn secrets_that_others_can_read_are_worth_a_warning() {
    let folder = Folder::new(&with_token("token_file = \"token\""));
    folder.write("token", TOKEN, 0o644);
    assert_snapshot!("secret_file_exposed", folder.warnings());
    let text = with_token(&format!("token = \"{TOKEN}\""));
    let folder = Folder::new(&text);
    assert_eq!(folder.warnings(), "");
    folder.write("config.toml", &text, 0o644);
    assert_snapshot!("secret_inline_exposed", folder.warnings());
}

#[test]
fn no_fault_on_the_line_of_a_secret_shows_it() {
    for line in [
        format!("token = \"{SECRET}"),
        format!("token = \"{SECRET}\" x"),
        format!("token = {SECRET}"),
        format!("token \"{SECRET}\""),
        format!("token = \"\\d{SECRET}\""),
        format!("token = \"\"\"\n{SECRET}\n\"\"\""),
        format!("token = \"\"\"\n{SECRET}"),
        format!("token =\n\"{SECRET}\""),
        format!("token = [\"{SECRET}\"]"),
        format!("token = [\n  \"{SECRET}\",\n]"),
        format!("token = {{ a = \"{SECRET}\" }}"),
        format!("token = \"{SECRET}\"\ntoken = \"{SECRET}\""),
        format!("tokn = \"{SECRET}\""),
        format!("Token = \"{SECRET}\""),
        format!("access_token = \"{SECRET}\""),
        format!("\"token\" = \"{SECRET}\""),
        format!("'token' = '{SECRET}"),
        format!("token.value = \"{SECRET}\""),
        format!("appsecret = \"{SECRET}\""),
        format!("app_secret = \"{SECRET}"),
        format!("verify_token = '{SECRET}\nx = 1"),
        format!("password = \"{SECRET}\""),
        format!("frobnicate = \"{SECRET}\""),
        format!("business_account = \"1\" token = \"{SECRET}\""),
        format!("token: \"{SECRET}\""),
        format!("= \"{SECRET}\""),
        format!("\"{SECRET}\""),
        format!("token = \"{SECRET}\"\nbase_url = \"{SECRET}\""),
        format!("base_url = \"https://me:{SECRET}@example.org\""),
        format!("[http]\ntoken = \"{SECRET}"),
        format!("[http]\nbearer = \"{SECRET}\""),
        format!("[webhook]\nverify = \"{SECRET}\""),
    ] {
        let result = Folder::new(&with_token(&line)).load();
        assert!(result.is_err(), "{line}");
        let shown = shown(&result);
        assert!(!shown.contains(SECRET), "{line}\n{shown}");
        assert!(!shown.contains("sesame"), "{line}\n{shown}");
    }
}

#[test]
fn a_secret_without_quotes_is_one_too() {
    for (line, secret) in [
        ("token = 987654321", "987654321"),
        ("token = 98765", "98765"),
        ("app_secret = 9.876543", "9.876543"),
    ] {
        let shown = shown(&Folder::new(&with_token(line)).load());
        assert!(!shown.contains(secret), "{line}\n{shown}");
    }
}

#[test]
fn good_settings_do_not_print_secrets_nor_numbers() {
    let folder = Folder::new(&with_token(&format!(
        "token = \"{TOKEN}\"\napp_secret = \"shhhhhhh\""
    )));
    let loaded = folder.load().unwrap();
    let settings = &loaded.settings;
    let text = format!(
        "{loaded:?} {:?} {:?} {:?}",
        settings.whatsapp, settings.http, settings.ruleset
    );
    assert!(
        !text.contains(TOKEN) && !text.contains("shhhhhhh"),
        "{text}"
    );
    assert!(!text.contains("34600111222"), "{text}");
}

/// A config, damaged in a few places.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4_usize,
        "[\\x00-\\x7fé€]{0,3}",
    );
    prop::collection::vec(edit, 1..4).prop_map(move |edits| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, removed, inserted) in edits {
            let at = at.index(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, inserted.chars());
        }
        chars.into_iter().collect()
    })
}

const INLINE: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAGm0PX4ZCpsBAKx7Qd9ZBfT2LhWn5RvYu8"
api_version = "v25.0"

[http]
token = "EAAGm0PX4ZCpsBAKx7Qd9ZBfT2LhWn5RvYu8"

[[contacts]]
name = "NOC desk"
phone = "34600111222"
"#;

const ONE_SECRET: &str = "[whatsapp]\nphone_number_id = \"106540352242922\"\ntoken = \"sesame-open\"\napi_version = \"v25\"\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_config_never_shows_its_token(text in damaged(INLINE)) {
        let shown = shown(&Folder::new(&text).load());
        prop_assert!(!shown.contains(TOKEN), "{}\n{}", text, shown);
    }

    #[test]
    fn one_edit_never_uncovers_a_secret_of_any_form(
        at in any::<prop::sample::Index>(),
        removed in 0..8_usize,
        inserted in "[\\x00-\\x7f]{0,2}",
    ) {
        let mut text = ONE_SECRET.to_owned();
        let at = at.index(text.len());
        let end = (at + removed).min(text.len());
        text.replace_range(at..end, &inserted);
        let shown = shown(&Folder::new(&text).load());
        prop_assert!(!shown.contains("sesame-open"), "{}\n{}", text, shown);
    }

    #[test]
    fn no_config_makes_klaxond_panic(text in damaged(include_str!("../../config/config.toml"))) {
        let _ = shown(&Folder::new(&text).load());
    }

    #[test]
    fn no_text_makes_klaxond_panic(text in "[\\[\\]{}=\"'\\\\\n #.,a-z0-9é]{0,200}") {
        let _ = shown(&Folder::new(&text).load());
    }
}
