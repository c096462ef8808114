//! The trees that the demo walks.

use std::collections::BTreeMap;
use std::fs;

use crate::extension::write;
use crate::run::{Result, root};

/// A tree of files, and what a walk of it must find and log.
pub(crate) struct Tree {
    /// The path, relative to the root of the repository.
    pub(crate) root: String,
    directories: usize,
    files: usize,
    lines: usize,
    /// The number of lines that treewalk logs at each level.
    logged: BTreeMap<&'static str, usize>,
}

impl Tree {
    /// Enough files for a log of more than 1 MB at level TRACE, and some of which treewalk logs more.
    pub(crate) fn large(root: &str) -> Result<Tree> {
        let mut tree = Tree::new(root)?;
        for directory in 0..20 {
            let directory = format!("directory_{directory:02}");
            tree.add_directory(&directory)?;
            for file in 0..300 {
                let text = "a line of text\n".repeat(file % 10);
                tree.add_file(&format!("{directory}/file_{file:03}.txt"), text.as_bytes())?;
            }
        }
        tree.add_file("large.txt", "a line of text\n".repeat(40_000).as_bytes())?;
        tree.add_file("binary.bin", b"\0\0\0\0")?;
        tree.add_file("latin-1.txt", b"caf\xe9\n")?;
        Ok(tree)
    }

    pub(crate) fn small(root: &str) -> Result<Tree> {
        let mut tree = Tree::new(root)?;
        for directory in ["one", "two", "three"] {
            tree.add_directory(directory)?;
            tree.add_file(&format!("{directory}/file.txt"), b"a line of text\n")?;
        }
        Ok(tree)
    }

    /// A tree with a file and a directory that its `.ignore` excludes.
    pub(crate) fn with_ignored_files(root: &str) -> Result<Tree> {
        let mut tree = Tree::new(root)?;
        tree.add_file("kept.txt", b"kept\n")?;
        write(&tree.path("scratch.tmp"), "ignored\n")?;
        write(&tree.path("build/result.txt"), "ignored\n")?;
        // The walk skips it as well, since it is a hidden file.
        write(&tree.path(".ignore"), "*.tmp\nbuild/\n")?;
        Ok(tree)
    }

    fn new(root: &str) -> Result<Tree> {
        let mut tree = Tree {
            root: root.to_owned(),
            directories: 0,
            files: 0,
            lines: 0,
            logged: BTreeMap::new(),
        };
        tree.add_directory("")?;
        // The totals at the end.
        tree.expect("INFO");
        Ok(tree)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        root().join(&self.root).join(name)
    }

    fn expect(&mut self, level: &'static str) {
        *self.logged.entry(level).or_default() += 1;
    }

    fn add_directory(&mut self, name: &str) -> Result {
        let path = self.path(name);
        fs::create_dir_all(&path)
            .map_err(|error| format!("Cannot create {}: {error}", path.display()))?;
        self.directories += 1;
        self.expect("DEBUG");
        Ok(())
    }

    fn add_file(&mut self, name: &str, content: &[u8]) -> Result {
        write(&self.path(name), content)?;
        self.files += 1;
        self.expect("TRACE");
        if self.files.is_multiple_of(1000) {
            self.expect("INFO");
        }
        if content.len() > 500_000 {
            self.expect("WARNING");
        }
        match std::str::from_utf8(content) {
            _ if content.contains(&0) => self.expect("DEBUG"),
            Ok(text) => {
                self.lines += text.lines().count();
                self.expect("TRACE");
            }
            Err(_) => self.expect("ERROR"),
        }
        Ok(())
    }

    /// The line that treewalk prints after a walk.
    pub(crate) fn summary(&self) -> String {
        let Tree {
            directories,
            files,
            lines,
            ..
        } = self;
        format!("{directories} directories, {files} files, {lines} lines\n")
    }

    /// The number of lines that treewalk's own loggers log at a level during a walk.
    pub(crate) fn lines_at(&self, level: &str) -> usize {
        self.logged.get(level).copied().unwrap_or_default()
    }
}
