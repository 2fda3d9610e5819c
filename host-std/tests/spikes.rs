//! `sensilla encode` and `decode` as their users meet them.

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

fn run(arguments: &[&str], input: &str) -> assert_cmd::assert::Assert {
    Command::cargo_bin("sensilla")
        .unwrap()
        .args(arguments)
        .write_stdin(input)
        .assert()
}

/// Values (or signals), the code with its parameters, and the trains.
const CASES: [(&str, &[&str], &str); 8] = [
    (
        "value\n64\n-32,9\n7\n-128\n",
        &["rate", "--steps", "8"],
        "64: 0:1 3:1 6:1\n-32: 1:-1 5:-1\n9: 7:1\n7:\n-128: 0:-1 3:-1 6:-1\n",
    ),
    (
        "0.02\n0.5\n1\n",
        &["latency", "--steps", "5"],
        "0.02: 4:1\n0.5: 2:1\n1: 0:1\n",
    ),
    (
        "0.02 0.5 1",
        &["latency", "--steps", "5", "--param", "curve=log"],
        "0.02: 4:1\n0.5: 0:1\n1: 0:1\n",
    ),
    (
        "192\n1\n",
        &["phase", "--steps", "8"],
        "192: 0:1 1:1\n1: 7:1\n",
    ),
    (
        "1\n2\n0\n2\n2.9\n",
        &[
            "delta",
            "--param",
            "threshold=1",
            "--param",
            "off_spike=true",
        ],
        "1: 0:1 1:1 2:-1 3:1\n",
    ),
    (
        "0.1,0.3,0.4,0.2,0.5,0.6",
        &["step-forward", "--steps", "6", "--param", "threshold=0.2"],
        "1: 2:1 5:1\n",
    ),
    (
        "a,b\n0.1,0\n0.3,0\n0.2,0\n0.5,0\n0.8,0\n1,0\n",
        &["mw", "--param", "threshold=0.2", "--param", "window=3"],
        "a: 3:1 4:1 5:1\nb:\n",
    ),
    (
        "0.1,0.2,0.8,0.95,0.5,0.3,0.1",
        &["bsa", "--param", "threshold=0.1", "--param", "window=3"],
        "1: 1:1 2:1\n",
    ),
];

#[test]
fn trains_are_printed_one_a_line() {
    for (values, code, trains) in CASES {
        let arguments = [&["encode", "--code"], code].concat();
        run(&arguments, values).success().stdout(trains);
    }
}

#[test]
fn decode_is_the_inverse() {
    let trains = "64: 0:1 3:1 6:1\n-32: 1:-1 5:-1\n7:\n";
    run(&["decode", "--code", "rate", "--steps", "8"], trains)
        .success()
        .stdout("96\n-48\n0\n");
    run(
        &["decode", "--code", "phase", "--steps", "8"],
        "192: 0:1 1:1\n1: 7:1\n",
    )
    .success()
    .stdout("192\n1\n");
    run(
        &[
            "decode",
            "--code",
            "delta",
            "--steps",
            "4",
            "--param",
            "threshold=0.5",
        ],
        "0: 0:1 2:-1\n",
    )
    .success()
    .stdout("0.5\n0.5\n0\n0\n");
}

#[test]
fn what_is_wrong_is_named() {
    run(
        &["encode", "--code", "latency", "--steps", "5"],
        "0.5\n1.5\n",
    )
    .code(1)
    .stdout("")
    .stderr(contains("standard input, line 2"));
    run(&["encode", "--code", "rate", "--steps", "8"], "1\nx\n")
        .code(1)
        .stderr(contains("\"x\" is not a number"));
    run(&["encode", "--code", "rate"], "1\n")
        .code(2)
        .stderr(contains("--steps"));
    run(
        &[
            "encode", "--code", "rate", "--steps", "8", "--param", "tau=1",
        ],
        "1\n",
    )
    .code(2)
    .stderr(contains("threshold, refractory, input"));
    run(&["decode", "--code", "rate", "--steps", "8"], "1: 9:1\n")
        .code(1)
        .stderr(contains("line 1"));
    run(&["encode", "--code", "no-such-code", "--steps", "8"], "1\n").code(2);
}

