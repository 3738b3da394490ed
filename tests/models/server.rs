//! A small HTTP server on 127.0.0.1 that a test can make misbehave: it resets, cuts off, hangs and lies when told to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Reaction {
    Reply {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// All of the head and so many bytes of the body, then the connection is gone.
    Cut {
        status: u16,
        body: Vec<u8>,
        at: usize,
    },
    /// The connection is gone without a word.
    Reset,
    /// Not a word, for so long.
    Hang(Duration),
    /// The same a while later.
    Late(Duration, Box<Reaction>),
}

impl Reaction {
    pub fn json(status: u16, body: &Value) -> Reaction {
        Reaction::bytes(status, "application/json", body.to_string().into_bytes())
    }

    pub fn bytes(status: u16, kind: &str, body: Vec<u8>) -> Reaction {
        Reaction::Reply { status, headers: vec![("content-type", kind.to_owned())], body }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Reaction {
        if let Reaction::Reply { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

type Handler = dyn Fn(&Seen, &str) -> Reaction + Send + Sync;

pub struct Server {
    pub base: String,
    pub log: Arc<Mutex<Vec<Seen>>>,
    /// The most requests that were under way at once.
    pub most: Arc<AtomicUsize>,
    /// Reactions that come before those of the handler, to the requests that `is_paid` picks.
    pub first: Arc<Mutex<VecDeque<Reaction>>>,
}

impl Server {
    /// `handler` hears each request and the server's own address. What is in `first` is used up by POST requests before it is asked.
    pub fn start(handler: impl Fn(&Seen, &str) -> Reaction + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Server { base, log: Arc::default(), most: Arc::default(), first: Arc::default() };
        let (base, log, most, first) =
            (server.base.clone(), server.log.clone(), server.most.clone(), server.first.clone());
        let (handler, now): (Arc<Handler>, Arc<AtomicUsize>) = (Arc::new(handler), Arc::default());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (base, log, most, first) = (base.clone(), log.clone(), most.clone(), first.clone());
                let (handler, now) = (handler.clone(), now.clone());
                std::thread::spawn(move || {
                    let Some(seen) = receive(&stream) else { return };
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    log.lock().unwrap().push(seen.clone());
                    let injected = (seen.method == "POST").then(|| first.lock().unwrap().pop_front()).flatten();
                    let reaction = injected.unwrap_or_else(|| handler(&seen, &base));
                    react(&stream, reaction, &now);
                });
            }
        });
        server
    }

    pub fn inject(&self, reactions: impl IntoIterator<Item = Reaction>) {
        self.first.lock().unwrap().extend(reactions);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    pub fn count(&self, method: &str) -> usize {
        self.seen().iter().filter(|seen| seen.method == method).count()
    }
}

fn receive(mut stream: &TcpStream) -> Option<Seen> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(head)) = request.parse(&bytes) else { continue };
        let (method, path) = (request.method?.to_owned(), request.path?.to_owned());
        let text = |header: &httparse::Header<'_>| {
            (header.name.to_lowercase(), String::from_utf8_lossy(header.value).into_owned())
        };
        let headers: Vec<_> = request.headers.iter().map(text).collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, length)| length.parse().unwrap());
        while bytes.len() < head + length {
            let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&buffer[..read]);
        }
        return Some(Seen { method, path, headers, body: bytes.split_off(head) });
    }
}

fn react(mut stream: &TcpStream, reaction: Reaction, now: &AtomicUsize) {
    let head = |status: u16, headers: &[(&str, String)], length: usize| {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n")
    };
    match reaction {
        Reaction::Late(time, reaction) => {
            std::thread::sleep(time);
            return react(stream, *reaction, now);
        }
        Reaction::Hang(time) => std::thread::sleep(time),
        Reaction::Reset => {}
        Reaction::Cut { status, body, at } => {
            let _ = stream.write_all(head(status, &[], body.len()).as_bytes());
            let _ = stream.write_all(&body[..at.min(body.len())]);
        }
        Reaction::Reply { status, headers, body } => {
            now.fetch_sub(1, Ordering::SeqCst);
            let _ = stream.write_all(&[head(status, &headers, body.len()).as_bytes(), &body].concat());
            let _ = stream.shutdown(Shutdown::Write);
            return;
        }
    }
    now.fetch_sub(1, Ordering::SeqCst);
    let _ = stream.shutdown(Shutdown::Both);
}
