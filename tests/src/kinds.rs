//! One of each kind of event, for the suite and, by path, for the fuzzer.

use sensilla::Hash;
use sensilla::log::kind::{
    Act, Assert, CERTAIN, Challenge, Decision, EventKind, Roots, Support, Witness,
};

/// One of each kind, without what authorities and roots sign.
pub fn kinds(hashes: &[Hash; 2]) -> [EventKind<'_>; 8] {
    [
        EventKind::Assert(Assert {
            subject: "wrist",
            predicate: "activity",
            value: "Läuft",
            evidence: hashes,
            confidence: CERTAIN / 2,
            expires: Some(1 << 40),
            supersedes: None,
        }),
        EventKind::Challenge(Challenge {
            conflict: [3; 32],
            claims: hashes,
            reason: "",
        }),
        EventKind::Support(Support {
            conflict: [3; 32],
            claim: [4; 32],
            against: [6; 32],
            evidence: &hashes[..1],
            cost: 300,
        }),
        EventKind::Witness(Witness {
            claim: [4; 32],
            path: hashes,
            confidence: 1,
        }),
        EventKind::Decision(Decision {
            question: "which?",
            outcome: "that one",
            bank: [5; 32],
            dependencies: hashes,
        }),
        EventKind::Roots(Roots {
            number: 3,
            act: Act::Admit {
                key: [7; 32],
                name: "thermometer",
                from: 1,
            },
            signatures: &[],
        }),
        EventKind::Roots(Roots {
            number: 4,
            act: Act::Appoint {
                threshold: 1,
                keys: hashes,
            },
            signatures: &[],
        }),
        EventKind::Unknown {
            tag: 900,
            body: b"of a later version",
        },
    ]
}
