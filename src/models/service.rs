//! A service as it is reached: its address, its key, and how much may be asked of it at once.

use std::net::IpAddr;

use reqwest::Url;

use super::client::address::is_public;
use super::providers::Kind;
use super::{Fault, Keys, Secret};

/// A service with what is needed to ask it.
#[derive(Debug, Clone)]
pub struct Service {
    pub kind: Kind,
    pub(super) base: Url,
    pub(super) key: Option<Secret>,
    /// Variables that may hold the key; none where no key is needed.
    key_names: Vec<String>,
    /// Requests under way at once.
    pub at_once: usize,
    /// Requests that may start in a minute.
    pub per_minute: Option<u32>,
}

impl Service {
    /// A service at its own address, or at the one in a variable (`SOFTBOX_GEMINI_URL`, or as its official client calls it), or at `base`.
    /// Its key is in the variable `key`, or in one of those that its official client reads.
    ///
    /// # Errors
    /// An address that would send the key, or the photos, where anybody can read along.
    pub fn new(kind: Kind, base: Option<&str>, key: Option<&str>, keys: &Keys) -> Result<Service, Fault> {
        let variable = format!("SOFTBOX_{}_URL", kind.name().to_uppercase().replace('-', "_"));
        let from_keys = || {
            std::iter::once(variable.as_str()).chain(kind.base_names().iter().copied()).find_map(|name| keys.get(name))
        };
        let address = base.or_else(from_keys).unwrap_or(kind.default_base());
        let key_names: Vec<String> = match key {
            Some(name) => vec![name.to_owned()],
            None => kind.key_names().iter().map(|name| (*name).to_owned()).collect(),
        };
        let key = keys.secret(&key_names);
        let base = checked(kind, address, key.is_some())?;
        Ok(Service { kind, base, key, key_names, at_once: 8, per_minute: None })
    }

    /// Its address, without a path of a request.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Whether it can be asked: it has its key, or needs none.
    pub fn has_key(&self) -> bool {
        self.key.is_some() || self.key_names.is_empty()
    }

    /// The variables that may hold its key; none where it needs none.
    pub fn key_names(&self) -> &[String] {
        &self.key_names
    }

    pub(super) fn no_key(&self) -> Fault {
        Fault::NoKey { service: self.kind.label().to_owned(), names: self.key_names.clone() }
    }

    /// Whether it runs on this machine or in its own network.
    pub(super) fn is_local(&self) -> bool {
        is_local(&self.base)
    }

    /// The address of a path. A base may bring its version along (`…/v1`): that one counts.
    pub(super) fn address(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let own: Vec<&str> = self.base.path().split('/').filter(|part| !part.is_empty()).collect();
        let wanted: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let is_version =
            |part: &&str| part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let shared = (1..=own.len().min(wanted.len())).rev().find(|count| own[own.len() - count..] == wanted[..*count]);
        let both = own.last().is_some_and(is_version) && wanted.first().is_some_and(is_version);
        let skip = shared.unwrap_or(usize::from(both));
        let mut url = self.base.clone();
        url.set_path(&own.iter().chain(&wanted[skip.min(wanted.len())..]).copied().collect::<Vec<_>>().join("/"));
        url.set_query(query);
        url
    }

    /// An address that the service named, to ask how a job goes: only its own hosts are told the key.
    pub(super) fn own_address(&self, address: &str) -> Result<Url, Fault> {
        let foreign = |why| Fault::BadAddress { service: self.kind.label().to_owned(), address: host_of(address), why };
        if address.starts_with('/') {
            return Ok(self.address(address));
        }
        let url = Url::parse(address).map_err(|_| foreign("it is no address"))?;
        if url.origin() == self.base.origin() {
            return Ok(url);
        }
        let is_below = |host: Option<&str>, suffix: &str| {
            host.and_then(|host| host.strip_suffix(suffix)).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let known = self
            .kind
            .hosts()
            .iter()
            .any(|suffix| is_below(url.host_str(), suffix) && is_below(self.base.host_str(), suffix));
        if known && url.scheme() == "https" && url.port().is_none() {
            return Ok(url);
        }
        Err(foreign("it is another host, which must not see the key"))
    }
}

/// The host alone: whole addresses of results let anybody fetch them.
pub(super) fn host_of(address: &str) -> String {
    Url::parse(address)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "an unreadable address".to_owned())
}