/// The documentation of snnTorch's `spikegen.latency` has this example.
#[test]
fn parameters_may_be_spelt_as_other_encoders_do() {
    let trains = "0.02: 4:1\n0.5: 2:1\n1: 0:1\n";
    let spelt = |parameters: &[&str]| {
        let mut arguments = vec!["encode", "--code", "latency", "--steps", "5"];
        arguments.extend(parameters.iter().flat_map(|p| ["--param", p]));
        run(&arguments, "0.02\n0.5\n1\n").success().stdout(trains);
    };
    spelt(&["normalize=true", "linear=true"]);
    spelt(&["normalise=True", "curve=linear", "tau=3"]);
    spelt(&["tau=4", "linear=1", "first_spike_time=0"]);
}

#[test]
fn a_comma_that_may_be_a_decimal_one_is_told() {
    let rate = ["encode", "--code", "rate", "--steps", "4"];
    run(&rate, "0,5\n0,7\n")
        .success()
        .stderr(contains("a comma is between two numbers, as in `0,5`"));
    run(&rate, "0,5;\n0,7;\n")
        .success()
        .stdout("0.5: 0:1 3:1\n0.7: 0:1 3:1\n");
    run(&rate, "0.5,1\n").success().stderr("");
}

/// What a table says by itself and what options say of it.
#[test]
fn encode_takes_the_options_of_tables() {
    let delta = ["encode", "--code", "delta", "--param", "threshold=0.25"];
    let with = |more: &[&'static str]| [&delta[..], more].concat();
    // Lines above the header, a decimal comma, a column that is no signal.
    run(
        &with(&["--skip-lines", "2", "--without", "t"]),
        "sensor;7\nsite;north\nt;x\n0;0,5\n1;1,0\n2;1,0\n",
    )
    .success()
    .stdout("x: 0:1 1:1\n");
    run(&with(&["--channels", "y"]), "x,y\n0,0\n1,0\n0,1\n")
        .success()
        .stdout("y: 2:1\n");
    // Without a header, columns go by their numbers.
    run(
        &with(&["--no-header", "--channels", "2"]),
        "0,0\n1,0\n0,1\n",
    )
    .success()
    .stdout("2: 2:1\n");
    run(&with(&["--channels", "z"]), "x,y\n0,0\n1,0\n")
        .code(1)
        .stderr(contains("there is no column `z`; columns are x, y"));
    run(&with(&["--no-header"]), "x\n0\n1\n")
        .code(1)
        .stderr(contains("\"x\" is not a number"));
    // One comma is before the fraction, or between two numbers.
    run(&with(&["--decimal", ","]), "0,0\n0,5\n0,5\n")
        .success()
        .stdout("1: 1:1\n");
    run(&with(&["--delimiter", ","]), "0,0\n0,5\n0,5\n")
        .success()
        .stdout("1:\n2: 1:1\n");
}

#[test]
fn encode_holds_or_drops_what_is_missing() {
    let delta = ["encode", "--code", "delta", "--param", "threshold=0.25"];
    let with = |more: &[&'static str]| [&delta[..], more].concat();
    let table = "x\n0\n-999\n1\nNA\n2\n";
    run(&with(&["--missing", "-999"]), table)
        .code(1)
        .stderr(contains("line 3").and(contains("--missing hold or drop")));
    run(&with(&["--missing", "hold,-999"]), table)
        .success()
        .stdout("x: 2:1 4:1\n");
    run(&with(&["--missing", "drop,-999"]), table)
        .success()
        .stdout("x: 1:1 2:1\n");
    run(&with(&["--missing", "split"]), table)
        .code(2)
        .stderr(contains("a signal is one stream"));
}
