//! A server that reads one request and then does what no well-behaved server does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens after a request was read.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// These bytes, then the end of the stream.
    Write(Vec<u8>),
    /// These bytes, then nothing for ever.
    WriteAndHang(Vec<u8>),
    /// The connection is reset before the request was read to its end.
    Reset,
}

/// Starts the server; every connection behaves the same. It ends with the test's runtime.
pub async fn start(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, behaviour.clone()));
        }
    });
    format!("http://{address}")
}

/// An answer with a body and its true length.
pub fn http(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// An answer that promises more than it sends.
pub fn cut_short(status: &str, body: &str) -> Vec<u8> {
    let length = body.len() + 100;
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour) {
    match behaviour {
        Behaviour::Write(bytes) => {
            read_request(&mut stream).await;
            stream.write_all(&bytes).await.unwrap();
        }
        Behaviour::WriteAndHang(bytes) => {
            read_request(&mut stream).await;
            stream.write_all(&bytes).await.unwrap();
            std::future::pending::<()>().await;
        }
        // Closing a socket that holds unread bytes resets the connection.
        Behaviour::Reset => drop(stream.read_u8().await),
    }
}

/// Reads the head and as much body as it announces.
pub async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut request = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).await.unwrap();
        assert!(n > 0, "the client left in the middle of its request");
        request.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
    }
}
