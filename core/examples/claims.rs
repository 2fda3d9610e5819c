//! From a key to a claim, a root, a proof, a contradiction and an endorsed resolution.
//!
//! `cargo run -p sensilla --features alloc,ed25519 --example claims`

use ed25519_dalek::SigningKey;
use sensilla::block::Memory;
use sensilla::coherence::{Status, conflict_id, realm_id};
use sensilla::log::kind::{Act, Assert, CERTAIN, Resolution, Roots};
use sensilla::log::{Author, Ed25519, EventId, EventKind, Policy, Signer};
use sensilla::merkle::note::NoteKey;
use sensilla::merkle::{Checkpoint, leaf_hash, verify_inclusion};
use sensilla::node::{History, HistoryConfig};
use std::error::Error;

/// Now, in milliseconds since 1970; the crate reads no clock.
const NOW: u64 = 1_767_225_600_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Keys: the root decides who is heard, two sensors make claims, a caretaker decides conflicts.
    // Real secrets are 32 random bytes each.
    let [root, camera, contact, caretaker] =
        [1, 2, 3, 4].map(|secret| SigningKey::from_bytes(&[secret; 32]));

    // A history belongs to a realm: a name and the keys of its roots.
    let roots = [root.public_key()];
    let realm = realm_id("house", 1, &roots);
    let config = HistoryConfig {
        realm,
        ..HistoryConfig::new(64, 16 * 1024)
    };
    let mut memory = Memory::zeroed(config.bytes());
    let mut history = History::format(&mut memory, config)?;
    history.found("house", 1, &roots)?;

    // The root admits both sensors and appoints who decides about the hall.
    let mut root = Author::new(root, realm);
    let keys = [caretaker.public_key()];
    let acts = [
        Act::Admit {
            key: camera.public_key(),
            name: "camera",
            from: 1,
        },
        Act::Admit {
            key: contact.public_key(),
            name: "contact",
            from: 1,
        },
        Act::Admit {
            key: caretaker.public_key(),
            name: "caretaker",
            from: 1,
        },
        Act::Appoint {
            threshold: 1,
            keys: &keys,
        },
    ];
    for act in acts {
        let number = history.engine().next_decision();
        let decision = Roots {
            number,
            act,
            signatures: &[],
        };
        let signed = [decision.endorse(&realm, "hall", &root.signer)?];
        say(
            &mut history,
            &mut root,
            "hall",
            EventKind::Roots(decision.endorsed(&signed)),
        )?;
    }

    // A claim: the door of the hall is open. The other sensor says that it is shut.
    let mut camera = Author::new(camera, realm);
    let open = say(&mut history, &mut camera, "hall", door("open"))?;
    let mut contact = Author::new(contact, realm);
    let shut = say(&mut history, &mut contact, "hall", door("shut"))?;

    // The log of all of it has a root, which a checkpoint signs. With the checkpoint alone, and
    // nothing else of the log, anyone can check that the claim is in there.
    let mut note = [0; 512];
    let note = history.checkpoint("house.example/log", &caretaker, &mut note)?;
    let hex: String = realm.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("house.example/log/{hex}");
    let who = NoteKey {
        name: &name,
        key: caretaker.public_key(),
    };
    let checkpoint = Checkpoint::verify(note.as_bytes(), &who, &Ed25519)?;
    let index = history.log().find(&open).ok_or("the claim was just made")?;
    let leaf = leaf_hash(history.log().get(index)?.bytes());
    let proof = history.log().prove_inclusion(index, checkpoint.size)?;
    verify_inclusion(
        &leaf,
        index,
        checkpoint.size,
        proof.as_ref(),
        &checkpoint.root,
    )?;

    // The two claims contradict each other, and both are in quarantine until someone decides.
    let conflict = conflict_id(&open, &shut);
    let found = history
        .engine()
        .conflict(&conflict)
        .ok_or("both are about the door")?;
    assert_eq!(found.status, Status::Detected);
    assert!(history.engine().quarantine(&open).is_some());

    // The authority of the hall went and looked. Its signature is what decides; who carries the
    // event does not matter.
    let (accepted, deprecated) = ([open], [shut]);
    let decision = Resolution {
        conflict,
        accepted: &accepted,
        deprecated: &deprecated,
        rationale: "went and looked",
        signatures: &[],
    };
    let endorsement = [decision.endorse("hall", &caretaker)?];
    let resolution = EventKind::Resolution(decision.endorsed(&endorsement));
    say(
        &mut history,
        &mut Author::new(caretaker, realm),
        "hall",
        resolution,
    )?;
    assert!(history.engine().claim(&open).is_some());
    assert!(history.engine().claim(&shut).is_none());

    println!("the door is open: {} events", history.log().size());
    Ok(())
}

fn door(state: &str) -> EventKind<'_> {
    EventKind::Assert(Assert {
        subject: "door",
        predicate: "state",
        value: state,
        evidence: &[],
        confidence: CERTAIN,
        expires: None,
        supersedes: None,
    })
}

/// Signs the author's next event and takes it into the history, as one that came from elsewhere is.
fn say(
    history: &mut History<'_>,
    author: &mut Author<SigningKey>,
    context: &str,
    kind: EventKind<'_>,
) -> Result<EventId, Box<dyn Error>> {
    let mut out = [0; 1024];
    let event = author.event(context, NOW, kind);
    let signed = author.say(&event, &mut out)?;
    let taken = history.ingest(signed.bytes(), &Policy::new(), &Ed25519, NOW)?;
    Ok(taken.id)
}

#[test]
fn runs() {
    main().unwrap();
}
