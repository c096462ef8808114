//! The callsites of the `log` crate's calls, by where they stand.
//!
//! `log` gives a call no static of its own. So each gets its callsite here when it is first reached,
//! and from then on everything is as with the macros. Finding one takes no lock and writes nothing.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use log::{Metadata, Record};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::callsite::{self, Callsite};

const BUCKETS: usize = 1024;

/// What distinguishes calls. Where only a target and a level are known, the rest is empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<'a> {
    target: &'a str,
    level: log::Level,
    line: u32,
    file: &'a str,
    module: &'a str,
}

impl<'a> Key<'a> {
    pub(super) fn of_record(record: &Record<'a>) -> Key<'a> {
        Key {
            line: record.line().unwrap_or_default(),
            // What Python's own `findCaller` says where it doesn't know.
            file: record.file().unwrap_or("(unknown file)"),
            module: record.module_path().unwrap_or("(unknown function)"),
            ..Key::of_metadata(record.metadata())
        }
    }

    pub(super) fn of_metadata(metadata: &Metadata<'a>) -> Key<'a> {
        Key {
            target: metadata.target(),
            level: metadata.level(),
            line: 0,
            file: "",
            module: "",
        }
    }

    pub(super) fn target(&self) -> &'a str {
        self.target
    }

    fn bucket(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        // The file seldom tells more than these.
        (self.target, self.level as usize, self.line).hash(&mut hasher);
        hasher.finish() as usize % BUCKETS
    }
}

/// Grows, and never forgets: a program has so many calls, and Python's `Manager` so many loggers.
pub(super) struct Table(Box<[Link]>);

type Link = OnceLock<&'static Node>;

struct Node {
    key: Key<'static>,
    callsite: Callsite,
    next: Link,
}

impl Table {
    pub(super) fn new() -> Table {
        Table((0..BUCKETS).map(|_| Link::new()).collect())
    }

    /// The callsite, if the call has been reached before.
    pub(super) fn find(&self, key: &Key<'_>) -> Option<&'static Callsite> {
        let mut link = &self.0[key.bucket()];
        while let Some(node) = link.get() {
            if node.key == *key {
                return Some(&node.callsite);
            }
            link = &node.next;
        }
        None
    }

    /// The names of the loggers of all callsites.
    pub(super) fn names<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyString>> {
        let mut targets = HashSet::new();
        let mut names = Vec::new();
        for mut link in &self.0 {
            while let Some(node) = link.get() {
                if targets.insert(node.key.target) {
                    names.push(node.callsite.name(py));
                }
                link = &node.next;
            }
        }
        names
    }

    /// The callsite, made if there is none; `name` gives its logger's name if that isn't the target's.
    ///
    /// To be called attached: a fork while it is stored would leave the child half a link, and forks
    /// are Python's.
    pub(super) fn find_or_make(
        &self,
        key: &Key<'_>,
        name: impl FnOnce() -> Option<String>,
    ) -> &'static Callsite {
        if let Some(callsite) = self.find(key) {
            return callsite;
        }
        let key = Key {
            target: leak(key.target),
            file: leak(key.file),
            module: leak(key.module),
            ..*key
        };
        let metadata = callsite::Metadata::in_module(key.target, key.file, key.line, key.module);
        let made: &'static Node = Box::leak(Box::new(Node {
            key,
            callsite: Callsite::with_name(metadata, name()),
            next: Link::new(),
        }));
        let mut link = &self.0[key.bucket()];
        loop {
            let node = link.get_or_init(|| made);
            // Ours, or that of another thread which came first.
            if node.key == key {
                return &node.callsite;
            }
            link = &node.next;
        }
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.into())
}
