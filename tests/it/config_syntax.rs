//! Files that are no TOML: what a person is shown.

use insta::assert_snapshot;

use crate::support::config::{Folder, PATH, WHATSAPP};

#[test]
fn broken_toml() {
    let good = format!("{WHATSAPP}{PATH}");
    for (name, text) in [
        (
            "toml_no_value",
            good.replace("name = \"NOC desk\"", "name ="),
        ),
        ("toml_no_quotes", good.replace("\"NOC desk\"", "NOC desk")),
        ("toml_no_end", good.replace("\"NOC desk\"", "\"NOC desk")),
        (
            "toml_no_equals",
            good.replace("name = \"NOC desk\"", "name \"NOC desk\""),
        ),
        ("toml_header", good.replace("[[contacts]]", "[[contacts]")),
        (
            "toml_escape",
            good.replace(
                "severity = critical'",
                "severity = major'\ndescription = \"a\\d\"",
            ),
        ),
        (
            "toml_twice",
            good.replace("groups =", "phone = \"34600111223\"\ngroups ="),
        ),
        (
            "toml_table_twice",
            format!("{good}\n[templates.alarm]\nname = \"b\"\n"),
        ),
        (
            "toml_inline_twice",
            good.replace("groups", "a = { b = 1, b = 2 }\ngroups"),
        ),
    ] {
        assert_snapshot!(name, Folder::new(&text).faults());
    }
}

#[test]
fn broken_toml_does_not_hide_other_mistakes_nor_invent_them() {
    let text = format!("{WHATSAPP}{PATH}")
        .replace("name = \"NOC desk\"", "name = NOC desk")
        .replace("34600111222", "+34600111222");
    assert_snapshot!(Folder::new(&text).faults());
}
