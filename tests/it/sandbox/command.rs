//! `klaxond sandbox` shows what it is sent, and ends well when told to.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::fixture::{client, message, read};

#[tokio::test]
async fn the_command_prints_messages_refusals_and_a_tally() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
    command.args(["sandbox", "--listen", "127.0.0.1:0", "--output", "json"]);
    command.args(["--fail", "131056:after=1:count=1"]);
    command.stdout(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut line = async || -> Value {
        serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap()
    };

    let address = line().await["address"].as_str().unwrap().to_owned();
    let client = client();
    for _ in 0..2 {
        let request = client.post(format!("{address}/v25.0/1/messages"));
        read(
            request
                .bearer_auth("token")
                .json(&message())
                .send()
                .await
                .unwrap(),
        )
        .await;
    }
    let shown = line().await;
    assert_eq!(
        (&shown["event"], &shown["to"]),
        (&"message".into(), &"…22".into())
    );
    assert_eq!(line().await["code"], 131_056);

    let pid = i32::try_from(process.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    let tally = line().await;
    assert_eq!(
        (&tally["accepted"], &tally["refused"]["131056"]),
        (&1.into(), &1.into())
    );
    assert_eq!(process.wait().await.unwrap().code(), Some(0));
}
