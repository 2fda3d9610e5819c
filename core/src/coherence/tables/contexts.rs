//! Contexts and who may decide in them: `k` of `n` Ed25519 keys, appointed by the realm's roots.
//!
//! A context without an authority has nobody who may decide: resolutions and third-party
//! deprecations there are refused, not accepted.

use crate::Hash;
use crate::block::sections::sections;
use crate::coherence::config::{EngineConfig, MAX_KEYS};
use crate::coherence::errors::{AuthorityError, Refusal};
use crate::grid::{Keys, Tag};
use crate::log::sign::{Domain, Endorsement, split, verify_endorsement};
use crate::log::{PublicKey, Verifier};
use crate::slices;
use crate::table::{self, Place};

/// Words of a context's record; 0 to 3 are the tag of its name.
const CLAIMS: usize = 4;
/// Threshold and number of keys, a byte each; above them, whether a check was cut short.
const POWERS: usize = 5;
const INCOMPLETE: u32 = 1 << 16;
/// One more than the member whose claim took the context into use, above it whether there is a
/// baseline.
const OPENER: usize = 6;
const BASED: u32 = 1 << 16;
/// One while the context is in use.
const LIVE: usize = 7;

sections! {
    pub(crate) struct Contexts for EngineConfig as config {
        records: [[u32; 8]; config.contexts => 1],
        /// Finds a record by the tag of its name, where there are many.
        table: [u32; places(config.contexts)],
        /// The keys of each context's authority, sorted.
        keys: [PublicKey; config.contexts => config.keys as usize],
        /// Where the vectors of each context belong.
        pub(super) baselines: [[f32; 16]; config.contexts => config.baselines()],
    } with {
        count: usize = config.contexts as usize,
        /// Keys of one context's authority.
        most: usize = config.keys as usize,
        secrets: Keys = Keys::new(config.grid.hash_seed()),
    }
}

/// As many records are looked through one by one, without a table.
const FEW: u16 = 16;

/// Places of the table: a power of two, at most half of them taken.
const fn places(contexts: u16) -> usize {
    match contexts {
        0..=FEW => 0,
        contexts => (contexts as usize * 2).next_power_of_two(),
    }
}

