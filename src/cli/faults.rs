//! How commands end that met a fault of a model.

use super::Exit;
use crate::campaign::Problem;
use crate::models::Fault;

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

/// How a command ends after a problem: what was not asked for and what was too dear are told apart from what failed.
pub fn exit_of(problem: &Problem) -> Exit {
    match problem.code {
        "frozen" | "no-pick" => Exit::Missing,
        "over-budget" | "unpriced" | "not-asked" => Exit::OverBudget,
        _ => Exit::Failed,
    }
}
