//! From the raw answer on disk to a take: jobs are waited for, results fetched, pictures checked, and everything kept.

use std::str::FromStr;

use reqwest::Method;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};

use super::News;
use super::asking::Asking;
use super::wire::{Letter, Reach, credentials};
use crate::imaging::{self, Limits};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response};
use crate::models::fault::brief;
use crate::models::providers::Complaint;
use crate::models::request::extension;
use crate::models::{Ask, Fault, Money, Record, Size, Take, What, timestamp};

/// No model makes larger pictures; a header that says so is a bomb.
const LIMITS: Limits = Limits { pixels: 100_000_000, memory: 1_000_000_000 };

impl Asking<'_> {
    pub(super) async fn read(
        &self,
        response: &Response,
        permit: Option<OwnedSemaphorePermit>,
        lost: u32,
    ) -> Result<Take, Fault> {
        let provider = self.service.kind.provider();
        let body = response.json().map_err(|what| Fault::unusable(format!("it is {what}")))?;
        let mut reply = provider.read(None, &body)?;
        let began = Instant::now();
        let (mut pause, mut looked_at) = (self.client.patience.look, None);
        while let Reply::Later(job) = reply {
            // A result that is there is fetched at once, unless that did not work just now.
            if !job.is_done || looked_at.as_ref() == Some(&job) {
                sleep(pause).await;
                pause = pause.mul_f64(1.25).min(self.client.patience.look * 5);
            }
            if began.elapsed() > self.client.patience.job {
                return Err(Fault::Unfinished { waited: began.elapsed() });
            }
            reply = self.look(&job).await?;
            looked_at = Some(job);
        }
        drop(permit);
        match reply {
            Reply::Answer(answer) => self.keep_answer(answer, response.request_id(), lost).await,
            Reply::Refused(refusal) => self.keep_refusal(&refusal, lost, What::Paid),
            // The loop ends with anything else.
            Reply::Later(_) => Err(Fault::unusable("it goes on for ever")),
        }
    }

    /// How a job goes. Asking is free, so whatever goes wrong is tried again until the patience for jobs ends.
    async fn look(&self, job: &Job) -> Result<Reply, Fault> {
        let letter = Letter {
            method: Method::GET,
            url: self.service.own_address(&job.next)?,
            headers: credentials(self.service)?,
            wire: None,
            timeout: self.client.patience.answer,
        };
        let sent = self.client.wires.send(Reach::of(self.service), letter, self.service.key.as_ref()).await;
        let again = || Ok(Reply::Later(job.clone()));
        let Ok(response) = sent else { return again() };
        let provider = self.service.kind.provider();
        if response.is_success() {
            // A page that something on the way put here says nothing about the job.
            let Ok(body) = response.json() else { return again() };
            return provider.read(Some(job), &body);
        }
        match provider.complaint(&response) {
            Complaint::Refusal(reason) => Ok(Reply::Refused(Refusal::new(reason))),
            Complaint::Busy(..) | Complaint::Server(_) => again(),
            Complaint::Denied(message) => Err(Fault::Denied { service: self.label().into(), message }),
            other => Err(Fault::JobFailed { message: other.message().to_owned() }),
        }
    }

    async fn keep_answer(&self, answer: Answer, request_id: Option<&str>, lost: u32) -> Result<Take, Fault> {
        let mut files = Vec::new();
        let mut said = String::new();
        for content in answer.contents {
            match content {
                Content::Text(text) => said.push_str(&text),
                Content::Picture { bytes, declared } => {
                    files.push((self.picture(&bytes, declared.as_deref())?, bytes));
                }
                Content::Link(link) => {
                    let bytes = self.fetch(&link).await?;
                    files.push((self.picture(&bytes, None)?, bytes));
                }
            }
        }
        match &self.request.ask {
            Ask::Text(_) if said.is_empty() => return Err(Fault::unusable("there is no text in it")),
            Ask::Text(ask) => {
                let kind = if ask.schema.is_some() { "json" } else { "txt" };
                files = vec![(kind, said.into_bytes())];
            }
            // Words instead of a picture: the model tells why it made none.
            Ask::Image(_) if files.is_empty() && !said.is_empty() => {
                let refusal = Refusal { reason: brief(&said), usage: answer.usage };
                return self.keep_refusal(&refusal, lost, What::Paid);
            }
            Ask::Image(_) if files.is_empty() => return Err(Fault::unusable("there is no picture in it")),
            Ask::Image(_) => {}
        }
        let cost =
            self.client.catalogue.prices(self.service.kind, &self.request.model).cost(self.request, &answer.usage);
        let record = Record {
            answered_by: answer.model,
            id: answer.id.or(request_id.map(str::to_owned)),
            seed: answer.seed,
            usage: answer.usage,
            ..self.record(cost, lost)?
        };
        self.keep(&files, record, What::Paid)
    }

    /// A refusal is an answer. One that came as an error cost nothing; one that came as an answer costs what was counted.
    pub(super) fn keep_refusal(&self, refusal: &Refusal, lost: u32, what: What) -> Result<Take, Fault> {
        let prices = self.client.catalogue.prices(self.service.kind, &self.request.model);
        let cost = if what == What::Unpaid { Some(Money::usd(0)) } else { prices.counted(&refusal.usage) };
        let reason = Some(brief(&refusal.reason));
        let record = Record { refused: reason, usage: refusal.usage, ..self.record(cost, lost)? };
        self.keep(&[], record, what)
    }

    /// The take first, then the ledger, then the raw answer may go: a kill in between is noticed by the next build.
    fn keep(&self, files: &[(&str, Vec<u8>)], record: Record, what: What) -> Result<Take, Fault> {
        let take = self.client.takes.keep(self.name, files, record)?;
        if self.client.ledger.is_open(&self.digest).is_some() {
            self.end(what, take.record.cost)?;
        }
        self.client.arrivals.forget(&self.digest)?;
        Ok(take)
    }

    fn record(&self, cost: Option<Money>, lost: u32) -> Result<Record, Fault> {
        let time = timestamp((self.client.environment.now)());
        Ok(Record {
            request: self.digest.clone(),
            recipe: self.request.recipe.clone(),
            service: self.service.kind.name().to_owned(),
            model: self.request.model.clone(),
            answered_by: None,
            take: self.request.take,
            time: toml::value::Datetime::from_str(&time)
                .map_err(|_| Fault::unusable("the clock is beyond the year 9999"))?,
            cost,
            lost,
            id: None,
            seed: None,
            refused: None,
            usage: Default::default(),
            files: Vec::new(),
            sent: self.call.parameters().to_string(),
        })
    }

    /// The extension of what really is a whole picture, whatever the service calls it.
    fn picture(&self, bytes: &[u8], declared: Option<&str>) -> Result<&'static str, Fault> {
        let called = declared.map(|declared| format!(" (called {declared})")).unwrap_or_default();
        let bad = |error: imaging::Error| Fault::unusable(format!("its picture{called} cannot be read: {error}"));
        let header = imaging::probe(bytes).map_err(bad)?;
        imaging::decode(bytes, 0, &LIMITS).map_err(bad)?;
        let (width, height) = header.upright_size();
        let got = Size { width, height };
        let wanted = if let Ask::Image(ask) = &self.request.ask { ask.size } else { None };
        if let Some(asked) = wanted.filter(|asked| !asked.has_shape_of(got)) {
            (self.tell)(News::OtherShape { service: self.label(), asked, got });
        }
        Ok(extension(header.container))
    }
}
