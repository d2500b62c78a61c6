//! Secrets: inline, in a file of their own, or handed over by systemd.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::fault::Fault;
use super::mask;
use super::page::{Problem, Told};
use super::reader::Table;
use super::settings::Environment;

/// Larger files hold no token.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A secret, and the file to read it from again.
pub(super) struct Secret {
    pub(super) value: SecretString,
    pub(super) file: Option<PathBuf>,
}

/// What a secret is called in each place where it may be.
pub(super) struct Names {
    /// The key that gives it inline: `token`.
    pub(super) inline: &'static str,
    /// The key that names its file: `token_file`.
    pub(super) file: &'static str,
    /// Its name in `$CREDENTIALS_DIRECTORY`.
    pub(super) credential: &'static str,
}

/// The secret that a table gives, or the credential of that name.
///
/// `Err` says that one is given and cannot be used; the fault is told.
pub(super) fn read(
    table: &Table<'_>,
    names: &Names,
    environment: &Environment,
    exposed: bool,
) -> Result<Option<Secret>, Told> {
    let (inline, file) = (names.inline, names.file);
    let tell = |key: &str, problem: Problem| {
        table.fault(key, problem);
        Told
    };
    if let (Some(first), Some(second)) = (table.key_span(inline), table.key_span(file)) {
        let message = format!("both `{inline}` and `{file}` are given");
        let fault = Fault::at(second, message).help("keep one of the two");
        table.page.fault(fault.other(first, "given here too"));
        return Err(Told);
    }
    if table.get(inline).is_some() {
        let text = table.text(inline).ok_or(Told)?;
        let value = checked(inline, text.text).map_err(|problem| tell(inline, problem))?;
        if exposed {
            let message =
                format!("`{inline}` stands in a file that every user of this host can read");
            let help =
                format!("chmod o-r the file, or move the secret to a file and name it: {file}");
            table.warn(inline, &message, &help);
        }
        return Ok(Some(Secret { value, file: None }));
    }
    if table.get(file).is_some() {
        let text = table.text(file).ok_or(Told)?;
        if mask::looks_like_token(text.text) {
            let problem =
                Problem::new(format!("`{file}` wants the name of a file, not the secret"));
            table.fault(
                file,
                problem.help(format!("write {inline} = … or put it into a file")),
            );
            return Err(Told);
        }
        let path = table.path(file).ok_or(Told)?;
        return from_file(table, file, path).map(Some);
    }
    let credential = environment
        .credentials_directory
        .as_ref()
        .map(|folder| folder.join(names.credential))
        .filter(|path| path.exists());
    match credential {
        Some(path) => from_file(table, file, path).map(Some),
        None => Ok(None),
    }
}

fn from_file(table: &Table<'_>, key: &'static str, path: PathBuf) -> Result<Secret, Told> {
    let shown = path.display();
    let tell = |problem: Problem| {
        table.fault(key, problem);
        Told
    };
    let content = match small_file(&path) {
        Ok(content) => content,
        Err(problem) => return Err(tell(problem)),
    };
    let text = match std::str::from_utf8(&content) {
        Ok(text) if !text.trim().is_empty() => text,
        Ok(_) => {
            let problem = Problem::new(format!("the file {shown} is empty"));
            return Err(tell(problem.help("put the secret into it, on one line")));
        }
        Err(_) => {
            let problem = Problem::new(format!("the file {shown} does not hold text"));
            return Err(tell(problem.help("put the secret into it, on one line")));
        }
    };
    let value = match checked(key, text) {
        Ok(value) => value,
        Err(problem) => return Err(tell(problem)),
    };
    if readable_by_others(&path) {
        let message = format!("every user of this host can read {shown}");
        table.warn(key, &message, &format!("run: chmod o-r {shown}"));
    }
    let file = Some(path);
    Ok(Secret { value, file })
}

/// The content of an ordinary file of at most 64 KiB.
pub(super) fn small_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let shown = path.display();
    let refuse = |error: std::io::Error| {
        let (missing, denied) = (ErrorKind::NotFound, ErrorKind::PermissionDenied);
        if error.kind() == missing {
            Problem::new(format!("there is no file {shown}")).help("make it, or name another")
        } else if error.kind() == denied {
            Problem::new(format!("the file {shown} cannot be read"))
                .help("let the user that runs klaxond read it, for example by its group")
        } else {
            Problem::new(format!("the file {shown} cannot be read: {error}"))
        }
    };
    // A pipe of this name would block, so its kind is looked at before it is opened.
    let kind = fs::metadata(path).map_err(refuse)?;
    if !kind.is_file() {
        return Err(Problem::new(format!("{shown} is not an ordinary file")).help("name a file"));
    }
    let mut content = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content))
        .map_err(refuse)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(
            Problem::new(format!("the file {shown} is larger than 64 KiB"))
                .help("name the right file"),
        );
    }
    Ok(content)
}

/// Whether users outside the owner and the group may read it.
pub(super) fn readable_by_others(path: &Path) -> bool {
    const OTHERS_READ: u32 = 0o004;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & OTHERS_READ != 0)
}

fn checked(key: &str, text: &str) -> Result<SecretString, Problem> {
    let text = text.trim();
    if text.is_empty() {
        Err(Problem::new(format!("`{key}` is empty")).help("give the secret"))
    } else if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii())
    {
        Err(Problem::new(format!(
            "the secret of `{key}` holds white space or special characters"
        ))
        .help("give the secret alone, on one line"))
    } else {
        Ok(SecretString::from(text))
    }
}
