//! Learns vectors by their likeness, in the order in which they come; recordings too, by nine figures a
//! channel, where the store was begun so.

use sensilla::node::{Node, Workspace};

use super::{fault, has_evicted, outcome};
use crate::Error;
use crate::command::recall;
use crate::examples::Examples;
use crate::profile::Shape;
use crate::progress::Progress;

/// Learns examples under the numbers of their labels; says how many patterns were forgotten for want
/// of room.
pub fn learn_all(
    node: &mut Node<'_>,
    workspace: &mut Workspace<'_>,
    examples: &Examples,
    labels: &[u32],
) -> Result<usize, Error> {
    let normalised = matches!(examples.shape, Shape::Samples { .. });
    let mut progress = Progress::new("learning", Some(examples.items.len() as u64));
    let mut forgotten = 0;
    for ((vector, item), &label) in examples.vectors().zip(&examples.items).zip(labels) {
        workspace.embedding_mut().copy_from_slice(vector);
        if normalised {
            node.perception()
                .normalise(workspace)
                .map_err(|e| fault(examples, item, e.to_string()))?;
            recall::give_direction(workspace.embedding_mut());
        } else if vector.iter().all(|x| *x == 0.0) {
            let reason = "all components are zero, so the vector has no direction to learn; leave \
                          the line out";
            return Err(fault(examples, item, reason));
        }
        let recorded = node.perception().trajectories().recorded();
        let learned = node
            .perception_mut()
            .learn(&outcome(item, label, recorded), workspace)
            .map_err(|e| fault(examples, item, e.to_string()))?;
        forgotten += usize::from(has_evicted(&learned));
        progress.step(1);
    }
    Ok(forgotten)
}
