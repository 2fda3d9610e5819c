//! Looks recordings up by their shapes, and refuses what is like none that was learned.

use std::fmt;

use sensilla::node::{Node, Workspace};
use serde::Serialize;

use super::{LookedUp, Said};
use crate::Error;
use crate::command::learn;
use crate::examples::Examples;
use crate::home::label_name;
use crate::progress::Progress;

/// Whether and how often to refuse.
#[derive(Clone, Copy, Debug)]
pub struct Refusal(Option<f64>);

impl Refusal {
    /// At most a share `rate` of what is like before is refused, as far as `scores` earlier ones can
    /// tell.
    pub fn new(rate: Option<f64>, scores: usize) -> Result<Self, Error> {
        let Some(rate) = rate else {
            return Ok(Self(None));
        };
        if !(rate > 0.0 && rate < 1.0) {
            return Err(Error::Usage(
                "--refuse is a share, above 0 and below 1: 0.05 refuses one in twenty by mistake"
                    .into(),
            ));
        }
        let needed = (1.0 / rate).ceil() - 1.0;
        if (scores as f64) < needed {
            return Err(Error::Failed(format!(
                "--refuse {rate} is told from {needed} recordings that were recalled before they were \
                 learned; the store has {scores}: learn more, or take {:.3} or above",
                1.0 / (scores as f64 + 1.0)
            )));
        }
        Ok(Self(Some(rate)))
    }

    fn refuses(self, rarity: f32) -> bool {
        self.0.is_some_and(|rate| f64::from(rarity) <= rate)
    }
}

/// How many were refused.
#[derive(Debug, Default, Serialize)]
pub struct Refused {
    /// The rate of false refusals that was asked for.
    rate: f64,
    /// Recordings that were refused.
    n: u64,
    /// Those of them whose label was learned.
    known: u64,
    /// Those of them whose label was not.
    unknown: u64,
    /// Recordings that were not refused and whose label was not learned.
    missed: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "none of these {}", self.n)?;
        if self.known + self.unknown > 0 {
            write!(f, " ({} of labels that were learned)", self.known)?;
        }
        if self.unknown + self.missed > 0 {
            let all = self.unknown + self.missed;
            write!(
                f,
                "; of {all} of other labels {} were refused",
                self.unknown
            )?;
        }
        write!(f, "; --refuse {}", self.rate)
    }
}

/// Looks all of `examples` up.
pub fn look_up_all(
    node: &mut Node<'_>,
    workspace: &mut Workspace<'_>,
    examples: &Examples,
    refusal: Refusal,
) -> Result<LookedUp, Error> {
    let mut progress = Progress::new("recalling", Some(examples.items.len() as u64));
    let mut looked_up = LookedUp::of(node, examples);
    let mut refused = Refused {
        rate: refusal.0.unwrap_or(0.0),
        ..Refused::default()
    };
    let perception = node.perception_mut();
    perception
        .refresh(workspace)
        .map_err(|e| Error::Failed(e.to_string()))?;
    for (vector, item) in examples.vectors().zip(&examples.items) {
        workspace.embedding_mut().copy_from_slice(vector);
        let recall = node
            .perception()
            .recall(1, workspace)
            .map_err(|e| learn::fault(examples, item, e.to_string()))?;
        let Some((recall, found)) = recall.and_then(|r| Some((r, r.recognised?))) else {
            return Err(Error::Failed("the node has no patterns".into()));
        };
        let refuses = refusal.refuses(found.rarity);
        if let Some(label) = &item.label {
            let known = node.perception().labels().get(label).is_some();
            refused.known += u64::from(refuses && known);
            refused.unknown += u64::from(refuses && !known);
            refused.missed += u64::from(!refuses && !known);
        }
        refused.n += u64::from(refuses);
        let said = Said {
            predicted: (!refuses).then(|| label_name(node, recall.label)),
            similarity: Some(recall.similarity),
            novelty: Some(found.novelty),
            margin: Some(found.margin()),
            confidence: Some(found.confidence),
            refused: refuses,
        };
        looked_up.take(examples, item, said);
        progress.step(1);
    }
    looked_up.refused = refusal.0.map(|_| refused);
    Ok(looked_up)
}
