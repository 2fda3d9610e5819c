//! Why an event was refused.

use crate::error::errors;
use crate::grid::ProbeError;

errors! {
    /// Why an event cannot be taken; nothing is changed.
    pub enum Refusal: 0x0900, 0x0910 {
        /// Every slot for claims is taken.
        ClaimsFull = 1 => "there is no room for another claim; wait for one to expire or deprecate one",
        /// Every slot for conflicts holds one that is open.
        ConflictsFull = 2 => "there is no room for another conflict; resolve one",
        /// Every slot for contexts is taken.
        ContextsFull = 3 => "there is no room for another context",
        /// Every slot for witnesses is taken.
        WitnessesFull = 4 => "there is no room for another witness",
        /// The embedding has no place in the grid.
        Vector wraps ProbeError,
        /// The claim has expired already.
        Expired = 6 => "the claim has expired already",
        /// The event has been taken before.
        Duplicate = 7 => "this event has been taken already",
        /// No claim with this id is in force in the event's context.
        UnknownClaim = 8 => "no claim with this id is in force in this context",
        /// No conflict with this id is open in the event's context.
        UnknownConflict = 9 => "no conflict with this id is open in this context",
        /// The claims are not those of the conflict.
        WrongClaims = 10 => "the claims named are not the two of this conflict, each once",
        /// The context has no authority.
        NoAuthority = 11 => "no authority is registered for this context; register one first",
        /// Fewer authorities have signed than the context asks for.
        TooFewSignatures { valid: u8, needed: u8 } = 12
            => "{valid} authorities have signed, {needed} are needed",
        /// The author may not take back this claim.
        NotTheAuthor = 13 => "only its author or the context's authority may take back a claim",
        /// The author has spent its budget.
        OverBudget { retry_after: u64 } = 14
            => "the author's budget is spent; retry in {retry_after} ms",
        /// Too many authors spend at once.
        BudgetsFull { retry_after: u64 } = 15
            => "too many authors spend at once; retry in {retry_after} ms",
        /// A claim's author cannot confirm it.
        OwnClaim = 16 => "the author of a claim cannot be its witness, nor stand on the path",
        /// The same witness has confirmed the claim.
        SameWitness = 17 => "this witness has confirmed the claim already",
        /// The path is longer than is counted.
        PathTooLong { limit: u32 } = 18 => "the path names more than {limit} peers",
        /// The path passes a peer twice.
        PathLoops = 19 => "the path passes a peer twice",
        /// The claim has as many witnesses as are counted.
        EnoughWitnesses = 20 => "this claim has as many witnesses as are counted",
        /// The decision rests on an event that is not known.
        UnknownDependency { index: u32 } = 21 => "dependency {index} is not in the log",
        /// The engine was configured without claims.
        NoClaims = 22 => "this engine was configured without room for claims",
    }
}

errors! {
    /// Why an authority was not registered; nothing is changed.
    pub enum AuthorityError: 0x0940 {
        /// No keys, more than eight, or one twice.
        BadKeys = 1 => "an authority has one to eight different keys",
        /// The threshold is zero or over the number of keys.
        BadThreshold = 2 => "the threshold is between 1 and the number of keys",
        /// Every slot for contexts is taken.
        ContextsFull = 3 => "there is no room for another context",
        /// More keys than the engine was configured for.
        TooManyKeys { limit: u8 } = 4 => "this engine keeps {limit} keys of an authority at most",
    }
}
