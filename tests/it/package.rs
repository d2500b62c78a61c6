//! The package: what is made from the commands, the units, and a life from installing to purging in a
//! folder that plays the system.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::tools::{left_out, tool};

/// The group that `systemd-sysusers` makes in an empty system.
const GROUP: &str = "klaxond";

fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Files of a folder with their text, by name.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn man_pages_and_completions_are_those_of_the_commands() {
    let made = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .arg("generate")
        .arg(made.path())
        .status()
        .unwrap();
    assert!(status.success());
    for kind in ["man", "completions"] {
        let (made, kept) = (
            texts(&made.path().join(kind)),
            texts(&project("config").join(kind)),
        );
        let names = |texts: &[(String, String)]| -> Vec<String> {
            texts.iter().map(|(name, _)| name.clone()).collect()
        };
        let mend = "run `cargo run -- generate config`, and remove what is left over";
        assert_eq!(names(&made), names(&kept), "{mend}");
        for ((name, made), (_, kept)) in made.iter().zip(&kept) {
            assert!(made == kept, "config/{kind}/{name} is old: {mend}");
        }
    }
}

#[test]
fn the_units_are_right_and_let_in_little() {
    const TEST: &str = "the_units_are_right_and_let_in_little";
    let Some(analyze) = tool("systemd-analyze", TEST) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for unit in ["klaxond.service", "klaxond.socket"] {
        let text = fs::read_to_string(project("config").join(unit)).unwrap();
        // What is not installed here does not count.
        let text = text.replace("/usr/bin/klaxond", env!("CARGO_BIN_EXE_klaxond"));
        fs::write(folder.path().join(unit), text).unwrap();
    }
    let service = folder.path().join("klaxond.service");
    let verified = Command::new(&analyze)
        .args(["verify", "--man=no"])
        .arg(&service)
        .arg(folder.path().join("klaxond.socket"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    // Older ones than 253 skip the second `Type=`, which the unit says.
    let left: Vec<&str> = said
        .lines()
        .filter(|line| !line.contains("notify-reload"))
        .collect();
    assert!(verified.status.success() && left.is_empty(), "{said}");

    // The threshold is in tenths.
    let secure = Command::new(&analyze)
        .args(["security", "--offline=yes", "--threshold=15"])
        .arg(&service)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&secure.stdout);
    assert!(secure.status.success(), "worse than 1.5:\n{said}");
}

/// A folder that plays the system.
struct Root {
    folder: tempfile::TempDir,
    dpkg: PathBuf,
}

impl Root {
    fn new(dpkg: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["info", "updates", "triggers"] {
            fs::create_dir_all(folder.path().join("var/lib/dpkg").join(part)).unwrap();
        }
        for file in ["status", "available"] {
            fs::write(folder.path().join("var/lib/dpkg").join(file), "").unwrap();
        }
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        Self { folder, dpkg }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dpkg(&self, arguments: &[&str]) {
        let done = Command::new(&self.dpkg)
            .arg(format!("--root={}", self.folder.path().display()))
            // There is no shell in it, and nothing of what a system is made of.
            .args(["--force-script-chrootless", "--force-depends"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output()
            .unwrap();
        succeeded(&done, &arguments.join(" "));
    }

    /// Everything of ours that is still there, but for dpkg's own books.
    fn left(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path.clone());
                }
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if name.contains("klaxond") {
                    left.push(path);
                }
            }
        }
        left
    }
}

fn succeeded(done: &Output, what: &str) {
    assert!(
        done.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// The package of this build, as version `version`.
fn package(cargo_deb: &Path, folder: &Path, version: &str) -> PathBuf {
    let file = folder.join(format!("klaxond_{version}.deb"));
    let done = Command::new(cargo_deb)
        .args(["--no-build", "--profile", "dev", "--no-strip", "--fast"])
        .args(["--no-dbgsym", "--deb-version", version, "--output"])
        .arg(&file)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    succeeded(&done, "cargo deb");
    file
}

#[test]
fn a_package_is_installed_upgraded_removed_and_purged() {
    const TEST: &str = "a_package_is_installed_upgraded_removed_and_purged";
    let tools = ["dpkg", "systemd-sysusers", "systemd-tmpfiles", "cargo-deb"];
    let found: Vec<PathBuf> = tools.iter().filter_map(|name| tool(name, TEST)).collect();
    let [dpkg, _, _, cargo_deb] = found.as_slice() else {
        return;
    };
    if !rustix::process::geteuid().is_root() {
        left_out(TEST, "root, to give files to others");
        return;
    }
    let packages = tempfile::tempdir().unwrap();
    let first = package(cargo_deb, packages.path(), "0.1.0-1");
    let root = Root::new(dpkg.clone());

    root.dpkg(&["--install", first.to_str().unwrap()]);
    let groups = fs::read_to_string(root.path("etc/group")).unwrap();
    let group = groups.lines().find(|line| line.starts_with(GROUP)).unwrap();
    let group: u32 = group.split(':').nth(2).unwrap().parse().unwrap();
    let config = fs::metadata(root.path("etc/klaxond/config.toml")).unwrap();
    assert_eq!(config.permissions().mode() & 0o777, 0o640);
    assert_eq!((config.uid(), config.gid()), (0, group));
    let state = fs::metadata(root.path("var/lib/klaxond")).unwrap();
    assert_eq!(state.permissions().mode() & 0o777, 0o750);
    assert_eq!(state.gid(), group);
    for file in [
        "usr/lib/systemd/system/klaxond.service",
        "usr/lib/systemd/system/klaxond.socket",
        "etc/systemd/system/multi-user.target.wants/klaxond.service",
        "etc/systemd/system/sockets.target.wants/klaxond.socket",
        "usr/share/man/man1/klaxond.1.gz",
        "usr/share/bash-completion/completions/klaxond",
    ] {
        let there = root.path(file);
        assert!(there.symlink_metadata().is_ok(), "{file} is missing");
    }
    // What was installed runs, and says what the config lacks.
    let check = Command::new(root.path("usr/bin/klaxond"))
        .args(["check", "--config"])
        .arg(root.path("etc/klaxond/config.toml"))
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&check.stderr).contains("token"));

    // Somebody sets it up and works with it.
    let mine = fs::read_to_string(root.path("etc/klaxond/config.toml")).unwrap() + "# mine\n";
    fs::write(root.path("etc/klaxond/config.toml"), &mine).unwrap();
    fs::write(root.path("etc/klaxond/token"), "secret").unwrap();
    fs::write(root.path("var/lib/klaxond/klaxond.db"), "alarms").unwrap();

    let second = package(cargo_deb, packages.path(), "0.1.0-2");
    root.dpkg(&["--install", second.to_str().unwrap()]);
    let kept = |name: &str| fs::read_to_string(root.path(name)).unwrap();
    assert_eq!(kept("etc/klaxond/config.toml"), mine);
    assert_eq!(kept("var/lib/klaxond/klaxond.db"), "alarms");
    let token = fs::metadata(root.path("etc/klaxond/token")).unwrap();
    assert_eq!(token.permissions().mode() & 0o777, 0o640);
    assert_eq!(token.gid(), group, "the daemon can read it");

    root.dpkg(&["--remove", "klaxond"]);
    assert!(!root.path("usr/bin/klaxond").exists());
    assert_eq!(kept("etc/klaxond/config.toml"), mine);
    assert_eq!(kept("etc/klaxond/token"), "secret");
    assert_eq!(kept("var/lib/klaxond/klaxond.db"), "alarms");

    root.dpkg(&["--purge", "klaxond"]);
    assert_eq!(root.left(), Vec::<PathBuf>::new());
}
