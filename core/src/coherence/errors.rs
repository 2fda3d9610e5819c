//! Why an event was refused.

use crate::error::errors;
use crate::grid::ProbeError;

errors! {
    /// Why an event cannot be taken; nothing is changed.
    pub enum Refusal: 0x0900, 0x0910, 0x0920 {
        /// Every slot for claims is taken.
        ClaimsFull = 1
            => "there is no room for another claim; expel who fills it, close a context, or grow the node",
        /// Every slot for conflicts holds one that is open.
        ConflictsFull = 2 => "there is no room for another conflict; resolve one",
        /// Every slot for contexts is taken.
        ContextsFull = 3 => "there is no room for another context; close one, or grow the node",
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
        /// The author is no member of the realm.
        NotAMember = 15 => "the author is no member of this realm; admit its key first",
        /// A claim's author cannot confirm it.
        OwnClaim = 16 => "the author of a claim cannot be its witness, nor stand on the path",
        /// A peer on the path is no member.
        StrangerOnPath = 17 => "the path passes a peer that is no member of this realm",
        /// The path is longer than is counted.
        PathTooLong { limit: u32 } = 18 => "the path names more than {limit} peers",
        /// The path passes a peer twice.
        PathLoops = 19 => "the path passes a peer twice",
        /// The event names one that has not come yet.
        UnknownReference = 20 => "the event names one that is not in the log; fetch that first",
        /// The decision rests on an event that is not known.
        UnknownDependency { index: u32 } = 21 => "dependency {index} is not in the log",
        /// The engine was configured without claims.
        NoClaims = 22 => "this engine was configured without room for claims",
        /// An event of the author is missing in between.
        Gap { expected: u32 } = 23
            => "the author's event {expected} is missing; fetch it, and those up to this, first",
        /// The number was taken before, by an event that has left the log.
        Evicted { expected: u32 } = 24
            => "the author's event of this number has been taken and has left the log; {expected} is next",
        /// The event is dated before the author's last one.
        BackInTime { last: u64 } = 25
            => "the author's last event is dated {last}, after this one; an author's time does not go back",
        /// Every slot for members is taken.
        MembersFull = 26 => "there is no room for another member; grow the node",
        /// The roots have ended the author's membership before this event.
        Expelled { last: u32 } = 27 => "the roots have expelled the author after its event {last}",
        /// The author has told two histories, which is kept as a proof.
        Forked = 28 => "the author has signed two events of one number before, which is kept as a proof",
        /// The author has as many claims as one member may have.
        OverShare { limit: u32 } = 29
            => "the author holds {limit} claims, as many as one member may; raise the share, or take one back",
        /// The claims have nothing to do with each other.
        Unrelated = 30 => "the claims do not contradict each other",
        /// A decision of the roots is missing in between, or was taken before.
        WrongNumber { expected: u32 } = 31
            => "the roots' decision {expected} is next; fetch those before this first",
        /// The realm has no roots here.
        NoRoots = 32 => "this node was told no roots of its realm",
        /// Two decisions of the roots have one number.
        Frozen = 33 => "two decisions of the roots have one number; the roots must say which counts",
        /// Not a possible threshold, set of keys or key.
        BadAct = 34 => "the roots' decision names no one to eight different keys, or a key twice admitted",
        /// The author has opened as many contexts as one member may.
        OverContexts { limit: u32 } = 35
            => "the author has opened {limit} contexts, as many as one member may; raise the share, or close one",
        /// The author is a witness of as many claims as one member may be.
        OverWitnesses { limit: u32 } = 36
            => "the author is a witness of {limit} claims, as many as one member may be",
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
        /// The realm has its roots.
        Founded = 5 => "the realm has its roots; they decide who follows them",
        /// Every slot for members is taken.
        MembersFull = 6 => "there is no room for so many members",
        /// The realm of the log is not made of that name and those keys.
        OtherRealm = 7 => "the log is of another realm than that of this name and these root keys",
    }
}
