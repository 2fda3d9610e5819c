//! The demo's whole loop on the vendored recordings: three nodes, two hundred recordings and
//! windows, signed claims, conflicts and their resolution.

use crate::{Hex, Report};
use activity::{Memory, NAMES, Wrist, run};

/// The loop from nothing, then again on what it left, which must change nothing.
pub fn wrist(memory: &mut Memory, report: &mut dyn Report) {
    let mut wrist = Wrist::format(memory).unwrap();
    let first = run(&mut wrist, &mut ()).unwrap();
    assert!(first.proof_verified && !first.resumed);
    report.line(
        "activity/accuracy",
        &format_args!("{:.3}", first.accuracy()),
    );
    report.line("activity/bank", &Hex(&first.bank_digest));
    report.line("activity/root", &Hex(&first.log_root));
    report.line("activity/events", &first.log_size);
    report.line(
        "activity/conflicts",
        &format_args!("{} of {}", first.tally.resolved, first.tally.found),
    );
    assert_eq!(NAMES, ["hub", "accelerometer", "gyroscope"]);
    let [hub, accelerometer, gyroscope] = first.image_digests;
    report.line("activity/hub", &Hex(&hub));
    report.line("activity/accelerometer", &Hex(&accelerometer));
    report.line("activity/gyroscope", &Hex(&gyroscope));

    wrist.seal();
    let mut wrist = Wrist::open(memory).unwrap();
    let second = run(&mut wrist, &mut ()).unwrap();
    assert!(second.resumed && second.proof_verified);
    assert_eq!(
        activity::Summary {
            resumed: false,
            ..second
        },
        first
    );
}
