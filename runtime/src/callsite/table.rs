//! Callsites that are made at run time.
//!
//! Neither finding nor making one takes a lock, so it can happen anywhere: detached, in a forked child,
//! while another thread does the same.

use super::site::Callsite;
use crate::hash::Hash;
use crate::index::AtomicIndex;
use crate::level_cache::cache::LevelCache;
use crate::raw::list::List;

/// The properties that distinguish calls. Unknown ones are empty.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub(crate) target: &'a str,
    /// The address of the call's own static.
    pub(crate) address: usize,
    pub(crate) levelno: i32,
    pub(crate) line: u32,
    pub(crate) file: &'a str,
    pub(crate) module: &'a str,
}

impl Key<'_> {
    /// Most files differ in their last bytes. Hashing more would take longer than the rest of the look-up.
    fn hash(&self) -> u64 {
        let mut hash = Hash::new();
        let end = self.file.len().saturating_sub(16);
        hash.add(self.target.as_bytes());
        hash.add(&self.address.to_le_bytes());
        hash.add(&self.levelno.to_le_bytes());
        hash.add(&self.line.to_le_bytes());
        hash.add(&self.file.as_bytes()[end..]);
        hash.value()
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

/// Nodes that each node points to. The hash of a key has room for 32 levels of them.
const CHILDREN: usize = 4;

/// A tree, which only ever grows, as Python's `Manager` keeps its loggers. Each level takes other bits of a
/// key's hash, so that finding a callsite takes a number of steps that is logarithmic in their number.
#[derive(Debug)]
pub(crate) struct Table(AtomicIndex);

struct Node {
    key: Key<'static>,
    callsite: Callsite,
    children: [AtomicIndex; CHILDREN],
}

/// The nodes of all tables.
static NODES: List<Node> = List::new();

impl Table {
    pub(crate) const fn new() -> Table {
        Table(AtomicIndex::none())
    }

    /// The callsite of a call, made when the call is first reached.
    pub(crate) fn find_or_make(
        &self,
        key: &Key<'_>,
        make: &dyn Fn(&Key<'static>) -> Callsite,
    ) -> &'static Callsite {
        let mut hash = key.hash();
        let mut child = |node: &'static Node| {
            hash = hash.rotate_right(CHILDREN.ilog2());
            &node.children[hash as usize % CHILDREN]
        };
        let mut link = &self.0;
        while let Some(index) = link.get() {
            let node = &NODES[index];
            if node.key == *key {
                return &node.callsite;
            }
            link = child(node);
        }
        let key = key.leak();
        let index = NODES.push(Node {
            callsite: make(&key),
            key,
            children: [const { AtomicIndex::none() }; CHILDREN],
        });
        loop {
            let node = &NODES[link.get_or_set(index)];
            // The new node, or the node of another thread for the same call.
            if node.key == key {
                return &node.callsite;
            }
            link = child(node);
        }
    }

    /// One callsite for each target.
    #[cfg(feature = "log")]
    pub(crate) fn targets(&self) -> Vec<&'static Callsite> {
        let mut targets: Vec<(&str, &'static Callsite)> = Vec::new();
        let mut links = vec![&self.0];
        while let Some(link) = links.pop() {
            if let Some(index) = link.get() {
                let node = &NODES[index];
                if targets.iter().all(|it| it.0 != node.key.target) {
                    targets.push((node.key.target, &node.callsite));
                }
                links.extend(&node.children);
            }
        }
        targets.into_iter().map(|it| it.1).collect()
    }
}

impl Callsite {
    /// The callsite of the same call for another target.
    pub fn for_target(&'static self, target: &str) -> &'static Callsite {
        static CALLS: Table = Table::new();
        let key = Key {
            target,
            address: std::ptr::from_ref(self) as usize,
            ..Key::default()
        };
        CALLS.find_or_make(&key, &|key| {
            let metadata = self.metadata().with_target(key.target);
            Callsite::at_run_time(metadata, LevelCache::new(), None, false)
        })
    }
}
