//! A config file in a folder of its own, with a token file beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use klaxond::config::{Environment, Faults, Loaded, load};
use klaxond::whatsapp::template::Definition;
use tempfile::TempDir;

/// What every good config has; the rest of a test's file follows.
pub const WHATSAPP: &str = r#"[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token_file = "token"
"#;

/// A contact, a template and a rule that use each other.
pub const PATH: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
groups = ["noc"]

[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{1}}, please check."
parameters = ["{{ alarm.element }}"]

[[rules]]
name = "Critical alarms"
filter = 'severity = critical'
notify = ["noc"]
"#;

/// A folder with a config file.
pub struct Folder {
    folder: TempDir,
    /// `$CREDENTIALS_DIRECTORY`, when the test gives one.
    pub credentials: Option<PathBuf>,
}

impl Folder {
    /// A folder with `text` as its `config.toml` and a token file that only its owner can read.
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let this = Self {
            folder,
            credentials: None,
        };
        this.write("token", "EAAGtestTOKEN0123456789\n", 0o600);
        this.write("config.toml", text, 0o640);
        this
    }

    /// Writes a file with that mode.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads the config.
    pub fn load(&self) -> Result<Loaded, Faults> {
        let environment = Environment {
            credentials_directory: self.credentials.clone(),
        };
        load(&self.path("config.toml"), &environment)
    }

    /// `text` with the folder's own name, which differs from run to run, as `/etc/klaxond`.
    pub fn plain(&self, text: &str) -> String {
        let own: &Path = self.folder.path();
        text.replace(own.to_str().unwrap(), "/etc/klaxond")
    }

    /// The faults of a bad config, as a person sees them.
    pub fn faults(&self) -> String {
        match self.load() {
            Ok(_) => panic!("the config was taken"),
            Err(faults) => self.plain(&faults.render(false)),
        }
    }

    /// The warnings of a good config, as a person sees them.
    pub fn warnings(&self) -> String {
        match self.load() {
            Ok(loaded) => self.plain(&loaded.warnings.render(false)),
            Err(faults) => panic!("{}", faults.render(false)),
        }
    }
}

/// The faults of a config that has `text` behind a good [whatsapp] section.
pub fn faults(text: &str) -> String {
    Folder::new(&format!("{WHATSAPP}{text}")).faults()
}

/// The warnings of a config that has `text` behind a good [whatsapp] section and path.
pub fn warnings(text: &str) -> String {
    Folder::new(&format!("{WHATSAPP}{PATH}{text}")).warnings()
}

/// A template that the example ships, commented out or not.
pub fn shipped_template(id: &str) -> Definition {
    const EXAMPLE: &str = include_str!("../../../config/config.toml");
    let header = format!("[templates.{id}]");
    let block: String = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .skip_while(|line| *line != header)
        .take_while(|line| !line.is_empty() && *line != "#")
        .fold(String::new(), |text, line| text + line + "\n");
    let loaded = Folder::new(&format!("{WHATSAPP}{PATH}{block}")).load();
    let definitions = loaded.unwrap().settings.definitions;
    definitions
        .into_iter()
        .find(|definition| definition.id.as_str() == id)
        .unwrap_or_else(|| panic!("there is no {header}"))
}
