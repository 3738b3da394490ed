//! What goes wrong with models, as problems and exit codes.

use super::Exit;
use crate::campaign::Problem;
use crate::models::Fault;

/// A fault as a person reads it.
pub fn problem(fault: &Fault) -> Problem {
    // A service's own words may have several lines, and end in a full stop.
    let message = fault.to_string();
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Problem::error(code(fault), message.trim_end_matches('.')).hint(fault.hint())
}

fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unsupported { .. } => "unsupported",
        Fault::BadPicture { .. } => "bad-picture",
        Fault::NoKey { .. } => "no-key",
        Fault::BadAddress { .. } => "bad-address",
        Fault::Frozen { .. } => "frozen",
        Fault::OverBudget { .. } => "over-budget",
        Fault::Unpriced { .. } => "unpriced",
        Fault::Unreachable { .. } => "unreachable",
        Fault::Lost { .. } => "lost",
        Fault::Denied { .. } => "denied",
        Fault::Quota { .. } => "quota",
        Fault::NoModel { .. } => "no-model",
        Fault::Rejected { .. } => "rejected",
        Fault::Busy { .. } => "busy",
        Fault::Server { .. } => "server",
        Fault::Foreign { .. } => "foreign",
        Fault::Unusable { .. } => "unusable",
        Fault::JobFailed { .. } => "job-failed",
        Fault::Unfinished { .. } => "unfinished",
        Fault::Download { .. } => "download",
        Fault::BadTake { .. } => "bad-take",
        Fault::Disk { .. } => "disk",
    }
}

/// How a command ends that met a fault.
pub fn exit(fault: &Fault) -> Exit {
    match fault {
        Fault::Unsupported { .. } | Fault::BadPicture { .. } | Fault::NoKey { .. } | Fault::BadAddress { .. } => {
            Exit::Wrong
        }
        Fault::Frozen { .. } => Exit::Missing,
        Fault::OverBudget { .. } | Fault::Unpriced { .. } => Exit::OverBudget,
        _ => Exit::Failed,
    }
}
