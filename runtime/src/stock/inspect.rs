//! What a person can be told of the table: the public [`explain`], and the rows for `cargo xtask fingerprints` and the tests.

use pyo3::prelude::*;

use super::look::{Look, function_of};
use super::snapshot;
use super::table::{self, Expected, Part, ROWS, State, TABLE};
use super::{explain, fingerprint, known, watch};
use crate::raw::thin::{Exception, Result};

/// Why Python does some of the work on records, in sentences for a person. Empty if pylog does all of it.
///
/// pylog makes and handles a record without Python code where it knows what Python's code would do: where the functions
/// of `logging` are those of CPython, and where CPython reports changes. Without its feature `fast-path` it never does. The
/// environment variable `PYLOG_EXPLAIN=1` has these sentences written to stderr when pylog finds out, also those about
/// single handlers.
///
/// ```
/// # pyo3::Python::attach(|py| {
/// for reason in pylog::explain(py) {
///     println!("{reason}");
/// }
/// # });
/// ```
pub fn explain(py: Python<'_>) -> Vec<String> {
    if !cfg!(feature = "fast-path") {
        return vec![explain::NO_FAST_PATH.to_owned()];
    }
    let snapshot = match watch::watchers(py) {
        Some(_) => snapshot::current(py, Part::ALL),
        None => snapshot::for_records(py),
    };
    snapshot.map_or_else(Vec::new, |snapshot| snapshot.sentences())
}

/// A function of the table in this interpreter.
#[derive(Debug)]
pub struct Function {
    /// Its qualified name.
    pub name: &'static str,
    /// Its fingerprint.
    pub fingerprint: u64,
    /// Whether the fingerprint is that of a known version of CPython.
    pub is_known: bool,
}

/// The functions of the table in this interpreter.
///
/// # Errors
/// The exception that Python raises.
pub fn functions(py: Python<'_>) -> PyResult<Vec<Function>> {
    let find = || -> Result<Vec<Function>> {
        let look = Look::at_rows(Part::ALL, None, py)?;
        let mut functions = Vec::new();
        for row in ROWS {
            if let (Expected::Function(place), Some(object)) =
                (&TABLE[row as usize].expected, look.object(row))
            {
                let function = function_of(object)?;
                let fingerprint = fingerprint::of(&function)?;
                functions.push(Function {
                    name: known::name(*place),
                    fingerprint,
                    is_known: known::contains(*place, fingerprint),
                });
            }
        }
        Ok(functions)
    };
    find().map_err(Exception::into_inner)
}

/// A row of the table.
#[derive(Debug)]
pub struct RowState {
    /// Where its object is: `logging.Handler.emit`.
    pub path: String,
    /// `Function`, `Setting`, and so on.
    pub expected: &'static str,
    /// Whether it is as expected.
    pub is_as_expected: bool,
    /// The number of the snapshot. It is another one when any row is another object.
    pub snapshot: usize,
}

/// The rows of the table, as they are at this moment.
pub fn rows(py: Python<'_>) -> Vec<RowState> {
    let Some(snapshot) = snapshot::current(py, Part::ALL) else {
        return Vec::new();
    };
    let state = |row: &table::Row| RowState {
        path: table::path(*row),
        expected: match TABLE[*row as usize].expected {
            Expected::Function(_) => "Function",
            Expected::Builtin(_) => "Builtin",
            Expected::Module(_) => "Module",
            Expected::RecordClass => "RecordClass",
            Expected::Class(_) => "Class",
            Expected::OfObject => "OfObject",
            Expected::Same(_) => "Same",
            Expected::Str(_) => "Str",
            Expected::Absent => "Absent",
            Expected::Setting => "Setting",
        },
        is_as_expected: snapshot.state(*row) == State::AsExpected,
        snapshot: snapshot.number(),
    };
    ROWS.iter().map(state).collect()
}
