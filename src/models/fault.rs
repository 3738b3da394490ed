//! Why there is no answer, with the data of each case, and what a person can do about it.

use std::io;
use std::time::Duration;

use super::Money;

/// What went wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Found before anything was sent.
    #[error("{who} takes no request with {what}")]
    Unsupported { what: String, who: String },
    #[error("a picture cannot be sent: {why}")]
    BadPicture { why: String },
    #[error("there is no key for {service}: {} is not set", names.join(" or "))]
    NoKey { service: String, names: Vec<String> },
    #[error("{address} cannot be used as the address of {service}: {why}")]
    BadAddress { service: String, address: String, why: &'static str },
    /// Nothing was sent, as was wanted.
    #[error("this take was not asked for yet: it would cost {}", price(*cost))]
    Frozen { cost: Option<Money> },
    #[error("this would cost {cost}; {spent} of the {limit} for {period} are spent or under way")]
    OverBudget { cost: Money, spent: Money, limit: Money, period: &'static str },
    #[error("what {model} costs is not known, and there is a budget for {period} to keep")]
    Unpriced { model: String, period: &'static str },
    #[error("{service} cannot be reached: {why}")]
    Unreachable { service: String, why: String },
    /// The request went out and nothing came back.
    #[error("{service} took the request and gave no answer ({why}); {} may have been billed for nothing", price_times(*cost, *times))]
    Lost { service: String, why: String, times: u32, cost: Option<Money> },
    #[error("{service} refuses the key: {message}")]
    Denied { service: String, message: String },
    #[error("{service} will not do more for this account: {message}")]
    Quota { service: String, message: String },
    #[error("{service} has no model of that name: {message}")]
    NoModel { service: String, message: String },
    #[error("{service} does not take the request ({status}): {message}")]
    Rejected { service: String, status: u16, message: String },
    #[error("{service} is still too busy after {} tries{}: {message}", tries, wait.map(|wait| format!(" and wants {} s of rest", wait.as_secs())).unwrap_or_default())]
    Busy { service: String, tries: u32, wait: Option<Duration>, message: String },
    #[error("{service} failed {tries} times ({status}): {message}")]
    Server { service: String, status: u16, tries: u32, message: String },
    /// Something on the way answered instead of the service.
    #[error("{service} was answered for by somebody else: {what}")]
    Foreign { service: String, what: String },
    /// It arrived, may be paid for, and is of no use. Kept, so that it is not asked for again.
    #[error("the answer cannot be used: {why}")]
    Unusable { why: String },
    #[error("the work failed at the service: {message}")]
    JobFailed { message: String },
    #[error("the service was not done after {} s; the work goes on there", waited.as_secs())]
    Unfinished { waited: Duration },
    #[error("the result cannot be fetched from {host}: {why}")]
    Download { host: String, why: String },
    #[error("{path}: {what}")]
    BadTake { path: String, what: String },
    #[error("cannot read or write {path}: {error}")]
    Disk { path: String, error: io::Error },
}

impl Fault {
    pub fn unusable(why: impl Into<String>) -> Fault {
        Fault::Unusable { why: why.into() }
    }

    pub(super) fn disk(path: impl AsRef<std::path::Path>, error: io::Error) -> Fault {
        Fault::Disk { path: path.as_ref().display().to_string(), error }
    }

    /// What a person can do, in one line.
    pub fn hint(&self) -> &'static str {
        match self {
            Fault::Unsupported { .. } => "leave that out, or use a model that can do it (`softbox models`)",
            Fault::BadPicture { .. } => {
                "use a JPEG, PNG, WebP, TIFF or HEIC picture; a mask is a PNG of the picture's size"
            }
            Fault::NoKey { .. } => "set it in the environment, or in a file `.env` that git ignores",
            Fault::BadAddress { .. } => "use an https address; plain http only for this machine",
            Fault::Frozen { .. } => "run it once without `--frozen` and commit takes/",
            Fault::OverBudget { .. } => "raise the budget, or wait for the next period",
            Fault::Unpriced { .. } => "add its `price` to the model's table",
            Fault::Unreachable { .. } => "check the network and the address, then try again",
            Fault::Lost { .. } => "look at the service's own list of requests before trying again",
            Fault::Denied { .. } => "check the key and what it may do at the service",
            Fault::Quota { .. } => "add credit or raise the quota at the service",
            Fault::NoModel { .. } => "check the model's name (`softbox models`); services retire models",
            Fault::Rejected { .. } => "change what the message names",
            Fault::Busy { .. } | Fault::Server { .. } => "try again later; what is done is kept",
            Fault::Foreign { .. } => "check for a proxy or a sign-in page on this network, then try again",
            Fault::Unusable { .. } => "`--retry` pays for another one",
            Fault::JobFailed { .. } => "try again; if it fails again, change the request",
            Fault::Unfinished { .. } => "try again: it goes on waiting and pays nothing",
            Fault::Download { .. } => "try again: it fetches what is paid for; `--retry` pays for a new one",
            Fault::BadTake { .. } => "restore the file from git, or delete its .toml to ask again",
            Fault::Disk { .. } => "check that there is room on the disk and that the folder may be written",
        }
    }
}

/// An amount, or that nobody knows it.
pub fn price(cost: Option<Money>) -> String {
    cost.map_or_else(|| "an unknown amount".to_owned(), |cost| cost.to_string())
}

fn price_times(cost: Option<Money>, times: u32) -> String {
    price(cost.map(|cost| cost.times(u64::from(times))))
}

/// One line of somebody else's words, not too long.
pub(super) fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
