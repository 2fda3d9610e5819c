//! What the roots of a store's realm decide: whom it hears, and who decides where.
//!
//! A new store is a realm of its own, whose root is a key that comes from its secret. Who has the
//! store therefore admits, appoints and expels; a store that has joined another's realm takes those
//! decisions in, as events.

use ed25519_dalek::SigningKey;
use sensilla::coherence::realm_id;
use sensilla::log::kind::{Act, Roots};
use sensilla::log::sign::PublicKey;
use sensilla::log::{Author, Ed25519, EventKind, Policy, Signer, event};
use sensilla::node::{Ingested, Node};
use serde::{Deserialize, Serialize};

use crate::read::claims::hex as from_hex;
use crate::store::manifest::hex;

/// The name of a realm that nobody named.
const NAME: &str = "home";

/// A realm as a profile keeps it: all that its id follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Realm {
    /// Its name.
    pub name: String,
    /// How many of its first roots had to sign.
    pub threshold: u8,
    /// Public keys of its first roots, in hexadecimal.
    pub roots: Vec<String>,
}

impl Realm {
    /// The realm of one root.
    pub fn of(name: Option<&str>, root: &PublicKey) -> Self {
        Self {
            name: name.unwrap_or(NAME).into(),
            threshold: 1,
            roots: vec![hex(root)],
        }
    }

    /// Its roots' keys; none where the profile has none that are keys.
    pub fn keys(&self) -> Vec<PublicKey> {
        let key = |text: &String| PublicKey::try_from(from_hex(text)?).ok();
        self.roots.iter().filter_map(key).collect()
    }

    /// Its id.
    pub fn id(&self) -> event::Realm {
        realm_id(&self.name, self.threshold, &self.keys())
    }

    /// The line that another store joins it with.
    pub fn to_line(&self) -> String {
        format!("{}={}/{}", self.name, self.roots.join(","), self.threshold)
    }

    /// The realm of such a line.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let (name, rest) = line.rsplit_once('=').ok_or("has no `=`")?;
        let (keys, threshold) = rest.rsplit_once('/').unwrap_or((rest, "1"));
        let realm = Self {
            name: name.into(),
            threshold: threshold
                .parse()
                .map_err(|_| format!("`{threshold}` is no number"))?,
            roots: keys
                .split(',')
                .map(|key| key.trim().to_lowercase())
                .collect(),
        };
        let keys = realm.keys();
        if keys.len() != realm.roots.len() || keys.len() > sensilla::coherence::MAX_KEYS {
            return Err(
                "a root is no public key of 64 hexadecimal digits, or there are over 8".into(),
            );
        }
        if !(1..=keys.len()).contains(&usize::from(realm.threshold)) {
            return Err(format!("{threshold} of {} cannot agree", keys.len()));
        }
        Ok(realm)
    }
}

/// Has the root of a realm decide something, as an event of the log dated `at` or later.
pub fn decide(
    node: &mut Node<'_>,
    root: &SigningKey,
    context: &str,
    act: Act<'_>,
    at: u64,
) -> Result<Ingested, String> {
    let engine = node.history().engine();
    let own = root.public_key();
    if !engine
        .roots()
        .is_some_and(|(_, roots)| roots.contains(&own))
    {
        return Err(
            "the keys of this store are no root of its realm; a root of it must decide that".into(),
        );
    }
    let last = engine.member(&own).map_or(0, |member| member.last);
    let decision = Roots {
        number: engine.next_decision(),
        act,
        signatures: &[],
    };
    let mut author = Author::of(node.history().log(), root.clone());
    author.next = engine.next(&own).unwrap_or(author.next);
    let signature = decision
        .endorse(&author.realm, context, root)
        .map_err(|e| e.to_string())?;
    let signatures = [signature];
    let event = author.event(
        context,
        at.max(last),
        EventKind::Roots(decision.endorsed(&signatures)),
    );
    let mut out = vec![0; event::MAX_EVENT];
    let signed = event.sign(root, &mut out).map_err(|e| e.to_string())?;
    let now = engine.now();
    node.history_mut()
        .ingest(signed.bytes(), &AT_ANY_TIME, &Ed25519, now)
        .map_err(|e| e.to_string())
}

/// For what the roots decide: it is dated when they did so, and does not move the time of a node whose
/// claims are of another time. For events of a log that were held to the clock once, too.
pub const AT_ANY_TIME: Policy = Policy {
    max_ahead: u64::MAX,
    ..Policy::trusted()
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_is_joined_by_its_line() {
        let realm = Realm::of(Some("barn=west"), &[7; 32]);
        assert_eq!(Realm::from_line(&realm.to_line()), Ok(realm.clone()));
        assert_ne!(realm.id(), Realm::of(None, &[7; 32]).id());
        for bad in ["", "barn", "barn=", "barn=00", "barn=x/1"] {
            assert!(Realm::from_line(bad).is_err(), "{bad}");
        }
        let line = realm.to_line().replace("/1", "/2");
        assert!(Realm::from_line(&line).is_err());
    }
}
