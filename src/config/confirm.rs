//! `confirm`: whether Meta taking a message is enough, or it must reach the phone.

use std::time::Duration;

use super::page::Problem;
use super::reader::Table;

/// What is wanted of messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confirm {
    delivered: bool,
    within: Duration,
    /// Meta's receipts come in.
    receipts: bool,
}

impl Confirm {
    /// What `[delivery]` says, for rules that say nothing.
    pub(super) fn of_delivery(table: &Table<'_>, receipts: bool) -> Self {
        let accepted = Self {
            delivered: false,
            within: Duration::from_secs(300),
            receipts,
        };
        accepted.amended(table, false)
    }

    /// What a rule says.
    pub(super) fn of_rule(self, rule: &Table<'_>) -> Self {
        self.amended(rule, true)
    }

    /// Within which time a message must reach the phone; `None` when acceptance is enough.
    pub(super) fn within(self) -> Option<Duration> {
        self.delivered.then_some(self.within)
    }

    fn amended(self, table: &Table<'_>, is_rule: bool) -> Self {
        let words = [("delivered", true), ("accepted", false)];
        let bounds = Duration::from_secs(10)..=Duration::from_secs(86_400);
        let confirm = Self {
            delivered: table.word("confirm", &words, self.delivered),
            within: table.duration("confirm_within", bounds, self.within),
            receipts: self.receipts,
        };
        let asks = table.get("confirm").is_some() && confirm.delivered;
        if asks && !self.receipts {
            table.warn(
                "confirm",
                "`confirm = \"delivered\"` counts as \"accepted\": without [webhook] no receipts come in",
                "set up [webhook], or take this key out",
            );
        }
        if is_rule && table.get("confirm_within").is_some() && !confirm.delivered {
            table.fault(
                "confirm_within",
                Problem::new("`confirm_within` needs confirm = \"delivered\"")
                    .help("add confirm = \"delivered\", or take this key out"),
            );
        }
        confirm
    }
}
