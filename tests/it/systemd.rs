//! What systemd is told by the real process: ready, reloading, alive, stopping.

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::process::{Home, PATIENCE};

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

/// systemd's end of the line.
struct Manager(UnixDatagram);

impl Manager {
    /// The next state that `wanted` takes.
    fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut buffer = [0; 4_096];
        loop {
            let length = self
                .0
                .recv(&mut buffer)
                .expect("the daemon says what was waited for");
            let said = String::from_utf8(buffer[..length].to_vec()).unwrap();
            if wanted(&said) {
                return said;
            }
        }
    }
}

#[test]
fn systemd_is_told_of_the_start_a_reload_life_and_the_stop() {
    let home = Home::new("http://127.0.0.1:9", CONFIG);
    let manager = Manager(UnixDatagram::bind(home.path("notify.sock")).unwrap());
    manager.0.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut daemon = home
        .command("run")
        .env("NOTIFY_SOCKET", home.path("notify.sock"))
        .env("WATCHDOG_USEC", "300000")
        .env_remove("WATCHDOG_PID")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&daemon);

    manager.wait_for(|said| said.contains("READY=1"));
    // The sender's loop feeds the watchdog, again and again.
    manager.wait_for(|said| said.contains("WATCHDOG=1"));
    manager.wait_for(|said| said.contains("WATCHDOG=1"));
    manager.wait_for(|said| said.contains("STATUS=queue 0, in flight 0"));

    kill_process(pid, Signal::HUP).unwrap();
    let reloading = manager.wait_for(|said| said.contains("RELOADING=1"));
    assert!(
        reloading.contains("MONOTONIC_USEC="),
        "systemd 253 ends a service that leaves it out: {reloading}"
    );
    manager.wait_for(|said| said.contains("READY=1"));

    kill_process(pid, Signal::TERM).unwrap();
    manager.wait_for(|said| said.contains("STOPPING=1"));
    assert!(daemon.wait().unwrap().success());
}
