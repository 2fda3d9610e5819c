//! Recall by kind as a picture, before a search was asked for recall and now.

use std::fmt::Write;

/// What is measured of a kind.
pub struct Bar {
    pub name: &'static str,
    pub floats: f32,
    pub codes: f32,
    /// Whether searches by eight bits alone say that they are below the goal.
    pub is_told: bool,
}

/// What the commit 7f69373 found, by its defaults, and told nobody. Of a range the better end.
pub const BEFORE: [(&str, f32); 15] = [
    ("one-hot", 0.043),
    ("clusters at 1000", 0.335),
    ("clusters at 1000 by inner product", 0.15),
    ("a component 10 times as large", 0.96),
    ("a component 100 times as large", 0.64),
    ("a component 1,000 times as large", 0.0),
    ("an offset of 100 deviations", 0.64),
    ("one direction", 0.61),
    ("gaussian 4096", 0.92),
    ("dense bands under a filter", 0.40),
    ("gaussian 64", 0.94),
    ("gaussian 512", 0.46),
    ("clusters", 0.955),
    ("binary", 0.87),
    ("heavy tails", 0.94),
];

const LEFT: f32 = 300.0;
const WIDE: f32 = 560.0;
const LINE: f32 = 20.0;
const TOP: f32 = 70.0;

/// A line for each kind, with a mark for each way to keep its rows.
pub fn svg(bars: &[Bar]) -> String {
    let high = TOP + LINE * bars.len() as f32 + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {high}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"16\">Recall@10 by kind of data, 6,000 rows, nothing tuned</text>\n",
        LEFT + WIDE + 40.0
    );
    let x = |recall: f32| LEFT + WIDE * recall;
    let keys = [
        ("before", ring as fn(f32, f32) -> String),
        ("eight bits, told", hollow),
        ("eight bits", square),
        ("floats kept", disc),
    ];
    for (at, (key, mark)) in keys.into_iter().enumerate() {
        let left = 20.0 + 150.0 * at as f32;
        svg += &mark(left, 42.0);
        text(&mut svg, left + 10.0, 46.0, "start", key);
    }
    for tenth in 0..=10 {
        let at = x(tenth as f32 / 10.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{:.1}\" stroke=\"#ddd\"/>",
            high - 18.0
        );
        text(
            &mut svg,
            at,
            high - 5.0,
            "middle",
            &format!("{:.1}", tenth as f32 / 10.0),
        );
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{TOP}\" y2=\"{1:.1}\" stroke=\"#2a2\" stroke-dasharray=\"4 3\"/>",
        x(0.99),
        high - 18.0
    );
    for (at, bar) in bars.iter().enumerate() {
        let y = TOP + LINE * (at as f32 + 0.5);
        text(&mut svg, LEFT - 12.0, y + 4.0, "end", bar.name);
        if let Some((_, recall)) = BEFORE.iter().find(|(name, _)| *name == bar.name) {
            svg += &ring(x(*recall), y);
        }
        svg += &match bar.is_told {
            true => hollow(x(bar.codes), y),
            false => square(x(bar.codes), y),
        };
        svg += &disc(x(bar.floats), y);
    }
    svg + "</svg>\n"
}

fn text(svg: &mut String, x: f32, y: f32, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn ring(x: f32, y: f32) -> String {
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"none\" stroke=\"#c33\" stroke-width=\"2\"/>\n"
    )
}

fn disc(x: f32, y: f32) -> String {
    format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#15a\"/>\n")
}

fn square(x: f32, y: f32) -> String {
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\" fill=\"#e90\"/>\n",
        x - 4.5,
        y - 4.5
    )
}

fn hollow(x: f32, y: f32) -> String {
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\" fill=\"#fff\" stroke=\"#e90\" stroke-width=\"2\"/>\n",
        x - 4.0,
        y - 4.0
    )
}
