//! The ledger: every request that may cost something, written down before it goes out and again when its end is known.
//!
//! One JSON object a line, added to `.softbox/ledger` and synced. Survives: SIGKILL and power cuts at any moment; a line that was torn by
//! one is cut off. A request without an end (its process was killed) counts as spent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Fault, Money, RequestDigest, durable};

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// RFC 3339, in UTC.
    pub at: String,
    pub request: RequestDigest,
    pub service: String,
    pub model: String,
    pub what: What,
    /// The estimate of what was sent, or the cost in the end; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is about to go out.
    Sent,
    /// It was answered.
    Paid,
    /// It was turned down before any work was done, or never arrived.
    Unpaid,
    /// It went out, and nobody knows whether it was billed.
    Lost,
}

/// What was spent, unknown amounts counted apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    /// One sum for each currency.
    pub known: Vec<Money>,
    /// Requests whose cost nobody knows.
    pub unknown: u64,
    /// Requests that may have been billed for nothing.
    pub lost: u64,
}

/// Limits that stop a request before it goes out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// From the opening of the ledger on.
    pub per_build: Option<Money>,
    /// The calendar month, in UTC.
    pub per_month: Option<Money>,
}

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    budget: Budget,
    state: Mutex<State>,
    /// The file for syncing, and how many lines are safe. Whoever syncs does it for all who wrote before, so that eight requests at once
    /// do not wait for eight syncs, one after the other. Locked before `state` where both are.
    safe: Mutex<(File, usize)>,
}

#[derive(Debug)]
struct State {
    file: File,
    lines: Vec<Line>,
    /// Requests that went out and have no end yet: where their line is.
    open: BTreeMap<RequestDigest, usize>,
    /// How many lines there were at the start of this build.
    start: usize,
}

