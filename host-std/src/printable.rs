//! Text from outside as it may be printed: names, labels, values, names of files and what errors say
//! of them.
//!
//! Control characters would steer the terminal that shows them, and characters that change the
//! direction of writing would show a text as another. They are written as `\u{1b}` is here; so is a
//! line break within a line.

use std::borrow::Cow;

/// Whether a character is shown as it is.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            // Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9).
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Separators of lines and paragraphs, deprecated format characters, annotations, and tags.
            | '\u{2028}' | '\u{2029}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| is_plain(c) || is_kept(c)) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_plain(c) || is_kept(c) {
            true => safe.push(c),
            false => safe.extend(c.escape_default()),
        }
    }
    safe.into()
}

/// `text` as a part of a line.
pub fn part(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// `text` as lines, which may have tabs in them; what is from outside in them went through
/// [`part`].
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

/// A line of JSON as it may be printed, saying the same.
pub fn json(line: &str) -> Cow<'_, str> {
    if line.chars().all(is_plain) {
        return line.into();
    }
    let mut safe = String::with_capacity(line.len() + 8);
    let mut units = [0; 2];
    for c in line.chars() {
        match is_plain(c) {
            true => safe.push(c),
            false => {
                for unit in c.encode_utf16(&mut units) {
                    safe += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What steers a terminal or turns text around.
    const HOSTILE: &str =
        "a\u{1b}[2J\u{7}b\r\n\u{9b}31m\u{202e}c\u{2066}d\u{200f}\u{2028}\u{7f}\u{e0041}";

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        let shown = part(HOSTILE);
        assert_eq!(
            shown,
            "a\\u{1b}[2J\\u{7}b\\r\\n\\u{9b}31m\\u{202e}c\\u{2066}d\\u{200f}\\u{2028}\\u{7f}\\u{e0041}"
        );
        assert_eq!(lines("a\n\tb\u{1b}"), "a\n\tb\\u{1b}");
    }

    #[test]
    fn names_in_any_script_are_as_they_were() {
        for name in ["Küche", "сад", "廊下", "مطبخ", "👩‍🔬 lab", "e\u{301}", "a b"]
        {
            assert_eq!(part(name), name);
        }
    }

    #[test]
    fn json_says_the_same() {
        let line = serde_json::to_string(HOSTILE).unwrap();
        let safe = json(&line);
        assert!(safe.chars().all(is_plain));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), HOSTILE);
    }
}
