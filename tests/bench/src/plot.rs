//! The curves under `docs/bench`, as SVG: both axes logarithmic, names beside the ends of their curves.

use anyhow::Result;
use std::fmt::Write;
use std::path::PathBuf;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
/// Where the curves are drawn.
const LEFT: f64 = 66.0;
const RIGHT: f64 = WIDTH - 170.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = HEIGHT - 56.0;
/// Height of a name.
const LINE: f64 = 16.0;
const COLOURS: [&str; 12] = [
    "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#7f7f7f",
    "#9a9a00", "#17becf", "#000000", "#6b8fb5",
];

/// A curve: its name and its points.
pub struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    dashed: bool,
}

impl Curve {
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
            dashed: false,
        }
    }

    /// A curve that was not measured.
    pub fn dashed(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            dashed: true,
            ..Self::new(name, points)
        }
    }
}

/// Recall against latency, a curve for each contender; `points` are name, recall, microseconds.
/// Recalls below 0.8 are cut off.
pub fn recall_latency(case: &str, points: &[(&str, f64, f64)]) -> Result<()> {
    let mut curves: Vec<Curve> = Vec::new();
    for &(name, recall, us) in points.iter().filter(|point| point.1 >= 0.8) {
        // The share missed, so that 0.99 and 0.999 are apart.
        let point = (us, (1.0 - recall).max(LEAST_MISSED));
        match curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => curve.points.push(point),
            None => curves.push(Curve::new(name, vec![point])),
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let ticks: Vec<(f64, String)> = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]
        .into_iter()
        .map(|recall| (1.0 - recall, recall.to_string()))
        .chain([(LEAST_MISSED, "1".to_owned())])
        .collect();
    let chart = Chart {
        title: &format!(
            "{case}: recall@10 (up) against the median latency of a query (left is faster)"
        ),
        across: "microseconds a query, one thread",
        x: range(curves.iter().flat_map(|curve| &curve.points).map(|p| p.0)),
        // Less missed is higher.
        y: (0.2, LEAST_MISSED),
        ticks,
    };
    chart.write(&format!("bank-{case}"), &curves)
}

/// A recall of one is drawn as if this share had been missed.
const LEAST_MISSED: f64 = 3e-4;

/// Values against a number of things.
pub fn growth(file: &str, title: &str, curves: &[Curve]) -> Result<()> {
    let y = range(curves.iter().flat_map(|curve| &curve.points).map(|p| p.1));
    let chart = Chart {
        title,
        across: "patterns",
        x: range(curves.iter().flat_map(|curve| &curve.points).map(|p| p.0)),
        y,
        ticks: steps(y),
    };
    chart.write(file, curves)
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0f64), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// One, two and five times powers of ten within a range, and how they are written.
fn steps((low, high): (f64, f64)) -> Vec<(f64, String)> {
    (-3..9)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)))
        .filter(|step| (low..=high).contains(step))
        .map(|step| {
            let text = match step {
                1e6.. => format!("{}M", step / 1e6),
                1e3.. => format!("{}k", step / 1e3),
                _ => format!("{}", (step * 1e3).round() / 1e3),
            };
            (step, text)
        })
        .collect()
}

/// The frame of a plot.
struct Chart<'c> {
    title: &'c str,
    across: &'c str,
    x: (f64, f64),
    /// Down to up.
    y: (f64, f64),
    ticks: Vec<(f64, String)>,
}

impl Chart<'_> {
    fn place_x(&self, value: f64) -> f64 {
        let (low, high) = self.x;
        LEFT + (value / low).ln() / (high / low).ln().max(1e-9) * (RIGHT - LEFT)
    }

    fn place_y(&self, value: f64) -> f64 {
        let (low, high) = self.y;
        BOTTOM - (value / low).ln() / (high / low).ln() * (BOTTOM - TOP)
    }

    fn write(&self, file: &str, curves: &[Curve]) -> Result<()> {
        let mut svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' \
             font-family='sans-serif' font-size='12' fill='#222'>\n\
             <rect width='100%' height='100%' fill='white'/>\n\
             <text x='{LEFT}' y='24' font-size='14'>{}</text>\n",
            self.title
        );
        for (value, text) in &self.ticks {
            let y = self.place_y(*value);
            writeln!(
                svg,
                "<path d='M{LEFT} {y:.1}H{RIGHT}' stroke='#ddd'/>\
                 <text x='{}' y='{:.1}' text-anchor='end'>{text}</text>",
                LEFT - 8.0,
                y + 4.0
            )?;
        }
        let mut last = f64::NEG_INFINITY;
        for (value, text) in steps(self.x) {
            let x = self.place_x(value);
            write!(svg, "<path d='M{x:.1} {TOP}V{BOTTOM}' stroke='#ddd'/>")?;
            // Where there is no room for a number the line stands alone.
            if x - last >= 28.0 {
                last = x;
                write!(
                    svg,
                    "<text x='{x:.1}' y='{}' text-anchor='middle'>{text}</text>",
                    BOTTOM + 18.0
                )?;
            }
            svg.push('\n');
        }
        writeln!(
            svg,
            "<text x='{}' y='{}' text-anchor='middle'>{}</text>",
            (LEFT + RIGHT) / 2.0,
            HEIGHT - 14.0,
            self.across
        )?;
        self.curves(&mut svg, curves)?;
        svg.push_str("</svg>\n");
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/bench"));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{file}.svg")), svg)?;
        Ok(())
    }

    fn curves(&self, svg: &mut String, curves: &[Curve]) -> Result<()> {
        let mut names: Vec<(f64, usize)> = Vec::new();
        for (number, curve) in curves.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let places: Vec<(f64, f64)> = curve
                .points
                .iter()
                .map(|&(x, y)| (self.place_x(x), self.place_y(y)))
                .collect();
            let path: Vec<String> = places
                .iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let dashes = if curve.dashed {
                " stroke-dasharray='5 4'"
            } else {
                ""
            };
            writeln!(
                svg,
                "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'{dashes}/>",
                path.join(" ")
            )?;
            for (x, y) in places.iter().filter(|_| !curve.dashed) {
                write!(
                    svg,
                    "<circle cx='{x:.1}' cy='{y:.1}' r='3' fill='{colour}'/>"
                )?;
            }
            if let Some(&(_, y)) = places.last() {
                names.push((y, number));
            }
        }
        // Beside the ends of the curves, from above to below, none over another.
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut least = TOP;
        for (at, &(y, number)) in names.iter().enumerate() {
            let below = (names.len() - at) as f64 * LINE;
            let y = y.min(BOTTOM + LINE - below).max(least);
            least = y + LINE;
            writeln!(
                svg,
                "<text x='{}' y='{:.1}' fill='{}'>{}</text>",
                RIGHT + 10.0,
                y + 4.0,
                COLOURS[number % COLOURS.len()],
                curves[number].name
            )?;
        }
        Ok(())
    }
}
