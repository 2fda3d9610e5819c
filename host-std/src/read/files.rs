//! Several files, and patterns of names where no shell has resolved them.

use std::path::{Path, PathBuf};

use super::InputError;

/// The files that `given` names, in order: a name that is no file but a pattern (`*`, `?`, `[…]`)
/// stands for all it matches, sorted.
pub fn resolve(given: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Vec::new();
    for path in given {
        let text = path.to_string_lossy();
        let is_pattern = text.contains(['*', '?', '[']) && !path.exists();
        if !is_pattern {
            files.push(path.clone());
            continue;
        }
        let fault = |reason: String| InputError {
            file: text.clone().into_owned(),
            line: None,
            reason,
        };
        let found = glob::glob(&text).map_err(|e| fault(format!("is no pattern of names: {e}")))?;
        let mut found: Vec<PathBuf> = found.filter_map(Result::ok).collect();
        found.retain(|path| path.is_file());
        if found.is_empty() {
            return Err(fault("matches no file".into()));
        }
        files.append(&mut found);
    }
    Ok(files)
}

/// A file's name as messages show it.
pub fn name(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".into(),
        _ => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_what_they_match() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt", "odd[1].csv"] {
            std::fs::write(folder.path().join(name), "x\n1\n").unwrap();
        }
        let at = |name: &str| folder.path().join(name);
        let found = resolve(&[at("c.txt"), at("?.csv")]).unwrap();
        assert_eq!(found, [at("c.txt"), at("a.csv"), at("b.csv")]);
        assert_eq!(resolve(&[at("odd[1].csv")]).unwrap(), [at("odd[1].csv")]);
        assert_eq!(
            resolve(&[PathBuf::from("-")]).unwrap(),
            [PathBuf::from("-")]
        );
        let error = resolve(&[at("*.xyz")]).unwrap_err();
        assert_eq!(error.reason, "matches no file");
    }
}
