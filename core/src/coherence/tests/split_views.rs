use super::*;
use crate::merkle::checkpoint::{Checkpoint, CheckpointError};
use crate::merkle::note::{NoteKey, NoteVerifyError};

const ORIGIN: &str = "hub.example/log";

fn log_key(number: u8) -> NoteKey<'static> {
    NoteKey {
        name: ORIGIN,
        key: public(number),
    }
}

/// A checkpoint of the log of key 7.
fn note(size: u64, root: u8, extensions: &str) -> Vec<u8> {
    let checkpoint = Checkpoint {
        origin: ORIGIN,
        size,
        root: [root; 32],
        extensions,
    };
    let mut out = [0; 1024];
    checkpoint.sign(&key(7), &mut out).unwrap().into()
}

fn observe(world: &mut World, note: &[u8]) -> Result<Observed, ObserveError> {
    world.engine().observe(note, &log_key(7), &Ed25519)
}

#[test]
fn two_roots_for_one_size_are_kept_as_a_proof() {
    let mut world = World::new(CONFIG);
    let digest = world.engine().digest();
    assert_eq!(observe(&mut world, &note(5, 1, "")), Ok(Observed::New));
    assert_eq!(observe(&mut world, &note(6, 2, "")), Ok(Observed::New));
    assert_eq!(observe(&mut world, &note(5, 1, "")), Ok(Observed::Known));
    assert_eq!(world.engine().split(), 0);
    let other = note(5, 3, "fork\n");
    assert_eq!(observe(&mut world, &other), Ok(Observed::Contradicts));
    assert_eq!(observe(&mut world, &other), Ok(Observed::Known), "once");
    let engine = world.engine();
    assert_eq!((engine.split(), engine.split_views().count()), (1, 1));
    assert_eq!(engine.digest(), digest, "checkpoints are not in the log");
    // Exported, the proof needs nothing but the key.
    let split = engine.split_views().next().unwrap();
    let [mut first, mut second] = [[0; 512]; 2];
    let first = split.views[0].write(&mut first).unwrap().as_bytes();
    let second = split.views[1].write(&mut second).unwrap().as_bytes();
    assert_eq!([first, second], [&note(5, 1, "")[..], &other]);
    let prove = |a, b, key| verify_split_view(a, b, &log_key(key), &Ed25519);
    assert_eq!(prove(first, second, 7), Ok(5));
    assert_eq!(prove(first, first, 7), Err(SplitViewError::Compatible));
    let later = note(6, 2, "");
    assert_eq!(prove(first, &later, 7), Err(SplitViewError::Compatible));
    let error = CheckpointError::Note(NoteVerifyError::Unsigned);
    let unsigned = Err(SplitViewError::Checkpoint(error));
    assert_eq!(prove(first, second, 8), unsigned);
    let mut forged = second.to_vec();
    let at = forged.iter().position(|&b| b == b'5').unwrap();
    forged[at] = b'6';
    let error = CheckpointError::Note(NoteVerifyError::BadSignature);
    let bad = Err(SplitViewError::Checkpoint(error));
    assert_eq!(prove(first, &forged, 7), bad);
    // And so does whoever opens the engine later.
    let image = world.engine().seal();
    let engine = Engine::open_verified(&mut world.memory).unwrap();
    assert_eq!((engine.split(), engine.image_digest()), (1, image));
}

#[test]
fn what_is_kept_of_checkpoints_is_bounded() {
    let mut world = World::new(CONFIG.checkpoints(3));
    for size in 0..10 {
        assert_eq!(observe(&mut world, &note(size, 1, "")), Ok(Observed::New));
    }
    // The first seven are forgotten.
    for size in 7..10 {
        let told = observe(&mut world, &note(size, 2, ""));
        assert_eq!(told, Ok(Observed::Contradicts));
    }
    assert_eq!(observe(&mut world, &note(0, 2, "")), Ok(Observed::New));
    for root in 3..10 {
        let told = observe(&mut world, &note(9, root, ""));
        assert_eq!(told, Ok(Observed::Contradicts));
    }
    let engine = world.engine();
    assert_eq!(engine.split(), 10);
    let kept: Vec<u8> = engine
        .split_views()
        .map(|split| split.views[1].checkpoint.root[0])
        .collect();
    assert_eq!(kept, [6, 7, 8, 9]);
}

#[test]
fn a_checkpoint_that_proves_nothing_is_not_kept() {
    let mut world = World::new(CONFIG);
    let before = world.engine().image_digest();
    let mut damaged = note(5, 1, "");
    damaged[20] ^= 1;
    assert!(observe(&mut world, &damaged).is_err());
    let long = std::format!("{}\n", "x".repeat(MAX_ORIGIN));
    let found = (ORIGIN.len() + long.len()) as u64;
    let told = observe(&mut world, &note(5, 1, &long));
    assert_eq!(told, Err(ObserveError::TooLong { found }));
    let of_another = world
        .engine()
        .observe(&note(5, 1, ""), &log_key(8), &Ed25519);
    let error = CheckpointError::Note(NoteVerifyError::Unsigned);
    assert_eq!(of_another, Err(ObserveError::Checkpoint(error)));
    assert_eq!(world.engine().image_digest(), before);
    let mut none = World::new(CONFIG.checkpoints(0));
    assert_eq!(
        observe(&mut none, &note(5, 1, "")),
        Err(ObserveError::NoRoom)
    );
}
