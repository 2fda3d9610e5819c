//! The curves under `docs/bench`, as SVG.

use anyhow::Result;
use std::fmt::Write;
use std::path::PathBuf;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const COLOURS: [&str; 12] = [
    "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#7f7f7f",
    "#bcbd22", "#17becf", "#000000", "#aec7e8",
];

/// Recall against latency, a curve for each contender; `points` are name, recall, microseconds.
pub fn recall_latency(case: &str, points: &[(&str, f64, f64)]) -> Result<()> {
    let shown: Vec<_> = points
        .iter()
        .filter(|(_, recall, _)| *recall >= 0.8)
        .collect();
    let (low, high) = shown
        .iter()
        .fold((f64::INFINITY, 0.0f64), |(low, high), (_, _, us)| {
            (low.min(*us), high.max(*us))
        });
    let x = |us: f64| 60.0 + (us / low).ln() / (high / low).ln().max(1e-9) * (WIDTH - 240.0);
    // The share missed, on a scale of logarithms, so that 0.99 and 0.999 are apart.
    let y = |recall: f64| {
        30.0 + (1.0 - ((1.0 - recall).max(1e-4) / 0.2).log10() / -3.31) * (HEIGHT - 90.0)
    };
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' \
         font-family='sans-serif' font-size='12'><rect width='100%' height='100%' fill='white'/>\
         <text x='60' y='18'>{case}: recall@10 against the median latency of a query</text>"
    );
    for recall in [0.8, 0.9, 0.95, 0.99, 0.999, 1.0] {
        let y = y(recall);
        write!(
            svg,
            "<path d='M60 {y:.1}H{}' stroke='#ddd'/><text x='20' y='{:.1}'>{recall}</text>",
            WIDTH - 180.0,
            y + 4.0
        )?;
    }
    let mut tick = 1.0;
    while tick <= high {
        for us in [tick, 2.0 * tick, 5.0 * tick] {
            if us >= low && us <= high {
                let x = x(us);
                write!(
                    svg,
                    "<path d='M{x:.1} 30V{}' stroke='#ddd'/><text x='{:.1}' y='{}'>{us}</text>",
                    HEIGHT - 60.0,
                    x - 6.0,
                    HEIGHT - 44.0
                )?;
            }
        }
        tick *= 10.0;
    }
    write!(
        svg,
        "<text x='{}' y='{}'>microseconds</text>",
        WIDTH / 2.0 - 120.0,
        HEIGHT - 24.0
    )?;
    let mut names: Vec<&str> = Vec::new();
    for (name, _, _) in &shown {
        if !names.contains(name) {
            names.push(name);
        }
    }
    for (at, name) in names.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let mut curve: Vec<(f64, f64)> = shown
            .iter()
            .filter(|p| p.0 == *name)
            .map(|p| (x(p.2), y(p.1)))
            .collect();
        curve.sort_by(|a, b| a.0.total_cmp(&b.0));
        let path: Vec<String> = curve
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        write!(
            svg,
            "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'/>",
            path.join(" ")
        )?;
        for (x, y) in &curve {
            write!(
                svg,
                "<circle cx='{x:.1}' cy='{y:.1}' r='3' fill='{colour}'/>"
            )?;
        }
        let y = 40.0 + 18.0 * at as f64;
        write!(
            svg,
            "<text x='{}' y='{y}' fill='{colour}'>{name}</text>",
            WIDTH - 165.0
        )?;
    }
    svg.push_str("</svg>\n");
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/bench"));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("bank-{case}.svg")), svg)?;
    Ok(())
}