impl Contexts<'_> {
    fn word(&self, context: u32, at: usize) -> u32 {
        self.records
            .get(context as usize)
            .and_then(|r| r.get(at))
            .copied()
            .unwrap_or(0)
    }

    fn set(&mut self, context: u32, at: usize, value: u32) {
        let record = self.records.get_mut(context as usize);
        if let Some(word) = record.and_then(|r| r.get_mut(at)) {
            *word = value;
        }
    }

    fn hash(&self, tag: Tag) -> u32 {
        self.secrets.words(0, tag.0)
    }

    /// Where in the table a context is (`Ok`) or would go (`Err`); beyond it, if there is none.
    fn seek(&self, tag: Tag) -> Result<(usize, u32), usize> {
        if self.table.is_empty() {
            let same = |&context: &u32| self.tag(context) == Some(tag);
            let found = (0..self.count as u32).find(same);
            return found.map(|context| (0, context)).ok_or(0);
        }
        table::find(self.table, self.hash(tag), |context| {
            self.tag(context) == Some(tag)
        })
    }

    /// The number of the context with a name. Cost: constant, short of names that were prepared to
    /// share a hash.
    pub fn find(&self, tag: Tag) -> Option<u32> {
        self.seek(tag).ok().map(|(_, context)| context)
    }

    /// The number that is free for a name. Looked for from a place that follows from the name, so
    /// that the cost is constant until nearly all are taken, and O(contexts) then.
    pub fn free(&self, tag: Tag) -> Option<u32> {
        let start = match self.table.is_empty() {
            true => 0,
            false => (self.hash(tag) as usize).checked_rem(self.count)?,
        };
        let is_free = |&at: &usize| self.records.get(at).is_some_and(|r| r[LIVE] == 0);
        let free = (start..self.count).chain(0..start).find(is_free);
        free.map(|at| at as u32)
    }

    /// Contexts that a member's claims have taken into use.
    pub fn opened_by(&self, member: u32) -> u32 {
        let mine = |r: &&[u32; 8]| r[LIVE] == 1 && r[OPENER] & !BASED == member + 1;
        self.records.iter().filter(mine).count() as u32
    }

    /// The number of a context, taken into use if need be by a member, or by the roots; the caller has
    /// seen that one is free.
    pub fn enter(&mut self, tag: Tag, opener: Option<u32>) -> Option<u32> {
        let place = match self.seek(tag) {
            Ok((_, context)) => return Some(context),
            Err(place) => place,
        };
        let context = self.free(tag)?;
        let [a, b, c, d] = tag.0;
        if let Some(record) = self.records.get_mut(context as usize) {
            *record = [a, b, c, d, 0, 0, opener.map_or(0, |member| member + 1), 1];
        }
        if let Some(place) = self.table.get_mut(place) {
            *place = Place::of(context);
        }
        Some(context)
    }

    /// Forgets a context.
    fn forget(&mut self, config: &EngineConfig, context: u32) {
        let found = self.tag(context).and_then(|tag| self.seek(tag).ok());
        if let Some((place, _)) = found.filter(|_| !self.table.is_empty()) {
            let (records, secrets) = (&*self.records, &self.secrets);
            table::remove(self.table, place, |other| {
                match records.get(other as usize) {
                    Some(&[a, b, c, d, ..]) => secrets.words(0, [a, b, c, d]),
                    None => 0,
                }
            });
        }
        self.clear_slot(config, context as usize);
    }

    /// Counts one claim more.
    pub fn hold(&mut self, context: u32) {
        let claims = self.word(context, CLAIMS);
        self.set(context, CLAIMS, claims + 1);
    }

    /// Counts one claim less; a context with neither claims nor authority is forgotten.
    pub fn release(&mut self, config: &EngineConfig, context: u32) {
        let claims = self.word(context, CLAIMS).wrapping_sub(1);
        self.set(context, CLAIMS, claims);
        if claims == 0 {
            self.set_incomplete(context, false);
        }
        self.forget_idle(config, context);
    }

    fn forget_idle(&mut self, config: &EngineConfig, context: u32) {
        let idle = self.word(context, CLAIMS) == 0 && self.word(context, POWERS) == 0;
        if idle && !self.is_based(context) {
            self.forget(config, context);
        }
    }

    /// Ends the authority of a context, and its baseline.
    pub fn dismiss(&mut self, config: &EngineConfig, context: u32) {
        let incomplete = self.is_incomplete(context);
        self.set(context, POWERS, 0);
        self.set_incomplete(context, incomplete);
        let at = context as usize * self.most;
        if let Some(keys) = self.keys.get_mut(at..at + self.most) {
            keys.fill([0; 32]);
        }
        if let Some(baseline) = self.baselines.get_mut(context as usize) {
            *baseline = [0.0; 16];
        }
        let opener = self.word(context, OPENER) & !BASED;
        self.set(context, OPENER, opener);
        self.forget_idle(config, context);
    }

    /// Whether a context has a baseline.
    pub fn is_based(&self, context: u32) -> bool {
        self.word(context, OPENER) & BASED != 0
    }

    pub(super) fn set_based(&mut self, context: u32) {
        let opener = self.word(context, OPENER);
        self.set(context, OPENER, opener | BASED);
    }

    /// The baseline of a context.
    pub fn baseline(&self, context: u32) -> Option<&[f32; 16]> {
        self.baselines
            .get(context as usize)
            .filter(|_| self.is_based(context))
    }

    /// Whether an authority can be registered.
    pub fn check_authority(
        &self,
        tag: Tag,
        threshold: u8,
        keys: &[PublicKey],
    ) -> Result<(), AuthorityError> {
        check_keys(threshold, keys)?;
        if keys.len() > self.most {
            return Err(AuthorityError::TooManyKeys {
                limit: self.most as u8,
            });
        }
        match self.find(tag).or_else(|| self.free(tag)) {
            Some(_) => Ok(()),
            None => Err(AuthorityError::ContextsFull),
        }
    }

    /// Registers who decides in a context, in place of whoever did.
    pub fn register(
        &mut self,
        tag: Tag,
        threshold: u8,
        keys: &[PublicKey],
    ) -> Result<(), AuthorityError> {
        self.check_authority(tag, threshold, keys)?;
        let context = self.enter(tag, None).ok_or(AuthorityError::ContextsFull)?;
        let incomplete = self.is_incomplete(context);
        let powers = u32::from_le_bytes([threshold, keys.len() as u8, 0, 0]);
        self.set(context, POWERS, powers);
        self.set_incomplete(context, incomplete);
        let at = context as usize * self.most;
        if let Some(to) = self.keys.get_mut(at..at + self.most) {
            to.fill([0; 32]);
            // Sorted, so that state does not depend on the order they were named in.
            for (to, from) in to.iter_mut().zip(keys) {
                *to = *from;
            }
            if let Some(named) = to.get_mut(..keys.len()) {
                slices::sort(named);
            }
        }
        Ok(())
    }

    /// Threshold and keys of a context's authority.
    pub fn authority(&self, context: u32) -> Option<(u8, &[PublicKey])> {
        let [threshold, count, ..] = self.word(context, POWERS).to_le_bytes();
        let at = context as usize * self.most;
        let keys = self.keys.get(at..at + usize::from(count))?;
        (count > 0).then_some((threshold, keys))
    }

    /// Whether enough of the context's keys have signed `digest`, each counted once.
    pub fn check<V: Verifier + ?Sized>(
        &self,
        context: Option<u32>,
        domain: Domain,
        digest: &Hash,
        signatures: &[Endorsement],
        verifier: &V,
    ) -> Result<(), Refusal> {
        let (needed, keys) = context
            .and_then(|c| self.authority(c))
            .ok_or(Refusal::NoAuthority)?;
        count_signatures(needed, keys, domain, digest, signatures, verifier)
    }

    pub fn tag(&self, context: u32) -> Option<Tag> {
        let [a, b, c, d, _, _, _, live] = *self.records.get(context as usize)?;
        (live == 1).then_some(Tag([a, b, c, d]))
    }

    /// Whether a check in this context was cut short and not made up for.
    pub fn is_incomplete(&self, context: u32) -> bool {
        self.word(context, POWERS) & INCOMPLETE != 0
    }

    pub fn set_incomplete(&mut self, context: u32, incomplete: bool) {
        let rest = self.word(context, POWERS) & !INCOMPLETE;
        let bit = if incomplete { INCOMPLETE } else { 0 };
        self.set(context, POWERS, rest | bit);
    }

    /// Whether any context is incomplete.
    pub fn any_incomplete(&self) -> bool {
        self.records.iter().any(|r| r[POWERS] & INCOMPLETE != 0)
    }

    /// Claims in force in a context.
    pub fn claims(&self, context: u32) -> u32 {
        self.word(context, CLAIMS)
    }

    /// Whether a context goes with its last claim, having no authority.
    pub fn is_passing(&self, context: u32) -> bool {
        self.word(context, LIVE) == 1
            && self.authority(context).is_none()
            && !self.is_based(context)
    }

    /// Checks the records; `contexts` gives the context of every claim in force, again and again.
    pub fn is_sound<I: Iterator<Item = u32>>(
        &mut self,
        config: &EngineConfig,
        contexts: impl Fn() -> I,
    ) -> bool {
        self.counts(contexts)
            && (0..self.count as u32).all(|c| self.verify(config, c).is_some())
            && self.is_table_sound()
    }

    /// Whether the table finds each context in use by its name, so that no two have one name.
    fn is_table_sound(&self) -> bool {
        let live = || (0..self.count as u32).filter_map(|c| Some((c, self.tag(c)?)));
        let hash_of = |context| self.tag(context).map(|tag| self.hash(tag));
        (self.table.is_empty() || table::check(self.table, live().count(), hash_of))
            && live().all(|(context, tag)| self.find(tag) == Some(context))
    }

    /// Whether each context counts its claims. Claims are taken off one by one, which leaves
    /// nothing of right counts, and put back.
    fn counts<I: Iterator<Item = u32>>(&mut self, contexts: impl Fn() -> I) -> bool {
        let mut taken = 0;
        let mut right = true;
        for context in contexts() {
            let Some(claims) = self.word(context, CLAIMS).checked_sub(1) else {
                right = false;
                break;
            };
            self.set(context, CLAIMS, claims);
            taken += 1;
        }
        right &= self.records.iter().all(|record| record[CLAIMS] == 0);
        for context in contexts().take(taken) {
            self.hold(context);
        }
        right
    }

    fn verify(&self, config: &EngineConfig, context: u32) -> Option<()> {
        let at = context as usize;
        let record = self.records.get(at)?;
        if record[LIVE] == 0 {
            return self.is_clear(config, at).then_some(());
        }
        let keys = self.keys.get(at * self.most..(at + 1) * self.most)?;
        let [threshold, count, rest @ ..] = (record[POWERS] & !INCOMPLETE).to_le_bytes();
        let (named, blank) = keys.split_at_checked(count.into())?;
        (rest == [0, 0] && blank.iter().all(|k| *k == [0; 32])).then_some(())?;
        let opener = record[OPENER] & !BASED;
        (record[LIVE] == 1 && opener <= config.members.into()).then_some(())?;
        if let Some(baseline) = self.baselines.get(at) {
            let is_one = baseline.iter().all(|d| d.is_finite());
            (is_one && (self.is_based(context) || *baseline == [0.0; 16])).then_some(())?;
        } else {
            (!self.is_based(context)).then_some(())?;
        }
        match count {
            0 => {
                let used = record[CLAIMS] > 0 || self.is_based(context);
                (threshold == 0 && used).then_some(())?;
            }
            _ => check_keys(threshold, named).ok()?,
        }
        Some(())
    }
}

/// Whether `needed` of `keys` have signed `digest`, each counted once.
pub(crate) fn count_signatures<V: Verifier + ?Sized>(
    needed: u8,
    keys: &[PublicKey],
    domain: Domain,
    digest: &Hash,
    signatures: &[Endorsement],
    verifier: &V,
) -> Result<(), Refusal> {
    let mut valid = 0;
    for key in keys {
        let mut of_key = signatures.iter().filter(|s| split(s).0 == *key).take(2);
        if of_key.any(|s| verify_endorsement(verifier, domain, digest, s)) {
            valid += 1;
            if valid >= needed {
                return Ok(());
            }
        }
    }
    Err(Refusal::TooFewSignatures { valid, needed })
}

pub(crate) fn check_keys(threshold: u8, keys: &[PublicKey]) -> Result<(), AuthorityError> {
    let twice = |(i, key): (usize, &PublicKey)| keys.iter().skip(i + 1).any(|other| other == key);
    if keys.is_empty() || keys.len() > MAX_KEYS || keys.iter().enumerate().any(twice) {
        return Err(AuthorityError::BadKeys);
    }
    if threshold == 0 || usize::from(threshold) > keys.len() {
        return Err(AuthorityError::BadThreshold);
    }
    Ok(())
}
