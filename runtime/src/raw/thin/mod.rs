//! Operations on Python objects that are as small as a call of CPython's own function.
//!
//! PyO3's operations are generic and inlined: each use is compiled again, with its checks, the drops of its values and
//! what happens if it panics. A function that calls Python thirty times is four times as large as it would have to be. The
//! functions here are compiled once, and a use is a call, a test and a branch. PyO3 stays where values of the user's types
//! are converted, where functions are given to Python, and in what runs once.
//!
//! The rules:
//!
//! - An [`Object`] owns a reference. A `&Bound` borrows one. Both prove that the thread is attached.
//! - No exception stays set: an operation that fails takes the exception and returns it as an
//!   [`Exception`](Exception). To ignore it is to drop it.
//! - Nothing here panics, and no function that is declared `extern "C"` unwinds. A caller needs no code for that.
//! - The functions are those of the limited API that PyPy has, too.

mod name;
mod new;
mod object;
mod operations;

pub(super) use self::operations::call_by;

pub(crate) use self::name::Name;
pub(crate) use self::new::{dict, float, number, run_program, text, tuple};
pub(crate) use self::object::{Exception, Object, Result, Stored};
pub(crate) use self::operations::{Thin, check_signals};
