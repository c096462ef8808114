//! The files.

use std::fs;
use std::path::Path;

/// Files above this many bytes are worth a warning.
const LARGE: usize = 500_000;

/// The lines of a text file; 0 for what can't be read or is no text.
pub(crate) fn lines(path: &Path) -> u64 {
    let shown = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            pylog::error!("cannot read {shown}: {error}");
            return 0;
        }
    };
    if bytes.len() > LARGE {
        pylog::warn!("{shown} is large: {} kB", bytes.len() / 1000);
    }
    if bytes.contains(&0) {
        pylog::debug!("{shown} is binary");
        return 0;
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let lines = text.lines().count();
            pylog::trace!("{shown} has {lines} lines");
            lines as u64
        }
        Err(error) => {
            pylog::error!("{shown} is not UTF-8: {error}");
            0
        }
    }
}
