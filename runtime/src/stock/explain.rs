//! Why Python makes or handles records, instead of pylog, in words.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::look::Found;
use super::table::{self, Part, ROWS, Row, State, TABLE};
use crate::raw::system;

const VARIABLE: &str = "PYLOG_EXPLAIN";

/// Why Python does some of the work, in sentences: what the rows are found to be, and whether changes are reported.
pub(super) fn sentences(rows: &[Found], is_watched: bool) -> Vec<String> {
    let rows = ROWS.iter().zip(rows);
    let mut sentences: Vec<_> = rows
        .filter_map(|(row, found)| sentence(*row, found.state))
        .collect();
    if !is_watched {
        sentences.push(
            "this Python doesn't report changes of `logging`, so that pylog looks for them at each record, and Python's code \
             handles the records"
                .to_owned(),
        );
    }
    sentences
}

fn sentence(row: Row, state: State) -> Option<String> {
    let reason = match state {
        // What is missing hasn't been imported, such as `logging.handlers`.
        State::NotLookedUp | State::AsExpected | State::Missing => return None,
        State::Unknown => "isn't one that pylog knows",
        State::Exhausted => {
            "belongs to a class that has changed so often that CPython reports no more changes"
        }
    };
    let what = what(TABLE[row as usize].parts);
    Some(format!("`{}` {reason}, so Python {what}", table::path(row)))
}

fn what(parts: Part) -> &'static str {
    if parts.overlaps(Part::RECORD) {
        "makes the records"
    } else if parts.overlaps(Part::LOGGER) {
        "calls the handlers"
    } else if parts.overlaps(Part::THREAD_NAME) {
        "tells the names of threads"
    } else {
        "handles or formats the records of which that has a say"
    }
}

/// Whether the program asks for explanations.
pub(crate) fn is_wanted() -> bool {
    static IS_WANTED: OnceLock<bool> = OnceLock::new();
    *IS_WANTED.get_or_init(|| std::env::var_os(VARIABLE).is_some_and(|value| value != "0"))
}

/// What there is to say without the feature `fast-path`.
pub(super) const NO_FAST_PATH: &str = "this extension is built without pylog's feature `fast-path`, so Python makes and handles the records";

/// Whether pylog is built with the feature `fast-path`. If not, writes so once, if the program asks for explanations.
#[inline]
pub(crate) fn has_fast_path() -> bool {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    let has_one = cfg!(feature = "fast-path");
    if !has_one && is_wanted() && !REPORTED.swap(true, Ordering::Relaxed) {
        system::write_line(format_args!("{NO_FAST_PATH}"));
    }
    has_one
}

/// Writes why Python does some of the work, if the program asks for it.
pub(super) fn report(rows: &[Found], is_watched: bool) {
    if is_wanted() {
        let sentences = sentences(rows, is_watched);
        sentences
            .iter()
            .for_each(|reason| system::write_line(format_args!("{reason}")));
    }
}
