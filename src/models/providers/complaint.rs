//! An unsuccessful response, sorted by what can be done about it.

use std::time::Duration;

use serde_json::Value;

use crate::models::answer::Response;
use crate::models::fault::brief;

/// What a service complains of, with its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// It will not make this picture or text. An answer.
    Refusal(String),
    /// No more for this account. Asking again helps nobody.
    Quota(String),
    /// The key is wrong or may not do this.
    Denied(String),
    NoModel(String),
    /// The request itself is wrong.
    Rejected(String),
    /// Too much at once; asking again later helps. How long to wait, where the body says so.
    Busy(String, Option<Duration>),
    /// It failed; asking again may help.
    Server(String),
}

impl Complaint {
    /// By the status alone, as the official clients do.
    pub fn by_status(status: u16, message: String) -> Complaint {
        match status {
            300..=399 => {
                Complaint::Rejected("it sends the request on to another address, which is not followed".into())
            }
            401 | 403 => Complaint::Denied(message),
            402 => Complaint::Quota(message),
            404 => Complaint::NoModel(message),
            408 | 409 | 429 => Complaint::Busy(message, None),
            500.. => Complaint::Server(message),
            _ => Complaint::Rejected(message),
        }
    }

    pub fn message(&self) -> &str {
        match self {
            Complaint::Refusal(message)
            | Complaint::Quota(message)
            | Complaint::Denied(message)
            | Complaint::NoModel(message)
            | Complaint::Rejected(message)
            | Complaint::Busy(message, _)
            | Complaint::Server(message) => message,
        }
    }
}

/// The words at the first of these JSON pointers that has any; what else the body is where none has.
pub(super) fn words(response: &Response, pointers: &[&str]) -> String {
    match response.json() {
        Err(what) => format!("it sent {what}"),
        Ok(body) => {
            let found =
                pointers.iter().find_map(|pointer| body.pointer(pointer)?.as_str().filter(|text| !text.is_empty()));
            brief(found.unwrap_or(&body.to_string()))
        }
    }
}

/// The body, or nothing where it is no JSON.
pub(super) fn body(response: &Response) -> Value {
    response.json().unwrap_or_default()
}
