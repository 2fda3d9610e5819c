//! What the command says of data that it cannot take as it is, from top to bottom in one file:
//! `snapshots/input__messages__messages.snap`.

use super::fixtures::{Folder, gzip};
use std::fmt::Write as _;

/// What is wrong, a file, the options, and the file's content.
type Case<'c> = (&'c str, &'c str, &'c str, &'c dyn AsRef<[u8]>);

const TABLE: &str = "--label what --time t";

/// Rows of a table at 50 Hz.
fn rows(header: &str, row: impl Fn(usize) -> String) -> Vec<u8> {
    let rows = (0..60).map(|i| row(i) + "\n");
    format!("{header}\n{}", rows.collect::<String>()).into_bytes()
}

fn section(text: &mut String, title: &str, cases: &[Case<'_>]) {
    writeln!(text, "# {title}\n").unwrap();
    for (what, file, options, content) in cases {
        let folder = Folder::with(&[(file, content.as_ref())]);
        let command = if file.starts_with("claims") {
            "ingest"
        } else {
            "learn"
        };
        let options: Vec<&str> = options.split(' ').filter(|o| !o.is_empty()).collect();
        let line: Vec<&str> = [&[command, *file][..], &options].concat();
        let output = folder.command(&line).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        writeln!(text, "{what}:\n$ sensilla {}", line.join(" ")).unwrap();
        for line in said.lines().filter(|line| !line.is_empty()) {
            writeln!(text, "{line}").unwrap();
        }
        let code = output.status.code().unwrap_or(-1);
        writeln!(text, "(exit code {code})\n").unwrap();
    }
}

#[test]
fn messages() {
    let mut text = String::new();
    let cut = gzip(&"0.5\n".repeat(9_999));
    section(
        &mut text,
        "Bytes and text",
        &[
            ("a NumPy array", "a.npy", "", b"\x93NUMPY\x01\x00"),
            (
                "a Parquet file under another name",
                "a.csv",
                "",
                b"PAR1\x15\x04",
            ),
            ("a workbook", "a.xlsx", "", b"PK\x03\x04rest"),
            ("an ARFF file", "a.arff", "", b"@relation x\n"),
            ("series for forecasting", "a.tsf", "", b"@frequency daily\n"),
            ("no text", "a.csv", "", &[1; 40]),
            (
                "another encoding than the one named",
                "a.csv",
                "--encoding utf-8 --as a",
                b"gr\xf6\xdfe\n1\n2\n",
            ),
            (
                "text of Windows",
                "a.csv",
                "--label what",
                b"what,gr\xf6\xdfe\na,1\na,2\nb,3\nb,5\n",
            ),
            (
                "compressed and cut off",
                "a.csv.gz",
                "--as a",
                &&cut[..cut.len() / 2],
            ),
            (
                "a line cut off",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,2\nb",
            ),
            (
                "a quote that nothing closes",
                "a.csv",
                "--label what",
                b"what,x\na,1\n\"b,2\nb,3\n",
            ),
            ("an empty file", "a.csv", "", b""),
        ],
    );
    section(
        &mut text,
        "Rows and numbers",
        &[
            (
                "a preamble without the column",
                "a.csv",
                TABLE,
                b"Device: WX-1\nx,y\n1,2\n",
            ),
            (
                "another spelling",
                "a.csv",
                "--label activity",
                b"Activity,x\na,1\n",
            ),
            (
                "a column twice",
                "a.csv",
                "--label what",
                b"what,x,x\na,1,2\n",
            ),
            (
                "a field too many",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,2,3\n",
            ),
            ("no header", "a.csv", "--as a", b"0.5,1\n0.7,2\n0.9,1\n"),
            (
                "no header, and a name",
                "a.csv",
                "--label what --no-header",
                b"0.5,1\n0.7,2\n",
            ),
            (
                "a table of the UCR archive",
                "a.tsv",
                "",
                &&rows("1\t0.5", |i| {
                    (0..30)
                        .map(|c| ((i * c) % 7).to_string())
                        .collect::<Vec<_>>()
                        .join("\t")
                })[6..],
            ),
            (
                "a decimal comma among points",
                "a.csv",
                "--label what",
                b"what;x\na;0.5\na;0,7\n",
            ),
            (
                "a comma that may be two things",
                "a.csv",
                "--label what",
                b"what;x\na;1,234\na;2,345\n",
            ),
            (
                "hexadecimal",
                "a.csv",
                "--label what",
                b"what,x\na,0x1F\na,0x20\n",
            ),
            (
                "too large",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,1e39\n",
            ),
            (
                "a mark that nobody named",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,kZ\na,2\n",
            ),
            ("too many columns", "a.csv", "", &",".repeat(20_000)),
        ],
    );
    section(
        &mut text,
        "Columns",
        &[
            (
                "what is not measured",
                "a.csv",
                "--label what",
                &rows(",subject,what,when,remarks,n,x", |i| {
                    format!(
                        "{i},{},a,10:00:{i:02},,{},{}",
                        i / 30,
                        i * 3 + 7,
                        i * 7 % 10
                    )
                }),
            ),
            ("no numbers", "a.csv", "--label what", b"what,x\na,b\na,c\n"),
            ("no label", "a.csv", "", b"x\n1\n2\n"),
            (
                "a column that is not there",
                "a.csv",
                "--label what --without z",
                b"what,x\na,1\n",
            ),
            (
                "options that are for tables",
                "a.ts",
                "--label what",
                b"1,2:a\n",
            ),
            ("two policies", "a.csv", "--missing hold,drop", b"x\n1\n"),
            (
                "a policy of others",
                "a.csv",
                "--missing interpolate",
                b"x\n1\n",
            ),
        ],
    );
    section(
        &mut text,
        "Time",
        &[
            (
                "milliseconds since 1970",
                "a.csv",
                "--label what --time t",
                &rows("t,what,x", |i| {
                    format!("{},a,{}", 1_700_000_000_000 + i * 20, i * 7 % 10)
                }),
            ),
            (
                "a counter that may be of anything",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| format!("{},a,{}", i * 20, i * 7 % 10)),
            ),
            (
                "a title that contradicts",
                "a.csv",
                "--label what --time t_ms",
                &rows("t_ms,what,x", |i| {
                    format!("{},a,{}", 1_700_000_000 + i, i * 7 % 10)
                }),
            ),
            (
                "no time",
                "a.csv",
                TABLE,
                b"t,what,x\nsoon,a,1\nlater,a,2\n",
            ),
            (
                "another format than the one named",
                "a.csv",
                "--label what --time t --time-format %d.%m.%Y",
                b"t,what,x\n2024-05-01,a,1\n",
            ),
            (
                "day or month first",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| {
                    format!("04/05/2024 10:00:{i:02},a,{}", i * 7 % 10)
                }),
            ),
            (
                "a time that is missing",
                "a.csv",
                TABLE,
                b"t,what,x\n0,a,1\n,a,2\n",
            ),
            (
                "a gap",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| {
                    format!("{},a,{}", i + i / 30 * 100, i * 7 % 10)
                }),
            ),
            (
                "a clock that goes back, and repeats",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| {
                    format!("{},a,{}", if i == 50 { 19 } else { i % 30 }, i * 7 % 10)
                }),
            ),
            (
                "an hour too many",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| {
                    format!(
                        "2024-03-31 0{}:{:02}:00,a,{}",
                        if i < 30 { 1 } else { 3 },
                        (i + 30) % 60,
                        i * 7 % 10
                    )
                }),
            ),
            (
                "nothing long enough",
                "a.csv",
                "--label what --time t --window 50",
                &rows("t,what,x", |i| {
                    format!("{},a,{}", i + i / 30 * 100, i * 7 % 10)
                }),
            ),
            (
                "a rate out of range",
                "a.csv",
                TABLE,
                &rows("t,what,x", |i| format!("{},a,{}", i * 100_000, i * 7 % 10)),
            ),
        ],
    );
    section(
        &mut text,
        "Values",
        &[
            (
                "a value that is missing",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,\na,3\n",
            ),
            (
                "values held",
                "a.csv",
                "--label what --missing hold",
                b"what,x\na,1\na,\nb,3\nb,4\n",
            ),
            (
                "stretches without a label",
                "a.csv",
                "--label what",
                b"what,x\na,1\na,2\n,3\nb,4\nb,5\n",
            ),
            (
                "all the same",
                "a.csv",
                "--label what",
                b"what,x\na,5\na,5\nb,5\nb,5\n",
            ),
            (
                "one recording",
                "a.csv",
                "--label what",
                b"what,x\na,5\na,6\n",
            ),
            ("a missing value in .ts", "a.ts", "", b"1,2,3:4,?,6:a\n"),
            (
                "stamps that differ",
                "a.ts",
                "",
                b"(0,1),(1,2):(0,3),(2,4):a\n",
            ),
            (
                "a vector of zeros",
                "a.jsonl",
                "",
                b"{\"vector\":[1],\"label\":\"a\"}\n{\"vector\":[0],\"label\":\"a\"}\n",
            ),
        ],
    );
    section(
        &mut text,
        "JSON",
        &[
            (
                "one array",
                "a.json",
                "",
                b"[{\"vector\":[1],\"label\":\"a\"}]",
            ),
            (
                "over several lines",
                "a.json",
                "",
                b"{\n \"vector\": [1]\n}\n",
            ),
            ("by position", "a.jsonl", "", b"[1,[1.0],\"a\"]\n"),
            (
                "one object of columns",
                "a.json",
                "",
                b"{\"x\":{\"0\":1},\"y\":{\"0\":2}}",
            ),
            ("as Python prints it", "a.jsonl", "", b"{'vector': [1]}\n"),
            (
                "no number",
                "a.jsonl",
                "",
                b"{\"vector\":[1,NaN],\"label\":\"a\"}\n",
            ),
            (
                "a field of another kind",
                "a.jsonl",
                "",
                b"{\"vector\":[1],\"label\":\"a\",\"at\":\"noon\"}\n",
            ),
            (
                "a field that is not known",
                "a.jsonl",
                "",
                b"{\"vector\":[1],\"lable\":\"a\"}\n",
            ),
            (
                "a line cut off",
                "claims.jsonl",
                "",
                b"{\"author\":\"a\",\"at\":1,\"cont",
            ),
            (
                "a name of another kind",
                "claims.jsonl",
                "",
                b"{\"author\":1,\"at\":1}\n",
            ),
            (
                "a field that is missing",
                "claims.jsonl",
                "",
                b"{\"author\":\"a\",\"at\":1,\"context\":\"c\"}\n",
            ),
        ],
    );
    insta::assert_snapshot!(text);
}
