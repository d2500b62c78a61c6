//! `klaxond send --from SYSTEM`: what other systems call a program with, to records.
//!
//! Pure: arguments, environment and input in, lines for the alarm socket out. `system` knows which
//! there are; each has a file of its own. `notification` is what Nagios and Icinga have in common,
//! `spelling` how a record is written.

mod alertmanager;
mod dataminer;
mod icinga2;
mod nagios;
mod notification;
mod spelling;
mod system;
mod zabbix;

pub(super) use system::{Given, System, Taken, Wrong};
