//! Walks the directory tree.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::count;

/// The result of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    /// The number of directories, including the root.
    pub(crate) directories: u64,
    /// The number of files.
    pub(crate) files: u64,
    /// The number of lines in text files.
    pub(crate) lines: u64,
}

/// Walks the tree below `root` on several threads, and reads its files.
///
/// # Errors
/// If `root` isn't a directory.
pub(crate) fn walk(root: &Path, threads: usize) -> Result<Totals, String> {
    if !root.is_dir() {
        pylog::critical!("{} is not a directory", root.display());
        return Err(format!("not a directory: {}", root.display()));
    }
    let directories = AtomicU64::new(0);
    let files = AtomicU64::new(0);
    let lines = AtomicU64::new(0);

    let walker = WalkBuilder::new(root).threads(threads).build_parallel();
    walker.run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) if is_directory(&entry) => {
                    pylog::debug!("entering {}", entry.path().display());
                    directories.fetch_add(1, Relaxed);
                }
                Ok(entry) => {
                    pylog::trace!("{} at depth {}", entry.path().display(), entry.depth());
                    lines.fetch_add(count::lines(entry.path()), Relaxed);
                    let so_far = files.fetch_add(1, Relaxed) + 1;
                    if so_far.is_multiple_of(1000) {
                        pylog::info!("{so_far} files so far");
                    }
                }
                Err(error) => pylog::error!("{error}"),
            }
            WalkState::Continue
        })
    });

    let totals = Totals {
        directories: directories.into_inner(),
        files: files.into_inner(),
        lines: lines.into_inner(),
    };
    pylog::info!("{totals:?}");
    Ok(totals)
}

fn is_directory(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}
