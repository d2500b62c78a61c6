//! The file being read, and what is found wrong in it.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::fault::Fault;
use super::inside;

/// A value that cannot be used; the fault is told.
pub(super) struct Told;

/// Why a text cannot be what its key wants.
pub(super) struct Problem {
    message: String,
    help: Option<String>,
    /// Which bytes of the text; all of it when not given.
    inside: Option<Range<usize>>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
            inside: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The fault for a problem with what stands at `span`.
    pub(super) fn at(self, span: Option<Range<usize>>) -> Fault {
        Fault::maybe_at(span, self.message).maybe_help(self.help)
    }

    pub(super) fn inside(mut self, span: Range<usize>) -> Self {
        self.inside = Some(span);
        self
    }
}

/// The file being read, and what was found wrong in it.
pub(super) struct Page<'d> {
    text: &'d str,
    folder: PathBuf,
    faults: RefCell<Vec<Fault>>,
    warnings: RefCell<Vec<Fault>>,
}

impl<'d> Page<'d> {
    /// `folder` is what relative paths in the file are relative to.
    pub(super) fn new(text: &'d str, folder: &Path) -> Self {
        Self {
            text,
            folder: folder.to_owned(),
            faults: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    pub(super) fn warn(&self, fault: Fault) {
        self.warnings.borrow_mut().push(fault.warning());
    }

    /// Whether so much is wrong that looking for the nearest name is not worth its time.
    pub(super) fn is_full(&self) -> bool {
        const MANY: usize = 200;
        self.faults.borrow().len() >= MANY
    }

    /// The faults and the warnings.
    pub(super) fn finish(self) -> (Vec<Fault>, Vec<Fault>) {
        (self.faults.into_inner(), self.warnings.into_inner())
    }

    /// A path in the file, relative to the file's folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// The file's own text at `span`.
    pub(super) fn raw(&self, span: Range<usize>) -> &'d str {
        self.text.get(span).unwrap_or("")
    }

    /// The fault for `problem` with `text`, pointing inside it where that is possible.
    pub(super) fn problem(&self, text: &Text<'_>, problem: Problem) -> Fault {
        let mut message = problem.message;
        let mut span = text.span.clone();
        if let Some(part) = problem.inside {
            let raw = self.raw(text.span.clone());
            match inside::locate(raw, text.text, &part) {
                Some(place) => span = text.span.start + place.start..text.span.start + place.end,
                None => {
                    let before = text.text.get(..part.start).unwrap_or("");
                    message.push_str(&format!(" (at character {})", before.chars().count() + 1));
                }
            }
        }
        Fault::at(span, message).maybe_help(problem.help)
    }
}

/// A text value and where it stands, quotes included.
#[derive(Clone)]
pub(super) struct Text<'d> {
    pub(super) text: &'d str,
    pub(super) span: Range<usize>,
}
