//! The sandbox's page: the phones side by side, and what can be made to go wrong.
//!
//! `view` is what the page shows, as data; `routes` serves it beside the page's files.

mod routes;
mod view;

pub(super) use routes::routes;
