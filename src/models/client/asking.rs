//! One question on its way: from what is there already, over the ledger and the wire, to the raw answer on disk.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};

use super::retry::wanted_rest;
use super::wire::{Letter, Reach, Silence, credentials};
use super::{Client, Gate, How, News};
use crate::models::answer::{Refusal, Response};
use crate::models::call::Wire;
use crate::models::providers::Complaint;
use crate::models::{Call, Fault, Line, Money, Request, RequestDigest, Service, Take, What, timestamp};

/// Tries to reach a service that cannot be reached: more than a hiccup is for a person to look at.
const TRIES_TO_REACH: u32 = 4;

pub(super) struct Asking<'a> {
    pub(super) client: &'a Client,
    pub(super) service: &'a Service,
    pub(super) request: &'a Request,
    pub(super) name: &'a str,
    pub(super) how: How,
    pub(super) tell: &'a (dyn Fn(News) + Sync),
    pub(super) call: Call,
    pub(super) digest: RequestDigest,
    pub(super) estimate: Option<Money>,
}

/// What came of sending.
enum Sent {
    Arrived(Response),
    Refused(Refusal),
}

impl Asking<'_> {
    pub(super) async fn run(&self) -> Result<Take, Fault> {
        let known = self.client.takes.of(&self.digest, self.request.recipe.as_deref());
        if let Some(take) = known.filter(|take| take.record.refused.is_none() || !self.how.retry) {
            // A process that was killed between the take and the ledger.
            if self.client.ledger.is_open(&self.digest).is_some() {
                self.end(What::Paid, take.record.cost)?;
            }
            self.client.arrivals.forget(&self.digest)?;
            return Ok(take);
        }
        if self.how.frozen {
            // An answer that arrived before a crash is read by the next build that may do so.
            let has_arrived = self.client.arrivals.find(&self.digest).is_some();
            return Err(Fault::Frozen { cost: if has_arrived { Some(Money::usd(0)) } else { self.estimate } });
        }
        if let Some(response) = self.client.arrivals.find(&self.digest) {
            (self.tell)(News::Resumed { service: self.label() });
            let permit = self.client.gate(self.service).enter().await;
            match self.settle(&response, permit, 0).await {
                Err(Fault::Unusable { .. } | Fault::Download { .. } | Fault::BadAddress { .. }) if self.how.retry => {
                    self.client.arrivals.forget(&self.digest)?;
                }
                settled => return settled,
            }
        }
        if !self.service.has_key() {
            return Err(self.service.no_key());
        }
        credentials(self.service)?;
        let gate = self.client.gate(self.service);
        let permit = gate.enter().await;
        let wire = self.call.wire(&self.upload(&gate).await?);
        let mut lost = u32::from(self.mourn("an earlier build was stopped in the middle")?);
        match self.send(&gate, &wire, &mut lost).await? {
            Sent::Refused(refusal) => self.keep_refusal(&refusal, lost, What::Unpaid),
            Sent::Arrived(response) => {
                self.client.arrivals.keep(&self.digest, &response)?;
                self.settle(&response, permit, lost).await
            }
        }
    }

    /// Sends until there is an answer, or no sense in trying again. One request that may have been billed for nothing is made good once.
    async fn send(&self, gate: &Gate, wire: &Wire, lost: &mut u32) -> Result<Sent, Fault> {
        let patience = &self.client.patience;
        let (began, mut tries, mut lost_now) = (Instant::now(), 0, 0);
        loop {
            gate.pace().await;
            if self.client.ledger.is_open(&self.digest).is_none() {
                (self.tell)(News::Asking { service: self.label(), cost: self.estimate });
                self.client.ledger.send(self.line(What::Sent, self.estimate))?;
            }
            tries += 1;
            let last = match self.post(&self.call, wire).await {
                Ok(response) if response.is_success() && response.is_foreign() => {
                    self.end(What::Unpaid, None)?;
                    let what = response.json().err().unwrap_or_default();
                    return Err(Fault::Foreign { service: self.label().into(), what });
                }
                Ok(response) if response.is_success() => return Ok(Sent::Arrived(response)),
                Ok(response) => match self.judge(&response, tries) {
                    Judgement::Refused(refusal) => return Ok(Sent::Refused(refusal)),
                    Judgement::Final(fault) => return Err(self.unpaid(fault)?),
                    Judgement::Again { rest, fault } => (rest, fault),
                },
                Err(Silence::NotSent(why)) => {
                    let fault = Fault::Unreachable { service: self.label().into(), why };
                    if tries >= TRIES_TO_REACH {
                        return Err(self.unpaid(fault)?);
                    }
                    (None, fault)
                }
                Err(Silence::Sent(why)) => {
                    self.mourn(&why)?;
                    *lost += 1;
                    lost_now += 1;
                    let fault = Fault::Lost { service: self.label().into(), why, times: lost_now, cost: self.estimate };
                    if lost_now > 1 {
                        return Err(fault);
                    }
                    (None, fault)
                }
            };
            let (rest, fault) = last;
            let time = rest.unwrap_or_else(|| patience.backoff(tries, (self.client.environment.jitter)()));
            if rest.is_some_and(|rest| rest > patience.rest) || began.elapsed() + time > patience.total {
                return Err(self.unpaid(fault)?);
            }
            (self.tell)(News::Waiting { service: self.label(), time, why: fault.to_string() });
            if rest.is_some() {
                gate.rest(time);
            } else {
                sleep(time).await;
            }
        }
    }

    /// What an unsuccessful response means for the request.
    fn judge(&self, response: &Response, tries: u32) -> Judgement {
        let service = || self.label().to_owned();
        let complaint = self.service.kind.provider().complaint(response);
        let rest = wanted_rest(response, (self.client.environment.now)());
        // The services' own word on trying again wins, as it does in their clients.
        let word = response.header("x-should-retry");
        let status = response.status;
        match complaint {
            Complaint::Refusal(reason) => Judgement::Refused(Refusal::new(reason)),
            Complaint::Quota(message) => Judgement::Final(Fault::Quota { service: service(), message }),
            Complaint::Denied(message) => Judgement::Final(Fault::Denied { service: service(), message }),
            Complaint::NoModel(message) => Judgement::Final(Fault::NoModel { service: service(), message }),
            Complaint::Rejected(message) if word != Some("true") => {
                Judgement::Final(Fault::Rejected { service: service(), status, message })
            }
            Complaint::Busy(message, wait) => {
                let rest = rest.or(wait);
                let fault = Fault::Busy { service: service(), tries, wait: rest, message };
                if word == Some("false") { Judgement::Final(fault) } else { Judgement::Again { rest, fault } }
            }
            Complaint::Server(message) | Complaint::Rejected(message) => {
                let fault = Fault::Server { service: service(), status, tries, message };
                if word == Some("false") { Judgement::Final(fault) } else { Judgement::Again { rest, fault } }
            }
        }
    }

    /// Pictures that have to be there before the request. Free, and harmless to repeat.
    async fn upload(&self, gate: &Gate) -> Result<BTreeMap<String, Value>, Fault> {
        let mut names = BTreeMap::new();
        let provider = self.service.kind.provider();
        for picture in self.call.uploads() {
            let Some(call) = provider.upload(picture) else { continue };
            let wire = call.wire(&BTreeMap::new());
            let mut tries = 0;
            let response = loop {
                gate.pace().await;
                tries += 1;
                let (rest, fault) = match self.post(&call, &wire).await {
                    Ok(response) if response.is_success() => break response,
                    Ok(response) => match self.judge(&response, tries) {
                        Judgement::Again { rest, fault } => (rest, fault),
                        Judgement::Final(fault) => return Err(fault),
                        Judgement::Refused(refusal) => {
                            return Err(Fault::Rejected {
                                service: self.label().into(),
                                status: response.status,
                                message: refusal.reason,
                            });
                        }
                    },
                    Err(Silence::NotSent(why) | Silence::Sent(why)) => {
                        (None, Fault::Unreachable { service: self.label().into(), why })
                    }
                };
                let time =
                    rest.unwrap_or_else(|| self.client.patience.backoff(tries, (self.client.environment.jitter)()));
                if tries >= TRIES_TO_REACH || time > self.client.patience.rest {
                    return Err(fault);
                }
                (self.tell)(News::Waiting { service: self.label(), time, why: fault.to_string() });
                sleep(time).await;
            };
            let what = |what: String| Fault::Foreign { service: self.label().into(), what };
            let body = response.json().map_err(what)?;
            let name = provider.uploaded(&body).ok_or_else(|| what("an upload without a name".into()))?;
            names.insert(picture.digest.clone(), name);
        }
        Ok(names)
    }

    async fn post(&self, call: &Call, wire: &Wire) -> Result<Response, Silence> {
        let mut headers = credentials(self.service).map_err(|fault| Silence::NotSent(fault.to_string()))?;
        for (name, value) in &call.headers {
            let value = HeaderValue::from_str(value).map_err(|error| Silence::NotSent(error.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let letter = Letter {
            method: Method::POST,
            url: self.service.address(&call.path),
            headers,
            wire: Some(wire),
            timeout: call.timeout.min(self.client.patience.answer),
        };
        self.client.wires.send(Reach::of(self.service), letter, self.service.key.as_ref()).await
    }

    /// A request that went out without an end that is known: it counts as spent. True if there was one.
    fn mourn(&self, why: &str) -> Result<bool, Fault> {
        let Some(cost) = self.client.ledger.is_open(&self.digest) else { return Ok(false) };
        self.end(What::Lost, cost)?;
        (self.tell)(News::Lost { service: self.label(), cost, why: why.to_owned() });
        Ok(true)
    }

    /// Closes the ledger's line of a request that was turned down, and hands its fault on.
    fn unpaid(&self, fault: Fault) -> Result<Fault, Fault> {
        if self.client.ledger.is_open(&self.digest).is_some() {
            self.end(What::Unpaid, None)?;
        }
        Ok(fault)
    }

    pub(super) fn end(&self, what: What, cost: Option<Money>) -> Result<(), Fault> {
        self.client.ledger.end(self.line(what, cost))
    }

    fn line(&self, what: What, cost: Option<Money>) -> Line {
        Line {
            at: timestamp((self.client.environment.now)()),
            request: self.digest.clone(),
            service: self.service.kind.name().to_owned(),
            model: self.request.model.clone(),
            what,
            cost,
        }
    }

    pub(super) fn label(&self) -> &'static str {
        self.service.kind.label()
    }

    /// Reads what arrived and makes a take of it. The place at the service is free as soon as nothing is under way there.
    async fn settle(
        &self,
        response: &Response,
        permit: Option<OwnedSemaphorePermit>,
        lost: u32,
    ) -> Result<Take, Fault> {
        let settled = self.read(response, permit, lost).await;
        match &settled {
            // Nothing will come of it: the next build may ask anew, and what it cost is anybody's guess.
            Err(Fault::JobFailed { .. }) => {
                if self.client.ledger.is_open(&self.digest).is_some() {
                    self.end(What::Lost, self.estimate)?;
                }
                self.client.arrivals.forget(&self.digest)?;
            }
            // It is paid, and kept as it is.
            Err(Fault::Unusable { .. }) if self.client.ledger.is_open(&self.digest).is_some() => {
                self.end(What::Paid, self.estimate)?;
            }
            _ => {}
        }
        settled
    }
}

enum Judgement {
    Refused(Refusal),
    /// Trying again helps nobody.
    Final(Fault),
    /// After the rest that the service wants, or one of our own.
    Again {
        rest: Option<Duration>,
        fault: Fault,
    },
}
