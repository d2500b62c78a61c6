//! One HTTP body to records.

use serde_json::value::RawValue;

use crate::model::Time;

use super::codec::{Codec, Line, Parsed};
use super::json::placed;

/// The records of one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// In the order of the body.
    pub records: Vec<Parsed>,
    /// Whether they are answered with a list: a list was sent, or more than one record.
    pub many: bool,
}

impl Codec {
    /// Most records of one body.
    pub const MAX_BODY_RECORDS: usize = 16_384;

    /// Reads a body: one JSON object, a list of them, or lines as on the socket (JSON objects or
    /// DataMiner strings). A line or an item that is wrong costs only itself.
    ///
    /// # Errors
    /// It is none of these, or holds too many records; the text says what was expected.
    pub fn read_body(&self, body: &[u8], arrival: Time) -> Result<Body, String> {
        let whole = body.trim_ascii();
        match whole.first() {
            None => {
                Err("the body is empty; expected a record, a list of records or lines".to_owned())
            }
            Some(b'[') => self.read_list(utf8(body)?, arrival),
            Some(b'{') if !first_line_closes(whole) => {
                // An object over several lines, as a person writes it.
                let text = utf8(body)?;
                let record: &RawValue =
                    serde_json::from_str(text).map_err(|fault| placed(&fault))?;
                Ok(Body {
                    records: vec![self.read_json(record.get(), arrival)],
                    many: false,
                })
            }
            Some(_) => self.read_lines(whole, arrival),
        }
    }

    fn read_list(&self, text: &str, arrival: Time) -> Result<Body, String> {
        let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|fault| placed(&fault))?;
        if items.len() > Self::MAX_BODY_RECORDS {
            return Err(too_many());
        }
        Ok(Body {
            records: items
                .into_iter()
                .map(|item| self.read_json(item.get(), arrival))
                .collect(),
            many: true,
        })
    }

    fn read_lines(&self, body: &[u8], arrival: Time) -> Result<Body, String> {
        let mut records = Vec::new();
        for line in body.split(|byte| *byte == b'\n') {
            match self.read_line(line, arrival) {
                Line::Blank => {}
                Line::One(record) => records.push(record),
                Line::Many(several) => records.extend(several),
            }
            if records.len() > Self::MAX_BODY_RECORDS {
                return Err(too_many());
            }
        }
        let many = records.len() > 1;
        Ok(Body { records, many })
    }
}

/// Whether the first line of what begins with `{` ends with `}`: then each line is a record.
fn first_line_closes(body: &[u8]) -> bool {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or(body);
    line.trim_ascii_end().ends_with(b"}")
}

fn utf8(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body).map_err(|fault| {
        format!(
            "byte {} is not UTF-8; send the body in UTF-8",
            fault.valid_up_to() + 1
        )
    })
}

fn too_many() -> String {
    format!(
        "more than {} records; send them in several requests",
        Codec::MAX_BODY_RECORDS
    )
}