impl Ledger {
    /// Opens or makes a ledger. A torn last line is cut off; a damaged one further up is left out and left alone.
    pub fn open(path: &Path, budget: Budget) -> Result<Ledger, Fault> {
        let fault = |error| Fault::disk(path, error);
        durable::create_folder(path.parent().unwrap_or(Path::new("."))).map_err(fault)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(fault)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(fault)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            file.set_len(whole as u64).map_err(fault)?;
        }
        let lines = text[..whole].split(|byte| *byte == b'\n');
        let lines: Vec<Line> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let safe = Mutex::new((file.try_clone().map_err(fault)?, 0));
        let mut state = State { file, lines: Vec::new(), open: BTreeMap::new(), start: lines.len() };
        lines.into_iter().for_each(|line| state.count(line));
        Ok(Ledger { path: path.to_owned(), budget, state: Mutex::new(state), safe })
    }

    /// Writes down that a request goes out, unless that might break a budget. Durable when this returns.
    ///
    /// # Errors
    /// [`Fault::OverBudget`], [`Fault::Unpriced`], or a disk that does not take the line: then nothing may be sent.
    pub fn send(&self, line: Line) -> Result<(), Fault> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = [(self.budget.per_build, "this build"), (self.budget.per_month, "this month")];
        for (limit, period) in limits {
            let Some(limit) = limit else { continue };
            let unpriced = || Fault::Unpriced { model: line.model.clone(), period };
            let cost = line.cost.filter(|cost| cost.currency == limit.currency).ok_or_else(unpriced)?;
            let start = if period == "this build" { state.start } else { 0 };
            let month = line.at.get(..7);
            let in_period = |other: &Line| period == "this build" || other.at.get(..7) == month;
            let spent = state.spent(start, in_period).of(limit.currency);
            if spent.micros.saturating_add(cost.micros) > limit.micros {
                return Err(Fault::OverBudget { cost, spent, limit, period });
            }
        }
        self.add(state, line)
    }

    /// Writes down how a request ended.
    pub fn end(&self, line: Line) -> Result<(), Fault> {
        self.add(self.state.lock().unwrap_or_else(PoisonError::into_inner), line)
    }

    /// Whether a request went out and its end was not written down, and what it was thought to cost.
    pub fn is_open(&self, request: &RequestDigest) -> Option<Option<Money>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.get(request).map(|at| state.lines[*at].cost)
    }

    /// What was spent in the days whose date (as RFC 3339) starts with `date`: `2026`, `2026-11`, or everything for nothing.
    pub fn spent(&self, date: &str) -> Spent {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.spent(0, |line| line.at.starts_with(date))
    }

    /// The same for each service and model.
    pub fn by_model(&self, date: &str) -> BTreeMap<(String, String), Spent> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let models = state.lines.iter().map(|line| (line.service.clone(), line.model.clone()));
        let models: BTreeSet<(String, String)> = models.collect();
        let of = |(service, model): &(String, String)| {
            state.spent(0, |line| line.at.starts_with(date) && line.service == *service && line.model == *model)
        };
        let spent = models.into_iter().map(|names| (of(&names), names));
        spent.filter(|(spent, _)| *spent != Spent::default()).map(|(spent, names)| (names, spent)).collect()
    }

    /// Requests that went out and whose end nobody wrote down, oldest first.
    pub fn open_lines(&self) -> Vec<Line> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at: Vec<usize> = state.open.values().copied().collect();
        at.sort_unstable();
        at.into_iter().map(|at| state.lines[at].clone()).collect()
    }

    /// What this build spent.
    pub fn spent_now(&self) -> Spent {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.spent(state.start, |_| true)
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    fn add(&self, mut state: MutexGuard<'_, State>, line: Line) -> Result<(), Fault> {
        let fault = |error| Fault::disk(&self.path, error);
        let mut text = serde_json::to_vec(&line).map_err(|error| fault(io::Error::other(error)))?;
        text.push(b'\n');
        // In one piece, so that a kill leaves all of it or a torn end.
        state.file.write_all(&text).map_err(fault)?;
        state.count(line);
        let own = state.lines.len();
        drop(state);
        let mut safe = self.safe.lock().unwrap_or_else(PoisonError::into_inner);
        if safe.1 < own {
            let written = self.state.lock().unwrap_or_else(PoisonError::into_inner).lines.len();
            safe.0.sync_data().map_err(fault)?;
            safe.1 = written;
        }
        Ok(())
    }
}

impl State {
    fn count(&mut self, line: Line) {
        match line.what {
            What::Sent => drop(self.open.insert(line.request.clone(), self.lines.len())),
            _ => drop(self.open.remove(&line.request)),
        }
        self.lines.push(line);
    }

    /// Ends count with what they cost, and requests without one with what they were thought to cost.
    fn spent(&self, start: usize, wanted: impl Fn(&Line) -> bool) -> Spent {
        let mut spent = Spent::default();
        for (at, line) in self.lines.iter().enumerate().skip(start).filter(|(_, line)| wanted(line)) {
            let is_open = line.what == What::Sent && self.open.get(&line.request) == Some(&at);
            match line.what {
                What::Unpaid => continue,
                What::Sent if !is_open => continue,
                What::Lost => spent.lost += 1,
                What::Sent | What::Paid => {}
            }
            match line.cost {
                None => spent.unknown += 1,
                Some(cost) => match spent.known.iter_mut().find(|sum| sum.currency == cost.currency) {
                    Some(sum) => sum.micros = sum.micros.saturating_add(cost.micros),
                    None => spent.known.push(cost),
                },
            }
        }
        spent
    }
}

impl Spent {
    fn of(&self, currency: super::Currency) -> Money {
        let known = self.known.iter().find(|sum| sum.currency == currency);
        known.copied().unwrap_or(Money { micros: 0, currency })
    }
}

