//! A table to channels: which columns hold what, the third step of what is read in columns.
//!
//! Named columns are label, time and group. Of the others, those that hold numbers are channels,
//! but for what is not measured: columns that count rows, numbers of subjects, clocks. Those and
//! columns of text or of nothing are left out and told. `channels` and `without` say otherwise.

mod cells;

use self::cells::{Cells, TELLING, is_clock, names_a_subject};
use super::rows::dialect::{no_column, places};
use super::rows::number::Numerals;
use super::rows::split::Record;
use super::shown;
use super::text::canonical;

/// What the user says of the columns.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The column with the label, and whether it may be missing.
    pub label: Option<(String, bool)>,
    /// The column with the time, or several that make it up, and whether it may be missing.
    pub time: Option<(String, bool)>,
    /// The column that keeps streams apart.
    pub group: Option<(String, bool)>,
    /// The channels, in this order.
    pub channels: Vec<String>,
    /// Columns that are no channels.
    pub without: Vec<String>,
    /// The channels are those of before: no time is looked for if there was none.
    pub as_before: bool,
}

/// Which columns hold what, by their places.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The label.
    pub label: Option<usize>,
    /// The time: the cells are joined.
    pub time: Vec<usize>,
    /// The group.
    pub group: Option<usize>,
    /// The channels in order.
    pub channels: Vec<usize>,
    /// Their names.
    pub names: Vec<String>,
    /// What to tell of it.
    pub notes: Vec<String>,
}

/// Why columns cannot be used as asked.
pub type Refused = String;

/// Tells which columns of `rows` hold what.
pub fn tell(
    titles: &[String],
    has_header: bool,
    rows: &[Record],
    numerals: &Numerals,
    asked: &Asked,
) -> Result<Columns, Refused> {
    let mut columns = Columns::default();
    let find = |name: &str| places(titles, name).ok_or_else(|| no_column(titles, name, has_header));
    let one = |asked: &Option<(String, bool)>| -> Result<Vec<usize>, String> {
        match asked {
            Some((name, true)) => Ok(places(titles, name).unwrap_or_default()),
            Some((name, false)) => find(name),
            None => Ok(Vec::new()),
        }
    };
    columns.label = one(&asked.label)?.first().copied();
    columns.time = one(&asked.time)?;
    columns.group = one(&asked.group)?.first().copied();
    if let Some(label) = columns.label
        && columns.time.contains(&label)
    {
        return Err("one column cannot be both label and time".into());
    }
    for (asked, what, so) in [
        (&asked.label, "labels", "nothing to compare with"),
        (&asked.time, "times", "gaps are not seen"),
        (&asked.group, "groups", "all rows are one stream"),
    ] {
        if let Some((name, true)) = asked
            && places(titles, name).is_none()
        {
            columns.notes.push(format!(
                "there is no column `{}` with the {what} here: {so}",
                shown(name)
            ));
        }
    }
    let mut cells: Vec<Cells> = Vec::new();
    cells.resize_with(titles.len(), Cells::default);
    for row in rows {
        for (to, cell) in cells.iter_mut().zip(row.iter()) {
            to.see(cell, numerals);
        }
    }
    if !asked.channels.is_empty() {
        for name in &asked.channels {
            for at in find(name)? {
                columns.channels.push(at);
            }
        }
        if asked.time.is_none() && !asked.as_before {
            let is_free = |i: &usize| {
                ![columns.label, columns.group].contains(&Some(*i)) && !columns.channels.contains(i)
            };
            let clocks: Vec<usize> = (0..titles.len())
                .filter(is_free)
                .filter(|&i| is_clock(&titles[i], &cells[i]))
                .collect();
            adopt(titles, &cells, &clocks, &mut columns);
        }
    } else {
        let mut without = Vec::new();
        for name in &asked.without {
            without.extend(find(name)?);
        }
        choose(titles, &cells, &without, asked, &mut columns)?;
    }
    columns.names = columns
        .channels
        .iter()
        .map(|&i| called(titles, i))
        .collect();
    Ok(columns)
}

/// What a column is called: its title, or its number.
pub fn called(titles: &[String], at: usize) -> String {
    match titles.get(at) {
        Some(title) if !title.is_empty() => title.clone(),
        _ => (at + 1).to_string(),
    }
}

/// Takes the only column that looks like a time for one, so that gaps are seen; of several the user
/// has to choose.
fn adopt(titles: &[String], cells: &[Cells], clocks: &[usize], columns: &mut Columns) -> bool {
    let [only] = *clocks else {
        return false;
    };
    if cells[only].is_empty() {
        return false;
    }
    let title = shown(&called(titles, only));
    columns.notes.push(format!(
        "`{title}` looks like a time and is read as one, as --time {title} says (--without {title} \
         leaves it out)"
    ));
    columns.time = vec![only];
    true
}

