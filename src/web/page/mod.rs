//! The page: how things stand, for a wall screen, a desk and a phone.
//!
//! The server writes whole pages that read without scripts. With the script, the parts that changed
//! are fetched as the same HTML and put in place.

mod asset;
mod frame;
mod plot;
mod routes;
mod shown;
mod tick;

pub(super) use routes::routes;
