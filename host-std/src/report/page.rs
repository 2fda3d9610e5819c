//! The page around the plots.

use super::{Report, answers, mistakes, plots};
use std::fmt::Write;

const STYLE: &str = "\
:root{color-scheme:light}\
body{margin:2rem auto;max-width:44rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;color:#222b36;background:#fff}\
h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:2rem 0 .5rem}\
table{border-collapse:collapse}td{padding:.15rem 1.2rem .15rem 0;vertical-align:top}td+td{font-family:ui-monospace,monospace;font-size:13px;overflow-wrap:anywhere}\
figure{margin:0}svg{max-width:100%;height:auto}figcaption{color:#5b6673;font-size:13px}";

/// The report as one HTML page that loads nothing from elsewhere.
pub fn html(report: &Report) -> Result<String, String> {
    let mut page = String::new();
    let title = escape(&report.title);
    let put = |page: &mut String, text: std::fmt::Arguments<'_>| {
        page.write_fmt(text).map_err(|e| e.to_string())
    };
    put(
        &mut page,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        ),
    )?;
    if !report.facts.is_empty() {
        page.push_str("<table>\n");
        for (name, value) in &report.facts {
            let (name, value) = (escape(name), escape(value));
            put(
                &mut page,
                format_args!("<tr><td>{name}</td><td>{value}</td></tr>\n"),
            )?;
        }
        page.push_str("</table>\n");
    }
    let mut figure = |title: &str, svg: String, caption: &str| {
        put(
            &mut page,
            format_args!(
                "<h2>{title}</h2>\n<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n"
            ),
        )
    };
    if let Some(confusion) = &report.confusion {
        figure(
            "Confusion matrix",
            plots::confusion(confusion)?,
            "Each row is a true label, each column the label of the best hit.",
        )?;
    }
    if !report.mistakes.is_empty() {
        figure(
            "Mistakes",
            mistakes::table(&report.mistakes).map_err(|e| e.to_string())?,
            "What was taken for what most often: some such recordings, a line a channel, and one of what \
             they were taken for that was recognised. Pointed at, each tells where it is from.",
        )?;
    }
    let bins = answers::bins(&report.answers);
    if !bins.is_empty() {
        let error = answers::calibration_error(&bins);
        figure(
            "Reliability",
            answers::reliability(&bins)?,
            &format!(
                "How often answers of which confidence were right, in {} bins of as many answers each. On \
                 the line confidence is what it says; the mean distance from it, the expected calibration \
                 error, is {error:.3}.",
                bins.len()
            ),
        )?;
    }
    if report.answers.iter().any(|answer| answer.novelty.is_some()) {
        figure(
            "Novelty over time",
            answers::novelty(&report.answers, report.level)?,
            "How unlike everything learned each look-up is: blue the right ones, orange the wrong ones, \
             grey what was refused. Above the line an alarm is raised.",
        )?;
    }
    if report
        .answers
        .iter()
        .any(|answer| answer.similarity.is_some())
    {
        figure(
            "Similarity",
            plots::similarities(&report.answers)?,
            "How alike each look-up and its best hit are.",
        )?;
    }
    if !report.conflicts.is_empty() {
        figure(
            "Conflicts over time",
            plots::conflicts(&report.conflicts)?,
            "Contradictions found among the claims, and those an authority has resolved.",
        )?;
    }
    if !report.raster.rows.is_empty() {
        figure(
            "Spikes",
            plots::raster(&report.raster)?,
            &format!(
                "Each mark is a spike of {}: a row a channel, time to the right, blue where the \
                 signal rose and orange where it fell.",
                escape(&report.raster.title)
            ),
        )?;
    }
    if !report.routes.is_empty() {
        figure(
            "Routes",
            plots::bars(&report.routes, |n| n.to_string())?,
            "How often each executor was chosen.",
        )?;
    }
    if !report.memory.is_empty() {
        let total: u64 = report.memory.iter().map(|s| s.1).sum();
        let caption = format!("{} in all.", plots::bytes_text(total));
        figure(
            "Memory by section",
            plots::bars(&report.memory, plots::bytes_text)?,
            &caption,
        )?;
    }
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, ConflictPoint, Confusion, Mistake, Raster, Verdict};
    use super::*;
    use crate::examples::Outline;

    fn answer(x: f32, right: bool) -> Answer {
        Answer {
            similarity: Some(x),
            confidence: Some(x),
            novelty: Some(x),
            verdict: if right {
                Verdict::Right
            } else {
                Verdict::Wrong
            },
        }
    }

    fn report(label: &str) -> Report {
        let mut confusion = Confusion::new(["Standing", "Running", "Walking"].map(String::from));
        for i in 0..40 {
            let name = confusion.labels()[i % 3].clone();
            confusion.count(&name, &name);
        }
        confusion.count("Walking", label);
        Report {
            title: format!("About {label}"),
            facts: vec![
                ("accuracy".into(), "0.975".into()),
                (label.into(), label.into()),
            ],
            confusion: Some(confusion),
            raster: Raster {
                title: label.into(),
                rows: (0..9).map(|r| format!("{label} {r}")).collect(),
                steps: 32,
                spikes: (0..90).map(|i| (i % 9, i * 7 % 32, i % 5 == 0)).collect(),
            },
            routes: vec![("accelerometer".into(), 31), (label.into(), 9)],
            answers: (0..60)
                .map(|i| answer(0.7 + i as f32 * 0.005, i % 9 != 1))
                .collect(),
            level: Some(0.8),
            mistakes: vec![Mistake {
                label: label.into(),
                predicted: label.into(),
                count: 3,
                examples: vec![(label.into(), Outline::default())],
                like: None,
            }],
            conflicts: (0..50)
                .map(|i| ConflictPoint {
                    at: 5_000 + i * 10_000,
                    found: i / 4,
                    resolved: i / 5,
                })
                .collect(),
            memory: vec![
                ("bank".into(), 40_960),
                ("log bodies".into(), 1 << 20),
                (label.into(), 640),
            ],
        }
    }

    #[test]
    fn the_page_stands_alone_and_shows_every_part() {
        let page = html(&report("Badminton")).unwrap();
        // Each part has a plot, that of mistakes one for each recording.
        assert_eq!(page.matches("<svg").count(), 9);
        assert_eq!(page.matches("<h2>").count(), 9);
        for part in ["Badminton", "0.975", "1024.0 KiB"] {
            assert!(page.contains(part), "{part}");
        }
        for outside in ["src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(outside), "{outside}");
        }
        // The only address is the name of the SVG vocabulary.
        let addresses = page.matches("://").count();
        assert_eq!(
            addresses,
            page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
        );
    }

    #[test]
    fn labels_cannot_break_out_of_the_page() {
        let page = html(&report("<script>alert(1)</script>&\"")).unwrap();
        assert!(!page.contains("<script"));
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let page = html(&Report::default()).unwrap();
        assert!(!page.contains("<svg") && !page.contains("<table"));
        let edge = Report {
            confusion: Some(Confusion::default()),
            answers: vec![
                answer(1.0, true),
                answer(-1.0, false),
                answer(f32::NAN, false),
            ],
            conflicts: vec![ConflictPoint {
                at: 7,
                found: 0,
                resolved: 0,
            }],
            memory: vec![("nothing".into(), 0)],
            ..Report::default()
        };
        assert_eq!(html(&edge).unwrap().matches("<svg").count(), 6);
    }

    #[test]
    fn many_labels_still_fit() {
        let mut confusion = Confusion::default();
        for i in 0..120 {
            confusion.count(
                &format!("a rather long label number {i}"),
                &format!("label {}", i % 7),
            );
        }
        let page = html(&Report {
            confusion: Some(confusion),
            ..Report::default()
        });
        assert!(page.unwrap().contains("<svg"));
    }
}
