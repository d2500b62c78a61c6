//! Daemons in trouble: a sandbox with faults, one contact, alarms by id.

use klaxond::sandbox::{Fault, Sandbox, Settings};

use super::process::{Home, wait_until};

pub const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

pub const FAST: &str =
    "[delivery]\nstorm = \"off\"\nthroughput = \"10000/s\"\nper_contact = \"10000/s\"\n";

pub async fn sandbox(faults: &[&str]) -> Sandbox {
    let settings = Settings {
        faults: parse(faults),
        ..Settings::default()
    };
    let (sandbox, mut shown) = Sandbox::start(settings).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    sandbox
}

pub fn parse(faults: &[&str]) -> Vec<Fault> {
    let faults = faults.iter();
    faults.map(|fault| Fault::parse(fault).unwrap()).collect()
}

pub fn home(sandbox: &Sandbox, config: &str) -> Home {
    Home::new(&format!("http://{}", sandbox.address()), config)
}

pub fn alarm(id: impl std::fmt::Display) -> String {
    format!(r#"{{"id":"{id}","element":"Encoder","severity":"critical"}}"#)
}

pub fn status(home: &Home, id: impl std::fmt::Display) -> String {
    let answer = home.connect().ask(&alarm(id));
    answer["status"].as_str().unwrap().to_owned()
}

/// How often the alarm of this id came to a phone.
pub fn times(sandbox: &Sandbox, id: impl std::fmt::Display) -> usize {
    let id = id.to_string();
    let messages = sandbox.messages();
    let of_it = messages
        .iter()
        .filter(|message| message.parameters[0] == id);
    of_it.count()
}

pub fn wait_for(sandbox: &Sandbox, home: &Home, id: impl std::fmt::Display + Copy) {
    wait_until(
        &format!("the message of {id}"),
        || times(sandbox, id) > 0,
        || home.log(),
    );
}

pub fn wait_for_log(home: &Home, words: &str) {
    wait_until(words, || home.log().contains(words), || home.log());
}

/// Tokens and whole numbers are nowhere in what the daemon says.
pub fn assert_discreet(home: &Home) {
    let log = home.log();
    for secret in ["test-token", "34600111"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
