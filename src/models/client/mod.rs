//! The client: asks a model once, keeps what it answered, and pays for nothing twice.

pub(super) mod address;
mod asking;
mod fetch;
mod gate;
mod reading;
mod retry;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use super::arrivals::Arrivals;
use super::{Budget, Call, Catalogue, Fault, Ledger, Money, Request, RequestDigest, Service, Size, Take, Takes};
use asking::Asking;
use gate::Gate;
use wire::Wires;

pub use retry::Patience;

/// Where a client keeps things, and what it may spend.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Takes, kept in git.
    pub takes: PathBuf,
    /// The ledger and answers that are not takes yet: derived, but worth money.
    pub derived: PathBuf,
    pub budget: Budget,
    pub catalogue: Catalogue,
    pub patience: Patience,
}

/// What a client needs to know of the world, and a test says instead.
#[derive(Clone)]
pub struct Environment {
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// A number from 0 up to 1, to keep those who wait from coming back together.
    pub jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Default for Environment {
    /// This machine's clock and chance.
    fn default() -> Environment {
        use std::hash::{BuildHasher, RandomState};
        let chance = || (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64;
        Environment { now: Arc::new(SystemTime::now), jitter: Arc::new(chance) }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// What a person said about asking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// Nothing is asked: what is missing is a fault.
    pub frozen: bool,
    /// What was refused, or came in a useless state, is asked for again.
    pub retry: bool,
}

/// What a person should know while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The request goes out.
    Asking { service: &'static str, cost: Option<Money> },
    /// It is tried again after a while.
    Waiting { service: &'static str, time: Duration, why: String },
    /// A request may have been billed for nothing.
    Lost { service: &'static str, cost: Option<Money>, why: String },
    /// An answer of an earlier build is taken up; nothing is paid.
    Resumed { service: &'static str },
    /// The picture has another shape than was asked for.
    OtherShape { service: &'static str, asked: Size, got: Size },
}

/// Asks models. Shared by threads, each of which waits for its own answer.
#[derive(Debug)]
pub struct Client {
    runtime: tokio::runtime::Runtime,
    wires: Wires,
    takes: Takes,
    arrivals: Arrivals,
    ledger: Ledger,
    catalogue: Catalogue,
    patience: Patience,
    environment: Environment,
    /// By the service's address.
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    /// The same question asked twice at once is asked once.
    turns: Mutex<BTreeMap<RequestDigest, Weak<tokio::sync::Mutex<()>>>>,
}

impl Client {
    /// Opens takes and ledger. One process at a time may have them open: the campaign's lock sees to that.
    ///
    /// # Errors
    /// What cannot be read or written there.
    pub fn open(settings: Settings, environment: Environment) -> Result<Client, Fault> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("requests").enable_all().build();
        Ok(Client {
            runtime: runtime.map_err(|error| Fault::disk("the network", error))?,
            wires: Wires::default(),
            takes: Takes::open(&settings.takes)?,
            arrivals: Arrivals::new(settings.derived.join("answers")),
            ledger: Ledger::open(&settings.derived.join("ledger"), settings.budget)?,
            catalogue: settings.catalogue,
            patience: settings.patience,
            environment,
            gates: Mutex::default(),
            turns: Mutex::default(),
        })
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn takes(&self) -> &Takes {
        &self.takes
    }

    /// The take of a request, if there is one. Needs neither key nor network.
    ///
    /// # Errors
    /// A request that the service has no words for.
    pub fn find(&self, service: &Service, request: &Request) -> Result<Option<Take>, Fault> {
        let (_, digest) = described(service, request)?;
        Ok(self.takes.of(&digest, request.recipe.as_deref()))
    }

    /// What a request would cost, guessed upwards; `None` where nobody knows.
    pub fn estimate(&self, service: &Service, request: &Request) -> Option<Money> {
        self.catalogue.prices(service.kind, &request.model).estimate(request)
    }

    /// The take of a request: the one that is there, or what the service answers. A refusal is a take, too. `name` is a readable path for a
    /// new take, without an extension; `tell` hears what a person should know meanwhile.
    ///
    /// # Errors
    /// Every other way in which there is no answer.
    pub fn ask(
        &self,
        service: &Service,
        request: &Request,
        name: &str,
        how: How,
        tell: &(dyn Fn(News) + Sync),
    ) -> Result<Take, Fault> {
        let (call, digest) = described(service, request)?;
        let turn = self.turn(&digest);
        let estimate = self.estimate(service, request);
        let asking = Asking { client: self, service, request, name, how, tell, call, digest, estimate };
        self.runtime.block_on(async {
            let _turn = turn.lock().await;
            asking.run().await
        })
    }

    fn turn(&self, digest: &RequestDigest) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(digest).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(digest.clone(), Arc::downgrade(&turn));
        turn
    }

    fn gate(&self, service: &Service) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(service.base.to_string()).or_insert_with(|| Arc::new(Gate::new(service))).clone()
    }
}

fn described(service: &Service, request: &Request) -> Result<(Call, RequestDigest), Fault> {
    let call = service.kind.provider().call(request)?;
    let digest = call.digest(service.kind.name(), &request.model, request.take);
    Ok((call, digest))
}
