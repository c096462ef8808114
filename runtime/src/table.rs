//! Callsites made at run time.
//!
//! The calls of the `log` crate have no static of their own, and a call whose target is found when it
//! is reached needs one for each target. They get them here when they are first reached, and from then
//! on everything is as with other calls. Neither finding nor making one takes a lock, so it may happen
//! anywhere: detached, in a forked child, while another thread does the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::callsite::Callsite;

/// What distinguishes calls. What isn't known of one is empty.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub(crate) target: &'a str,
    /// Of the call's own static.
    pub(crate) address: usize,
    pub(crate) levelno: i32,
    pub(crate) line: u32,
    pub(crate) file: &'a str,
    pub(crate) module: &'a str,
}

impl Key<'_> {
    fn bucket(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        // File and module seldom tell more than these.
        (self.target, self.address, self.levelno, self.line).hash(&mut hasher);
        hasher.finish() as usize % BUCKETS
    }

    fn leak(self) -> Key<'static> {
        let leak = |text: &str| -> &'static str { Box::leak(text.into()) };
        Key {
            target: leak(self.target),
            file: leak(self.file),
            module: leak(self.module),
            ..self
        }
    }
}

const BUCKETS: usize = 1024;

/// Grows, and never forgets: a program has so many calls, and Python's `Manager` so many loggers.
pub(crate) struct Table([Link; BUCKETS]);

/// Where a node is in [`NODES`], plus one; 0 at the end.
struct Link(AtomicU32);

struct Node {
    key: Key<'static>,
    callsite: Callsite,
    next: Link,
}

/// Of all tables.
static NODES: boxcar::Vec<Node> = boxcar::Vec::new();

impl Link {
    fn get(&self) -> Option<&'static Node> {
        let place = self.0.load(Ordering::Acquire);
        place.checked_sub(1).map(|index| &NODES[index as usize])
    }

    /// The node, or the one that somebody else put there first.
    fn get_or_set(&self, place: u32) -> &'static Node {
        let exchange = self
            .0
            .compare_exchange(0, place, Ordering::AcqRel, Ordering::Acquire);
        &NODES[exchange.err().unwrap_or(place) as usize - 1]
    }
}

impl Table {
    pub(crate) const fn new() -> Table {
        Table([const { Link(AtomicU32::new(0)) }; BUCKETS])
    }

    /// The callsite of a call, made when the call is first reached.
    pub(crate) fn find_or_make(
        &self,
        key: &Key<'_>,
        make: impl FnOnce(&Key<'static>) -> Callsite,
    ) -> &'static Callsite {
        let mut link = &self.0[key.bucket()];
        while let Some(node) = link.get() {
            if node.key == *key {
                return &node.callsite;
            }
            link = &node.next;
        }
        let key = key.leak();
        let place = NODES.push(Node {
            callsite: make(&key),
            key,
            next: Link(AtomicU32::new(0)),
        });
        loop {
            let node = link.get_or_set(place as u32 + 1);
            // Ours, or that of another thread for the same call.
            if node.key == key {
                return &node.callsite;
            }
            link = &node.next;
        }
    }

    /// A callsite for each target.
    #[cfg(feature = "log")]
    pub(crate) fn targets(&self) -> Vec<&'static Callsite> {
        let mut targets = std::collections::HashMap::new();
        for mut link in &self.0 {
            while let Some(node) = link.get() {
                targets.insert(node.key.target, &node.callsite);
                link = &node.next;
            }
        }
        targets.into_values().collect()
    }
}
