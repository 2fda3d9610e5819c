//! Decisions that can be replayed: what was decided, and all that it rests on.

use super::errors::Refusal;
use super::history::History;
use crate::Hash;
use crate::log::kind::Decision;

/// What replaying a decision gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Replay {
    /// The same outcome, from the same bank.
    Same,
    /// The bank is another one, so the outcome was not computed.
    OtherBank {
        /// The digest that the decision names.
        decided: Hash,
        /// The digest of the bank at hand.
        found: Hash,
    },
    /// The same bank gives another outcome.
    OtherOutcome,
}

/// Whether every event that a decision rests on is known.
pub fn check<H: History + ?Sized>(decision: &Decision<'_>, history: &H) -> Result<(), Refusal> {
    for (index, id) in (0..).zip(decision.dependencies) {
        if !history.contains(id) {
            return Err(Refusal::UnknownDependency { index });
        }
    }
    Ok(())
}

/// Decides again: `again` gets the decision, whose dependencies are all known, and says whether
/// its own outcome is the one decided.
pub fn replay<H: History + ?Sized>(
    decision: &Decision<'_>,
    history: &H,
    bank: Hash,
    again: impl FnOnce(&Decision<'_>) -> bool,
) -> Result<Replay, Refusal> {
    check(decision, history)?;
    if decision.bank != bank {
        return Ok(Replay::OtherBank {
            decided: decision.bank,
            found: bank,
        });
    }
    Ok(if again(decision) {
        Replay::Same
    } else {
        Replay::OtherOutcome
    })
}
