//! The wire: HTTP requests that follow no redirect, with time limits and a limit of size; nothing here knows what they mean.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Url, redirect};

use super::address::PublicOnly;
use crate::models::answer::{KEPT_HEADERS, Response};
use crate::models::call::Wire;
use crate::models::{Fault, Secret, Service};

/// No answer is larger: a 4K picture in base64 has some 64 MB.
const LARGEST: usize = 128 << 20;

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Silence {
    /// The request never went out.
    NotSent(String),
    /// It went out, at least in part.
    Sent(String),
}

/// Connections, by what they may reach. Each kind is made when it is first needed: reading the system's certificates takes time.
#[derive(Debug, Default)]
pub(super) struct Wires(Mutex<[Option<reqwest::Client>; 3]>);

#[derive(Debug, Clone, Copy)]
pub(super) enum Reach {
    /// A service on the internet, through the system's proxy if there is one.
    Service,
    /// This machine and its network, never through a proxy.
    Local,
    /// Public addresses only, for results.
    Public,
}

impl Reach {
    pub(super) fn of(service: &Service) -> Reach {
        if service.is_local() { Reach::Local } else { Reach::Service }
    }
}

/// A request on its way.
pub(super) struct Letter<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) wire: Option<&'a Wire>,
    pub(super) timeout: Duration,
}

impl Wires {
    fn client(&self, reach: Reach) -> Result<reqwest::Client, Silence> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &mut clients[reach as usize];
        if let Some(client) = place {
            return Ok(client.clone());
        }
        // Whoever was first wins; all of them are this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("softbox/", env!("CARGO_PKG_VERSION")))
            // A redirect would take the key and the photos along, whatever the header is called.
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            // An old connection may break after a request was written to it; then nobody knows whether it is billed.
            .pool_max_idle_per_host(0);
        let client = match reach {
            Reach::Service => client,
            Reach::Local => client.no_proxy(),
            Reach::Public => client.no_proxy().https_only(true).dns_resolver(Arc::new(PublicOnly)),
        };
        let client = client.build().map_err(|error| Silence::NotSent(told(&error)))?;
        Ok(place.insert(client).clone())
    }

    /// Sends, and reads all of the response. `secret` is overwritten wherever the response repeats it.
    pub(super) async fn send(
        &self,
        reach: Reach,
        letter: Letter<'_>,
        secret: Option<&Secret>,
    ) -> Result<Response, Silence> {
        let mut request =
            self.client(reach)?.request(letter.method, letter.url).headers(letter.headers).timeout(letter.timeout);
        if let Some(wire) = letter.wire {
            request = request.header(CONTENT_TYPE, wire.content_type.as_str()).body(wire.body.clone());
        }
        let sent = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                Silence::NotSent(told(&error))
            } else {
                Silence::Sent(told(&error))
            }
        });
        let mut response = sent?;
        let status = response.status().as_u16();
        let mut headers = kept(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Silence::Sent(told(&error)))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Silence::Sent(format!("the answer has more than {} MB", LARGEST >> 20)));
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(secret) = secret {
            secret.hide_in(&mut body);
            for (_, value) in &mut headers {
                let mut bytes = std::mem::take(value).into_bytes();
                secret.hide_in(&mut bytes);
                *value = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        Ok(Response { status, headers, body })
    }
}

/// The header with the key, marked so that nothing prints it.
pub(super) fn credentials(service: &Service) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    if let Some(key) = &service.key {
        let (name, before) = service.kind.provider().authorization();
        let unfit = || Fault::Denied {
            service: service.kind.label().to_owned(),
            message: "it holds a character that no key has".into(),
        };
        let mut value = HeaderValue::from_str(&format!("{before}{}", key.expose())).map_err(|_| unfit())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let names = KEPT_HEADERS.iter().copied().chain([LOCATION.as_str()]);
    let one = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
    names.filter_map(one).collect()
}

/// The last cause says most. Addresses are left out: those of results let anybody fetch them.
fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return if error.is_connect() { "no connection within 10 s".into() } else { "no answer in time".into() };
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    if std::ptr::addr_eq(last, error) { "the request could not be made".into() } else { last.to_string() }
}