/// Whether a host is this machine, or one in a private network, by its name alone.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<IpAddr>().ok();
    is_loopback(url) || address.is_some_and(|address| !is_public(address))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn checked(kind: Kind, address: &str, has_key: bool) -> Result<Url, Fault> {
    let bad = |why| Fault::BadAddress { service: kind.label().to_owned(), address: address.to_owned(), why };
    // Some official clients take a host alone.
    let with_scheme = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url = Url::parse(&with_scheme).map_err(|_| bad("it is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Told without the address, which holds a password.
        return Err(Fault::BadAddress {
            service: kind.label().to_owned(),
            address: host_of(&with_scheme),
            why: "it holds a name or a password",
        });
    }
    if url.host_str().is_none() || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it is more, or less, than a host and a path"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) || (is_local(&url) && !has_key) => Ok(url),
        "http" => Err(bad("plain http lets others read along")),
        _ => Err(bad("it is neither https nor http")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(kind: Kind, base: &str) -> Result<Service, Fault> {
        let keys =
            Keys::new(["FAL_KEY", "GOOGLE_API_KEY", "BFL_API_KEY"].map(|name| (name.to_owned(), "sk".to_owned())));
        Service::new(kind, Some(base), None, &keys)
    }

    #[test]
    fn plain_http_is_for_this_machine_or_for_services_without_a_key() {
        for base in [
            "http://api.example.com",
            "http://10.0.0.5",
            "ftp://x",
            "https://user:pw@x.com",
            "https://x.com/?key=1",
            "",
        ] {
            let error = service(Kind::Fal, base).unwrap_err().to_string();
            assert!(!error.contains("pw"), "{error}");
        }
        for base in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://x.com/v1", "queue.fal.run"]
        {
            assert!(service(Kind::Fal, base).is_ok(), "{base}");
        }
        assert!(service(Kind::ComfyUi, "http://192.168.1.5:8188").is_ok());
    }

    #[test]
    fn a_base_with_a_version_or_a_prefix_is_not_told_twice() {
        let address = |kind, base: &str, path: &str| service(kind, base).unwrap().address(path).to_string();
        assert_eq!(address(Kind::OpenAi, "https://x.com/v1", "/v1/images/edits"), "https://x.com/v1/images/edits");
        assert_eq!(address(Kind::OpenAi, "https://x.com", "/v1/images/edits"), "https://x.com/v1/images/edits");
        assert_eq!(address(Kind::Ark, "https://x.com/api/v3/", "/api/v3/images"), "https://x.com/api/v3/images");
        assert_eq!(address(Kind::Gemini, "https://x.com/v1", "/v1beta/models/a:b"), "https://x.com/v1/models/a:b");
        assert_eq!(
            address(Kind::Compatible, "https://x.com/api/v1", "/chat/completions"),
            "https://x.com/api/v1/chat/completions"
        );
        assert_eq!(address(Kind::ComfyUi, "http://127.0.0.1:1", "/view?a=b%20c"), "http://127.0.0.1:1/view?a=b%20c");
    }

    #[test]
    fn only_a_services_own_hosts_are_asked_with_the_key() {
        let bfl = service(Kind::Bfl, "https://api.bfl.ai/v1").unwrap();
        assert!(bfl.own_address("https://api.eu2.bfl.ai/v1/get_result?id=1").is_ok());
        for foreign in [
            "https://evil.com/",
            "http://api.bfl.ai/",
            "https://xbfl.ai/",
            "https://api.bfl.ai:8443/",
            "https://bfl.ai.evil.com/",
            "x",
        ] {
            assert!(bfl.own_address(foreign).is_err(), "{foreign}");
        }
        let local = service(Kind::Bfl, "http://127.0.0.1:9").unwrap();
        assert!(local.own_address("http://127.0.0.1:9/poll").is_ok());
        assert!(local.own_address("https://api.bfl.ai/poll").is_err(), "a stand-in's key is not for the real one");
    }
}
