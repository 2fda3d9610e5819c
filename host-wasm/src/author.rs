//! Who signs events: fields in, canonical signed bytes out.

use crate::error::{CallError, Failure};
use crate::exchange::{Arguments, answer};
use crate::reader::Reader;
use crate::slots::Slots;
use alloc::vec;
use alloc::vec::Vec;
use ed25519_dalek::SigningKey;
use sensilla::Hash;
use sensilla::coherence::conflict_id;
use sensilla::log::kind::{Act, Assert, Challenge, Deprecate, Resolution, Roots, Support, Witness};
use sensilla::log::sign::Endorsement;
use sensilla::log::{self, Event, EventKind, event};
use wasm_bindgen::prelude::wasm_bindgen;

pub(crate) static AUTHORS: Slots<Author> = Slots::new();

pub(crate) struct Author(log::Author<SigningKey>);

impl Author {
    pub fn signer(&self) -> &SigningKey {
        &self.0.signer
    }
}

/// Makes an author and returns its number. Arguments: its secret and its realm.
#[wasm_bindgen]
pub fn author_new(next: u32) -> u32 {
    answer(|out| {
        let arguments = Arguments::take();
        let mut reader = arguments.reader();
        let secret = SigningKey::from_bytes(&reader.hash()?);
        let mut author = log::Author::new(secret, reader.hash()?);
        author.next = next;
        out.number(AUTHORS.keep(Author(author))?)
    })
}

/// Forgets an author's secret.
#[wasm_bindgen]
pub fn author_free(author: u32) {
    AUTHORS.free(author);
}

/// The number of its next event, and its public key.
#[wasm_bindgen]
pub fn author_info(author: u32) -> u32 {
    answer(|out| {
        AUTHORS.with(author, |Author(author)| {
            out.number(f64::from(author.next))?;
            out.bytes(&log::Signer::public_key(&author.signer))
        })
    })
}

/// Says something of a kind, by its number in the bytes of events, at a time: the event's bytes.
/// Arguments: the context, and the fields of the kind.
#[wasm_bindgen]
pub fn author_say(author: u32, kind: u32, at: f64) -> u32 {
    answer(|out| {
        AUTHORS.with(author, |Author(author)| {
            let arguments = Arguments::take();
            let mut reader = arguments.reader();
            let context = reader.text()?;
            let mut lists = Lists::default();
            let mut embedding: &[f32] = &[];
            let kind = match kind {
                1 => {
                    let (assert, floats) = assert(&mut reader)?;
                    embedding = floats;
                    EventKind::Assert(assert)
                }
                2 => EventKind::Challenge(Challenge {
                    conflict: reader.hash()?,
                    claims: reader.hashes()?,
                    reason: reader.text()?,
                }),
                3 => {
                    let (claim, against) = (reader.hash()?, reader.hash()?);
                    EventKind::Support(Support {
                        conflict: conflict_id(&claim, &against),
                        claim,
                        against,
                        evidence: &[],
                        cost: reader.number()? as u32,
                    })
                }
                4 => {
                    let decision = resolution(&mut reader)?;
                    lists.0 = endorsements(reader.counted()?)?;
                    EventKind::Resolution(decision.endorsed(&lists.0))
                }
                5 => EventKind::Deprecate(Deprecate {
                    claim: reader.hash()?,
                    resolution: None,
                    superseded_by: None,
                    reason: reader.text()?,
                    signatures: &[],
                }),
                6 => EventKind::Witness(Witness {
                    claim: reader.hash()?,
                    path: reader.hashes()?,
                    confidence: reader.number()? as u16,
                }),
                8 => {
                    let decision = Roots {
                        number: reader.number()? as u32,
                        act: act(&mut reader)?,
                        signatures: &[],
                    };
                    let signed = decision.endorse(&author.realm, context, &author.signer)?;
                    lists.0 = vec![signed];
                    EventKind::Roots(decision.endorsed(&lists.0))
                }
                _ => return Err(CallError::Malformed.into()),
            };
            let event = Event {
                embedding: match embedding {
                    [] => event::Embedding::None,
                    _ => event::Embedding::f32(embedding),
                },
                ..author.event(context, at as u64, kind)
            };
            let mut bytes = vec![0; event::MAX_EVENT];
            let signed = event.sign(&author.signer, &mut bytes)?;
            out.bytes(signed.bytes())?;
            author.said(&event);
            Ok(())
        })
    })
}

/// What the fields of an event point to and the arguments do not hold in that form.
#[derive(Default)]
struct Lists(Vec<Endorsement>);

/// Signs a decision as an authority of the context: 96 bytes. Arguments: the context, and the
/// decision's conflict, claims and reason.
#[wasm_bindgen]
pub fn author_endorse(author: u32) -> u32 {
    answer(|out| {
        AUTHORS.with(author, |Author(author)| {
            let arguments = Arguments::take();
            let mut reader = arguments.reader();
            let context = reader.text()?;
            let decision = resolution(&mut reader)?;
            out.bytes(&decision.endorse(context, &author.signer)?)
        })
    })
}

/// A claim, and where it lies among others.
fn assert<'a>(reader: &mut Reader<'a>) -> Result<(Assert<'a>, &'a [f32]), Failure> {
    let [subject, predicate, value] = [reader.text()?, reader.text()?, reader.text()?];
    let confidence = reader.number()? as u16;
    let expires = reader.number()?;
    let supersedes: Option<&Hash> = reader.hashes()?.first();
    let evidence = reader.hashes()?;
    let components = reader.number()? as usize;
    let assert = Assert {
        subject,
        predicate,
        value,
        evidence,
        confidence,
        expires: (!expires.is_nan()).then_some(expires as u64),
        supersedes: supersedes.copied(),
    };
    Ok((assert, reader.many(components)?))
}

fn resolution<'a>(reader: &mut Reader<'a>) -> Result<Resolution<'a>, Failure> {
    Ok(Resolution {
        conflict: reader.hash()?,
        accepted: reader.hashes()?,
        deprecated: reader.hashes()?,
        rationale: reader.text()?,
        signatures: &[],
    })
}

fn endorsements(bytes: &[u8]) -> Result<Vec<Endorsement>, Failure> {
    match bytes.as_chunks::<{ size_of::<Endorsement>() }>() {
        (endorsements, []) => Ok(endorsements.to_vec()),
        _ => Err(CallError::Malformed.into()),
    }
}

fn act<'a>(reader: &mut Reader<'a>) -> Result<Act<'a>, Failure> {
    Ok(match reader.number()? as u32 {
        0 => Act::Admit {
            key: reader.hash()?,
            name: reader.text()?,
            from: reader.number()? as u32,
        },
        1 => Act::Expel {
            key: reader.hash()?,
            last: reader.number()? as u32,
        },
        2 => Act::Appoint {
            threshold: reader.number()? as u8,
            keys: reader.hashes()?,
        },
        3 => Act::End,
        4 => Act::Close,
        _ => return Err(CallError::Malformed.into()),
    })
}
