//! The plots, as SVG.

use super::{Answer, ConflictPoint, Confusion, Raster, Verdict};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error as StdError;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn StdError>>;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x2b, 0x36);
pub(super) const FAINT: RGBColor = RGBColor(0xd5, 0xdb, 0xe2);
pub(super) const RIGHT: RGBColor = RGBColor(0x1f, 0x6f, 0xb2);
pub(super) const WRONG: RGBColor = RGBColor(0xd0, 0x5a, 0x2b);
const FONT: &str = "sans-serif";

pub(super) fn svg(
    width: u32,
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        draw(&area)
            .and_then(|()| Ok(area.present()?))
            .map_err(|e| e.to_string())?;
    }
    Ok(text)
}

pub(super) fn font<'a>(size: f64) -> TextStyle<'a> {
    (FONT, size).into_font().color(&INK)
}

/// A label as an axis shows it.
fn short(label: &str) -> String {
    match label.char_indices().nth(14) {
        Some((end, _)) => format!("{}…", &label[..end]),
        None => label.to_owned(),
    }
}

/// A confusion matrix: rows are true labels, columns predicted ones, shade is the row's share.
pub fn confusion(confusion: &Confusion) -> Result<String, String> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let n = confusion.labels().len() as i32;
    let cell = (480 / n.max(1)).clamp(14, 84);
    let (left, top) = (130, 54);
    svg(
        (left + n * cell + 20) as u32,
        (top + n * cell + 20) as u32,
        |area| {
            let center = Pos::new(HPos::Center, VPos::Center);
            let size = f64::from(cell).min(48.0) * 0.33;
            for (r, row) in confusion.counts().iter().enumerate() {
                let total = row.iter().sum::<u64>().max(1) as f64;
                let y = top + r as i32 * cell;
                for (c, &count) in row.iter().enumerate() {
                    let x = left + c as i32 * cell;
                    let share = count as f64 / total;
                    let color = if r == c { RIGHT } else { WRONG };
                    let corners = [(x + 1, y + 1), (x + cell - 1, y + cell - 1)];
                    area.draw(&Rectangle::new(corners, FAINT.mix(0.35).filled()))?;
                    area.draw(&Rectangle::new(corners, color.mix(share).filled()))?;
                    if count > 0 && cell >= 20 {
                        let ink = if share > 0.5 { WHITE } else { INK };
                        let style = (FONT, size).into_font().color(&ink).pos(center);
                        area.draw(&Text::new(
                            count.to_string(),
                            (x + cell / 2, y + cell / 2),
                            style,
                        ))?;
                    }
                }
                if cell >= 14 {
                    let style = font(12.0).pos(Pos::new(HPos::Right, VPos::Center));
                    let name = short(&confusion.labels()[r]);
                    area.draw(&Text::new(name, (left - 8, y + cell / 2), style))?;
                    let style = font(12.0).pos(Pos::new(HPos::Center, VPos::Bottom));
                    let name = match cell {
                        60.. => short(&confusion.labels()[r]),
                        _ => (r + 1).to_string(),
                    };
                    let x = left + r as i32 * cell + cell / 2;
                    area.draw(&Text::new(name, (x, top - 6), style))?;
                }
            }
            area.draw(&Text::new("predicted →", (left, 8), font(12.0)))?;
            area.draw(&Text::new("true ↓", (20, top - 22), font(12.0)))?;
            Ok(())
        },
    )
}

/// How often which similarity, right and wrong look-ups apart.
pub fn similarities(answers: &[Answer]) -> Result<String, String> {
    const BINS: usize = 40;
    let right = |answer: &Answer| matches!(answer.verdict, Verdict::Right | Verdict::Unknown);
    let similarities: Vec<(f32, bool)> = answers
        .iter()
        .filter_map(|answer| Some((answer.similarity?, right(answer))))
        .collect();
    let low = similarities
        .iter()
        .map(|s| s.0)
        .fold(1.0f32, f32::min)
        .clamp(-1.0, 0.9);
    let low = f64::from((low * 20.0).floor() / 20.0);
    let step = (1.0 - low) / BINS as f64;
    let mut bins = [[0u32; 2]; BINS];
    for &(similarity, right) in &similarities {
        let bin = ((f64::from(similarity) - low) / step)
            .floor()
            .clamp(0.0, BINS as f64 - 1.0);
        bins[bin as usize][usize::from(!right)] += 1;
    }
    let most = bins.iter().map(|b| b[0] + b[1]).max().unwrap_or(1).max(1);
    svg(620, 300, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(48)
            .build_cartesian_2d(low..1.0, 0f64..f64::from(most) * 1.3)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(FAINT)
            .axis_style(INK)
            .label_style(font(12.0))
            .x_desc("similarity of the best hit")
            .y_desc("look-ups")
            .y_label_formatter(&|y| format!("{y:.0}"))
            .y_labels(most.min(6) as usize + 1)
            .draw()?;
        for (kind, color, name) in [(0, RIGHT, "right label"), (1, WRONG, "wrong label")] {
            let bars = bins
                .iter()
                .enumerate()
                .filter(|(_, b)| b[kind] > 0)
                .map(|(i, b)| {
                    let x = low + i as f64 * step;
                    let base = if kind == 1 { f64::from(b[0]) } else { 0.0 };
                    let top = base + f64::from(b[kind]);
                    Rectangle::new(
                        [(x + step * 0.06, base), (x + step * 0.94, top)],
                        color.filled(),
                    )
                });
            chart.draw_series(bars)?.label(name).legend(move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 10, y + 5)], color.filled())
            });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(FAINT)
            .label_font(font(12.0))
            .draw()?;
        Ok(())
    })
}

