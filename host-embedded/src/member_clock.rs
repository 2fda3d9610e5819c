//! The time of a device that has no clock: what a member has signed, and what has passed since.

use crate::clock::DeviceClock;
use sensilla::log::{DecodeError, SignedEvent, Verifier};
use sensilla::node::History;

sensilla::errors! {
    /// Why an event tells no time.
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum TimeError: 0x2040 {
        /// It is no event of this realm, or its signature is not its author's.
        Event wraps DecodeError,
        /// Its author is no member, or was expelled.
        NotAMember = 1 => "its author is no member of the realm; take the roots' admissions first",
    }
}

/// A clock that knows no time until a member has signed one.
///
/// A device without a battery starts in 1970, and a claim that it takes then is dated wrongly for
/// good. It [hears](Self::hear) the time from an event that a member has signed, and takes and makes
/// claims only from then on. Decisions of the roots need no time: give them to
/// [`History::ingest`] at their own date, so that the members are known.
///
/// The time never goes back. What a member signs later carries it ahead, so that an old event
/// that someone sends again cannot hold it in the past; a member that signs a date in the future
/// carries it there. A deployment that does not trust every member with the time asks for events of
/// those it does.
#[derive(Clone, Copy, Debug)]
pub struct MemberClock {
    device: DeviceClock,
    /// What to add to the device's milliseconds.
    ahead: Option<u64>,
}

impl MemberClock {
    /// A clock that has heard nothing yet, over the counter of a device.
    pub const fn new(device: DeviceClock) -> Self {
        Self {
            device,
            ahead: None,
        }
    }

    /// The time in milliseconds since 1970 now that the counter reads `ticks`; none before a member
    /// told it.
    pub fn now(&mut self, ticks: u32) -> Option<u64> {
        let passed = self.device.now(ticks);
        Some(self.ahead?.saturating_add(passed))
    }

    /// Hears the time from an event, which is not taken into the history by that; the time then.
    /// Cost: one signature check.
    pub fn hear<V: Verifier + ?Sized>(
        &mut self,
        bytes: &[u8],
        history: &History<'_>,
        verifier: &V,
        ticks: u32,
    ) -> Result<u64, TimeError> {
        let event = SignedEvent::decode(bytes, &history.log().realm())?;
        let said = event.event();
        let member = history.engine().member(&said.author);
        if member.is_none_or(|member| member.expelled.is_some()) {
            return Err(TimeError::NotAMember);
        }
        event.verify(verifier)?;
        let passed = self.device.now(ticks);
        let heard = said.at.saturating_sub(passed);
        let ahead = self.ahead.unwrap_or(0).max(heard);
        self.ahead = Some(ahead);
        Ok(ahead.saturating_add(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use sensilla::block::Block;
    use sensilla::coherence::realm_id;
    use sensilla::log::kind::{Act, Roots};
    use sensilla::log::{Author, Ed25519, EventKind, Policy, Signer};
    use sensilla::node::HistoryConfig;

    const NOTHING: EventKind<'_> = EventKind::Unknown {
        tag: 900,
        body: &[],
    };

    #[test]
    fn the_time_is_what_a_member_signed_and_never_goes_back() {
        const SIZE: HistoryConfig = HistoryConfig::new(32, 4096);
        let root = SigningKey::from_bytes(&[1; 32]);
        let roots = [root.public_key()];
        let realm = realm_id("barn", 1, &roots);
        let mut memory = Block::<{ SIZE.bytes() }>::new();
        let mut history = History::format(&mut memory, HistoryConfig { realm, ..SIZE }).unwrap();
        history.found("barn", 1, &roots).unwrap();
        let mut root = Author::new(root, realm);
        let mut member = Author::new(SigningKey::from_bytes(&[2; 32]), realm);

        let mut clock = MemberClock::new(DeviceClock::new(1000, 32, 0, 0));
        assert_eq!(clock.now(500), None);
        let mut out = [0; 512];
        let said = member.event("barn", 1_000_000, NOTHING);
        let said = member.say(&said, &mut out).unwrap();
        let stranger = clock.hear(said.bytes(), &history, &Ed25519, 600);
        assert_eq!(stranger, Err(TimeError::NotAMember));
        assert_eq!(clock.now(600), None);

        // The roots' decision is taken at its own date.
        let decision = Roots {
            number: 1,
            act: Act::Admit {
                key: member.signer.public_key(),
                name: "",
                from: 1,
            },
            signatures: &[],
        };
        let signed = [decision.endorse(&realm, "barn", &root.signer).unwrap()];
        let admit = root.event(
            "barn",
            900_000,
            EventKind::Roots(decision.endorsed(&signed)),
        );
        let mut other = [0; 512];
        let admit = root.say(&admit, &mut other).unwrap();
        history
            .ingest(admit.bytes(), &Policy::new(), &Ed25519, 900_000)
            .unwrap();

        let mut forged = said.bytes().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let refused = clock.hear(&forged, &history, &Ed25519, 700);
        assert_eq!(refused, Err(TimeError::Event(DecodeError::BadSignature)));
        assert_eq!(clock.now(700), None);
        let heard = clock.hear(said.bytes(), &history, &Ed25519, 1_000);
        assert_eq!(heard, Ok(1_000_000));
        assert_eq!(clock.now(3_500), Some(1_002_500));
        // Heard again it is old, and changes nothing.
        let again = clock.hear(said.bytes(), &history, &Ed25519, 4_000);
        assert_eq!(again, Ok(1_003_000));
        let later = member.event("barn", 2_000_000, NOTHING);
        let later = member.say(&later, &mut out).unwrap();
        let heard = clock.hear(later.bytes(), &history, &Ed25519, 5_000);
        assert_eq!(heard, Ok(2_000_000));
        assert_eq!(clock.now(5_001), Some(2_000_001));
    }
}
