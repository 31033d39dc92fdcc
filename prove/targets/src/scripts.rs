//! The sandbox's fault scripts, as they come over HTTP: each is taken or refused, and the sandbox lives on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use payonce_sandbox::{Rule, Sandbox, Storm};

struct Served {
    _runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    let sandbox = runtime.block_on(Sandbox::start()).expect("a sandbox can be started");
    Served { _runtime: runtime, sandbox }
});

/// One script. Only what reads as a fault or a storm is posted, because that takes much longer than to read it.
pub fn scripts(data: &[u8]) {
    if serde_json::from_slice::<Rule>(data).is_ok() {
        post("/_sandbox/faults", data);
    } else if serde_json::from_slice::<Storm>(data).is_ok() {
        post("/_sandbox/storm", data);
    } else {
        return;
    }
    SERVED.sandbox.clear_faults();
}

fn post(path: &str, body: &[u8]) {
    let addr = SERVED.sandbox.addr();
    let mut stream = TcpStream::connect(addr).expect("the sandbox can be called");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("ten seconds are a time limit");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut reply = Vec::new();
    let told =
        stream.write_all(&[head.as_bytes(), body].concat()).and_then(|()| stream.read_to_end(&mut reply));
    told.expect("the sandbox answers");
    let status = reply.get(9..12).unwrap_or_default();
    assert!(
        matches!(status, [b'2' | b'4', ..]),
        "the sandbox answered {:?}",
        String::from_utf8_lossy(&reply)
    );
}