fn choose(
    titles: &[String],
    cells: &[Cells],
    without: &[usize],
    asked: &Asked,
    columns: &mut Columns,
) -> Result<(), Refused> {
    let taken = [columns.label, columns.group];
    let is_free =
        |i: &usize| !taken.contains(&Some(*i)) && !columns.time.contains(i) && !without.contains(i);
    let (mut empty, mut texts, mut counters, mut growing) = (vec![], vec![], vec![], vec![]);
    let (mut subjects, mut clocks, mut channels) = (vec![], vec![], vec![]);
    for i in (0..titles.len()).filter(is_free) {
        let (title, cells) = (&titles[i], &cells[i]);
        let least = if title.is_empty() { 2 } else { TELLING };
        if cells.is_empty() {
            empty.push(i);
        } else if is_clock(title, cells) {
            clocks.push(i);
        } else if cells.is_text() {
            texts.push(i);
        } else if names_a_subject(title) && cells.fractions == 0 && cells.numbers > 1 {
            subjects.push(i);
        } else if cells.counts(least) {
            counters.push(i);
        } else if cells.grows() {
            growing.push(i);
        } else {
            channels.push(i);
        }
    }
    if columns.time.is_empty() && asked.time.is_none() && adopt(titles, cells, &clocks, columns) {
        clocks.clear();
    }
    if channels.is_empty() {
        // Rather a channel that grows than none.
        channels.append(&mut growing);
        if channels.is_empty() {
            channels.append(&mut counters);
        }
        if !channels.is_empty() {
            columns.notes.push(format!(
                "{} only grows, and is the only column of numbers: taken for a channel",
                list(titles, &channels)
            ));
        }
    }
    let mut said = Vec::new();
    let mut note = |what: &str, places: &[usize], how: &str| {
        if !places.is_empty() {
            let names = list(titles, places);
            said.push(format!("{what}, left out: {names}{how}"));
        }
    };
    let named = |i: &&usize| asked.group.is_none() && names_a_subject(&titles[**i]);
    let apart = match texts.iter().find(named) {
        Some(&i) => format!(" (--group {} keeps its streams apart)", shown(&titles[i])),
        None => String::new(),
    };
    note("not numeric", &texts, &apart);
    note("empty", &empty, "");
    note("counts rows", &counters, " (--channels says otherwise)");
    note(
        "only grows, as a count or a clock does",
        &growing,
        " (--channels says otherwise, --time reads it as a time)",
    );
    let first = subjects
        .first()
        .map(|&i| shown(&called(titles, i)))
        .unwrap_or_default();
    note(
        "numbers subjects or trials",
        &subjects,
        &format!(" (--group {first} keeps them apart, --channels takes it for a channel)"),
    );
    let names: Vec<String> = clocks.iter().map(|&i| shown(&called(titles, i))).collect();
    let dates = clocks.iter().all(|&i| cells[i].is_dates());
    let which = if dates {
        names.join(",")
    } else {
        names.first().cloned().unwrap_or_default()
    };
    let how = match columns.time[..] {
        [] => format!(" (--time {which} reads it)"),
        // A clock in one column often has its date in another.
        [clock] if dates && clocks.len() == 1 => {
            format!(
                " (--time {which},{} reads both)",
                shown(&called(titles, clock))
            )
        }
        _ => String::new(),
    };
    note("looks like a time", &clocks, &how);
    columns.notes.append(&mut said);
    if channels.is_empty() {
        let commas = cells
            .iter()
            .find_map(|c| c.first.as_ref())
            .map(|c| shown(c));
        return Err(match commas {
            Some(cell) => format!("there is no numeric column, but text such as `{cell}`"),
            None => "there is no numeric column".into(),
        });
    }
    for &i in &channels {
        if let Some(sentinel) = cells[i].suspect() {
            columns.notes.push(format!(
                "`{sentinel}` in column `{}` is far from all else: if it stands for no value give \
                 --missing {sentinel}",
                shown(&called(titles, i))
            ));
        }
    }
    columns.channels = channels;
    Ok(())
}

