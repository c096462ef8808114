//! Counts the lines of files.

use std::fs;
use std::path::Path;

/// Files with more bytes than this get a warning.
const LARGE: usize = 500_000;

/// The number of lines of a text file; 0 if the file can't be read or isn't text.
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
