//! A real Prometheus with klaxond as its Alertmanager: what it fires arrives as a message, and clears.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use klaxond::sandbox::{Sandbox, Settings};

use super::support::process::wait_until;
use super::support::tool_home::{Station, TOKEN};
use super::support::tools::tool;

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Critical alarms"
filter = 'severity = critical and source = prometheus'
single_events = false
on_clear = true
[templates.cleared]
name = "klaxond_cleared"
text = "It is over on {{1}}: {{2}}. Nothing is left to do."
parameters = ["{{ alarm.element }}", "{{ alarm.parameter }}"]
"#;

/// The rule fires while this expression holds, which is changed under way.
const RULES: &str = r#"
groups:
- name: test
  interval: 1s
  rules:
  - alert: BackupMissing
    expr: EXPRESSION
    labels: { severity: page, instance: db1 }
    annotations: { summary: "no backup for a day" }
"#;

/// Stopped when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_fires_arrives_as_a_message_and_clears() {
    let Some(program) = tool(
        "prometheus",
        "what_prometheus_fires_arrives_as_a_message_and_clears",
    ) else {
        return;
    };
    let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    tokio::task::block_in_place(|| {
        let station = Station::start(&sandbox, CONFIG);
        let path = |name: &str| station.home.path(name);
        let write_rules = |expression: &str| {
            let rules = RULES.replace("EXPRESSION", expression);
            std::fs::write(path("rules.yml"), rules).unwrap();
        };
        write_rules("vector(1)");
        let target = station.url.trim_start_matches("http://");
        let config = format!(
            "global: {{ evaluation_interval: 1s }}\nrule_files: [ rules.yml ]\nalerting:\n  \
             alertmanagers:\n  - authorization: {{ credentials: {TOKEN} }}\n    static_configs:\n    \
             - targets: [ \"{target}\" ]\n"
        );
        std::fs::write(path("prometheus.yml"), config).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let log = std::fs::File::create(path("prometheus.log")).unwrap();
        let mut command = Command::new(&program);
        command
            .arg(format!(
                "--config.file={}",
                path("prometheus.yml").display()
            ))
            .arg(format!("--storage.tsdb.path={}", path("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--rules.alert.resend-delay=1s")
            .stdout(Stdio::null())
            .stderr(log);
        let server = Server(command.spawn().unwrap());
        let state = || {
            let log = std::fs::read_to_string(path("prometheus.log")).unwrap_or_default();
            format!("{}\n{log}", station.home.log())
        };
        let texts = || -> Vec<String> {
            sandbox
                .messages()
                .iter()
                .map(|message| message.text())
                .collect()
        };
        wait_until("the raise", || !texts().is_empty(), state);
        assert!(texts()[0].contains("2: db1\n3: Critical"), "{:?}", texts());
        write_rules("vector(1) > 2");
        let pid = rustix::process::Pid::from_child(&server.0);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        wait_until("the clear", || texts().len() > 1, state);
        let clear = texts()[1].clone();
        assert!(
            clear.starts_with("klaxond_cleared") && clear.ends_with("1: db1\n2: BackupMissing"),
            "{clear}"
        );
        // It was posted many times meanwhile, and was one alarm all along.
        assert_eq!(texts().len(), 2, "{:?}", texts());
        assert!(station.daemon.stop().success());
    });
}