/// A moment as the ledger and takes write it, to the second.
pub fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(request: u8, what: What, cents: Option<u64>, at: &str) -> Line {
        Line {
            at: format!("{at}T12:00:00Z"),
            request: RequestDigest::parse(&format!("{request:064}")).unwrap(),
            service: "gemini".into(),
            model: "banana".into(),
            what,
            cost: cents.map(|cents| Money::usd(cents * 10_000)),
        }
    }

    fn open(folder: &tempfile::TempDir, budget: Budget) -> Ledger {
        Ledger::open(&folder.path().join(".softbox/ledger"), budget).unwrap()
    }

    #[test]
    fn a_budget_stops_before_it_is_passed_and_counts_what_is_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget { per_build: Some(Money::usd(100_000)), per_month: None };
        let ledger = open(&folder, budget);
        ledger.send(line(1, What::Sent, Some(6), "2026-11-01")).unwrap();
        let over = ledger.send(line(2, What::Sent, Some(6), "2026-11-01")).unwrap_err();
        assert_eq!(over.to_string(), "this would cost $0.06; $0.06 of the $0.10 for this build are spent or under way");
        ledger.end(line(1, What::Paid, Some(3), "2026-11-01")).unwrap();
        ledger.send(line(2, What::Sent, Some(6), "2026-11-01")).unwrap();
        assert!(matches!(ledger.send(line(3, What::Sent, None, "2026-11-01")), Err(Fault::Unpriced { .. })));
        drop(ledger);
        let next = open(&folder, budget);
        next.send(line(3, What::Sent, Some(10), "2026-11-01")).unwrap();
    }

    #[test]
    fn a_months_budget_counts_earlier_builds_of_the_month_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget { per_build: None, per_month: Some(Money::usd(100_000)) };
        let ledger = open(&folder, budget);
        ledger.send(line(1, What::Sent, Some(9), "2026-10-31")).unwrap();
        ledger.send(line(2, What::Sent, Some(9), "2026-11-01")).unwrap();
        ledger.end(line(2, What::Paid, Some(9), "2026-11-01")).unwrap();
        drop(ledger);
        let ledger = open(&folder, budget);
        assert!(ledger.send(line(3, What::Sent, Some(2), "2026-11-30")).is_err());
        ledger.send(line(3, What::Sent, Some(1), "2026-11-30")).unwrap();
    }

    #[test]
    fn lost_and_killed_requests_count_as_spent_and_unknown_costs_apart() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(&folder, Budget::default());
        ledger.send(line(1, What::Sent, Some(5), "2026-11-01")).unwrap();
        ledger.send(line(2, What::Sent, Some(7), "2026-11-01")).unwrap();
        ledger.end(line(2, What::Lost, Some(7), "2026-11-01")).unwrap();
        ledger.send(line(3, What::Sent, None, "2026-11-01")).unwrap();
        ledger.end(line(3, What::Paid, None, "2026-11-01")).unwrap();
        ledger.send(line(4, What::Sent, Some(9), "2026-11-01")).unwrap();
        ledger.end(line(4, What::Unpaid, None, "2026-11-01")).unwrap();
        drop(ledger);
        let ledger = open(&folder, Budget::default());
        let expected = Spent { known: vec![Money::usd(120_000)], unknown: 1, lost: 1 };
        assert_eq!(ledger.spent("2026-11"), expected);
        assert_eq!(ledger.spent_now(), Spent::default());
        assert_eq!(ledger.is_open(&line(1, What::Sent, None, "").request), Some(Some(Money::usd(50_000))));
        assert_eq!(ledger.is_open(&line(2, What::Sent, None, "").request), None);
    }

    #[test]
    fn a_cut_at_any_byte_keeps_the_lines_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".softbox/ledger");
        let ledger = open(&folder, Budget::default());
        for request in 1..4 {
            ledger.send(line(request, What::Sent, Some(1), "2026-11-01")).unwrap();
        }
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let ledger = open(&folder, Budget::default());
            assert_eq!(ledger.lines().len(), whole[..cut].iter().filter(|byte| **byte == b'\n').count());
            ledger.send(line(9, What::Sent, Some(1), "2026-11-01")).unwrap();
            assert_eq!(
                open(&folder, Budget::default()).lines().last().unwrap().request,
                line(9, What::Sent, None, "").request
            );
        }
    }
}