fn list(titles: &[String], places: &[usize]) -> String {
    const MOST: usize = 12;
    let mut names: Vec<String> = places
        .iter()
        .take(MOST)
        .map(|&i| match titles[i].is_empty() {
            true => format!("column {} (untitled)", i + 1),
            false => shown(&canonical(&titles[i])),
        })
        .collect();
    if places.len() > MOST {
        names.push(format!("… {} more", places.len() - MOST));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rows::split::{Delimiter, Splitter};

    fn of(text: &str, asked: &Asked) -> Result<Columns, String> {
        let mut splitter = Splitter::new(Delimiter::Char(b','));
        let mut records: Vec<Record> = (1..)
            .zip(text.lines())
            .filter_map(|(n, line)| splitter.feed(n, line).unwrap())
            .collect();
        let header = records.remove(0);
        let titles: Vec<String> = header.iter().map(str::to_owned).collect();
        tell(&titles, true, &records, &Numerals::default(), asked)
    }

    fn rows(header: &str, row: impl Fn(i32) -> String) -> String {
        let rows = (0..40).map(|i| row(i) + "\n");
        format!("{header}\n{}", rows.collect::<String>())
    }

    #[test]
    fn what_is_not_measured_is_left_out() {
        let text = rows(",n,subject,what,clock_ms,remarks,x,y,code", |i| {
            format!(
                "{i},{},{},walk,{},,{},{},{}",
                i + 1_000,
                i / 20,
                i * 20,
                i % 3,
                i * i % 7,
                i * i
            )
        });
        let asked = Asked {
            label: Some(("what".into(), false)),
            ..Asked::default()
        };
        let found = of(&text, &asked).unwrap();
        assert_eq!(found.names, ["x", "y"]);
        assert_eq!(found.time, [4]);
        let notes = found.notes.join("\n");
        for part in [
            "counts rows, left out: column 1 (untitled), n",
            "subject (--group subject",
            "empty, left out: remarks",
            "`clock_ms` looks like a time and is read as one",
            "only grows, as a count or a clock does, left out: code",
        ] {
            assert!(notes.contains(part), "{part}: {notes}");
        }
        let asked = Asked {
            channels: vec!["y".into(), "code".into()],
            ..Asked::default()
        };
        assert_eq!(of(&text, &asked).unwrap().names, ["y", "code"]);
        let asked = Asked {
            without: vec!["y".into(), "what".into(), "clock_ms".into()],
            ..Asked::default()
        };
        let found = of(&text, &asked).unwrap();
        assert_eq!((found.names, found.time), (vec!["x".to_owned()], vec![]));
    }

    #[test]
    fn a_few_rows_tell_nothing_of_growth() {
        assert_eq!(
            of("a,b\n1,2\n2,3\n3,4\n", &Asked::default()).unwrap().names,
            ["a", "b"]
        );
        let only = of(&rows("x", |i| i.to_string()), &Asked::default()).unwrap();
        assert_eq!(only.names, ["x"]);
        assert!(only.notes[0].contains("only grows"));
    }

    #[test]
    fn numbers_that_may_stand_for_none_and_units_are_told() {
        let text = rows("x,y", |i| {
            let x = if i % 9 == 4 { -999 } else { i % 4 };
            format!("{x},{}", i % 5)
        });
        let found = of(&text, &Asked::default()).unwrap();
        assert!(
            found.notes[0].contains("`-999` in column `x`"),
            "{:?}",
            found.notes
        );
        // A column of numbers with units is none of text; it is refused where it is read.
        let text = rows("x,y", |i| format!("{}.5 mV,{}", i % 3, i % 5));
        assert_eq!(of(&text, &Asked::default()).unwrap().names, ["x", "y"]);
        let text = rows("user acc x,row id", |i| {
            format!("{},{}", i % 3, i * 7_919 % 997)
        });
        assert_eq!(of(&text, &Asked::default()).unwrap().names, ["user acc x"]);
    }

    #[test]
    fn of_several_times_the_user_chooses() {
        let text = rows("Date,Clock,x", |i| {
            format!("2024-05-01,10:00:{:02},{}", i % 60, i * 7 % 5)
        });
        let found = of(&text, &Asked::default()).unwrap();
        assert!(found.time.is_empty());
        assert!(
            found.notes[0].contains("--time Date,Clock"),
            "{:?}",
            found.notes
        );
        let asked = Asked {
            time: Some(("Date,Clock".into(), false)),
            ..Asked::default()
        };
        assert_eq!(of(&text, &asked).unwrap().time, [0, 1]);
        let asked = Asked {
            time: Some(("Clock".into(), false)),
            ..Asked::default()
        };
        let notes = of(&text, &asked).unwrap().notes;
        assert!(
            notes[0].contains("(--time Date,Clock reads both)"),
            "{notes:?}"
        );
        let text = rows("subject,x", |i| format!("p{},{}", i / 20, i * 7 % 5));
        let notes = of(&text, &Asked::default()).unwrap().notes;
        assert!(
            notes[0].contains("(--group subject keeps its streams apart)"),
            "{notes:?}"
        );
    }

    #[test]
    fn a_file_without_numbers_is_refused() {
        let error = of("a,b\nx,y\nx,y\n", &Asked::default()).unwrap_err();
        assert!(
            error.contains("no numeric column, but text such as `x`"),
            "{error}"
        );
    }
}