/// Conflicts found and resolved over time.
pub fn conflicts(points: &[ConflictPoint]) -> Result<String, String> {
    let start = points.first().map_or(0, |p| p.at);
    let end = points.iter().map(|p| p.at).max().unwrap_or(start);
    let span = (end - start).max(1) as f64;
    let (unit, name) = match span {
        s if s < 10_000.0 => (1.0, "milliseconds"),
        s if s < 600_000.0 => (1_000.0, "seconds"),
        s if s < 36_000_000.0 => (60_000.0, "minutes"),
        s if s < 864_000_000.0 => (3_600_000.0, "hours"),
        _ => (86_400_000.0, "days"),
    };
    let most = points
        .iter()
        .map(|p| p.found.max(p.resolved))
        .max()
        .unwrap_or(1)
        .max(1);
    svg(620, 300, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(20)
            .x_label_area_size(42)
            .y_label_area_size(48)
            .build_cartesian_2d(0f64..span / unit * 1.02, 0f64..most as f64 * 1.25)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(FAINT)
            .axis_style(INK)
            .label_style(font(12.0))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .x_desc(format!("{name} since the first event"))
            .y_desc("conflicts")
            .y_labels(most.min(6) as usize + 1)
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()?;
        let stairs = |value: fn(&ConflictPoint) -> u64| {
            let mut line = vec![(0.0, 0.0)];
            for point in points {
                let x = point.at.saturating_sub(start) as f64 / unit;
                let before = line.last().map_or(0.0, |l| l.1);
                line.push((x, before));
                line.push((x, value(point) as f64));
            }
            line
        };
        for (line, style, name) in [
            // The wider line shows on both sides of the other where they meet.
            (stairs(|p| p.found), WRONG.stroke_width(6), "found"),
            (stairs(|p| p.resolved), RIGHT.stroke_width(2), "resolved"),
        ] {
            chart
                .draw_series(LineSeries::new(line, style))?
                .label(name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 2), (x + 14, y + 2)], style.color.filled())
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(FAINT)
            .label_font(font(12.0))
            .draw()?;
        Ok(())
    })
}

/// Numbers by name as bars, the largest first, each with its `value` written behind it.
pub fn bars(numbers: &[(String, u64)], value: impl Fn(u64) -> String) -> Result<String, String> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let mut numbers = numbers.to_vec();
    numbers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let most = numbers.first().map_or(1, |s| s.1).max(1) as f64;
    let (row, left, width) = (22, 170, 360);
    svg(620, (numbers.len() as i32 * row + 16) as u32, |area| {
        for (i, (name, number)) in numbers.iter().enumerate() {
            let y = 8 + i as i32 * row;
            let length = (*number as f64 / most * f64::from(width)).ceil() as i32;
            let middle = y + row / 2;
            let style = font(12.0).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(name.clone(), (left - 8, middle), style))?;
            area.draw(&Rectangle::new(
                [(left, y + 3), (left + length, y + row - 3)],
                RIGHT.filled(),
            ))?;
            let style = font(12.0).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(
                value(*number),
                (left + length + 6, middle),
                style,
            ))?;
        }
        Ok(())
    })
}

/// Spike trains: one row a value, negative spikes in the other colour.
pub fn raster(raster: &Raster) -> Result<String, String> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let (row, left, width) = (16, 170, 430);
    let height = 24 + raster.rows.len() as i32 * row;
    let step = f64::from(width) / f64::from(raster.steps.max(1));
    svg(620, height as u32, |area| {
        for (i, name) in raster.rows.iter().enumerate() {
            let y = 8 + i as i32 * row;
            let style = font(11.0).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(name.clone(), (left - 8, y + row / 2), style))?;
            let line = vec![(left, y + row / 2), (left + width, y + row / 2)];
            area.draw(&PathElement::new(line, FAINT))?;
        }
        for &(r, t, negative) in &raster.spikes {
            let x = left + (f64::from(t) * step + step / 2.0) as i32;
            let y = 8 + r as i32 * row;
            let color = if negative { WRONG } else { RIGHT };
            let mark = [(x - 1, y + 2), (x + 1, y + row - 2)];
            area.draw(&Rectangle::new(mark, color.filled()))?;
        }
        Ok(())
    })
}

/// A number of bytes as people read it.
pub fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
