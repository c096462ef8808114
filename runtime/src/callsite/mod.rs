//! Callsites: a call in the source and its static.
//!
//! Each call owns a [`Callsite`][site::Callsite], a static of 64 bytes. Its level cache holds Python's answer
//! to whether the call's logger accepts the call's level, and is all that a call reads whose level was
//! refused: the inlined check is a load, a compare and a branch.
//!
//! The first time that a call gets past this check, it asks Python. A refusal is cached, and the call is
//! off until the next [invalidation][crate::level_cache::invalidation]. An acceptance is cached, too. When
//! Python is first asked, the callsite gets a `CallsiteState`: the name of its logger and the prototype of
//! its records. The state isn't part of the static, because most calls of a program are never reached.
//!
//! Some callsites are made at run time and kept in a [table], which lives as long as the process: those of
//! the `log` crate, whose calls have no static, and one for each target that a call computes.
//!
//! An answer is cached under three conditions. The logger's `isEnabledFor` is the stock one; the hook that
//! reports changes is in place; and Python caches the answer itself, in `Logger._cache`. So a disabled
//! logger, which Python reads at each call, is also read at each call here.

pub(crate) mod questions;
pub(crate) mod site;
pub(crate) mod table;
