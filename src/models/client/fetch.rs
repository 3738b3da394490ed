//! Results are fetched without a key, from https addresses of the public internet, and from this machine only if the service runs there.

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use tokio::time::sleep;

use super::asking::Asking;
use super::wire::{Letter, Reach, Silence};
use crate::models::Fault;
use crate::models::service::{host_of, is_local};

const REDIRECTS: u32 = 3;
const TRIES: u32 = 4;

impl Asking<'_> {
    pub(super) async fn fetch(&self, link: &str) -> Result<Vec<u8>, Fault> {
        let mut url = match link.starts_with('/') {
            true => self.service.address(link),
            false => Url::parse(link).map_err(|_| refused(link, "it is no address"))?,
        };
        let (mut redirects, mut tries) = (0, 0);
        loop {
            let reach = reach(&url, self.service.is_local())?;
            tries += 1;
            let letter = Letter {
                method: Method::GET,
                url: url.clone(),
                headers: HeaderMap::new(),
                wire: None,
                timeout: self.client.patience.answer,
            };
            let why = match self.client.wires.send(reach, letter, None).await {
                Ok(response) if response.is_success() => return Ok(response.body),
                Ok(response) if (300..400).contains(&response.status) => {
                    redirects += 1;
                    let next = response.header("location").and_then(|next| url.join(next).ok());
                    url = next
                        .filter(|_| redirects <= REDIRECTS)
                        .ok_or_else(|| refused(link, "it leads from one address to the next"))?;
                    continue;
                }
                Ok(response) if response.status == 429 || response.status >= 500 => {
                    format!("it failed ({})", response.status)
                }
                Ok(response) => {
                    return Err(refused(link, &format!("it is not there or no longer there ({})", response.status)));
                }
                Err(Silence::NotSent(why) | Silence::Sent(why)) => why,
            };
            if tries >= TRIES {
                return Err(refused(url.as_str(), &why));
            }
            sleep(self.client.patience.backoff(tries, (self.client.environment.jitter)())).await;
        }
    }
}

/// Over which connection an address may be fetched, if at all.
fn reach(url: &Url, is_local_service: bool) -> Result<Reach, Fault> {
    let refuse = |why| Err(refused(url.as_str(), why));
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the address holds a name or a password");
    }
    match (is_local(url), url.scheme()) {
        (true, "http" | "https") if is_local_service => Ok(Reach::Local),
        (true, _) => refuse("it is an address in a private network"),
        (false, "https") => Ok(Reach::Public),
        (false, _) => refuse("it is not https"),
    }
}

/// Told with the host alone.
fn refused(address: &str, why: &str) -> Fault {
    Fault::Download { host: host_of(address), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_on_the_internet_cannot_send_us_into_the_own_network() {
        for address in [
            "https://127.0.0.1/x",
            "https://localhost/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://[::ffff:10.0.0.1]/x",
            "http://cdn.example.com/x",
            "file:///etc/passwd",
        ] {
            assert!(reach(&Url::parse(address).unwrap(), false).is_err(), "{address}");
        }
        let public = Url::parse("https://cdn.example.com/x.png").unwrap();
        assert!(matches!(reach(&public, false), Ok(Reach::Public)));
        assert!(matches!(reach(&Url::parse("http://127.0.0.1:8188/view").unwrap(), true), Ok(Reach::Local)));
    }
}
