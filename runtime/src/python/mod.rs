//! The Python interpreter: attaching to it, its library, its end, its forks, its threads.
//!
//! Nothing here makes a record or calls a logger.

pub(crate) mod asyncio;
pub(crate) mod attach;
pub(crate) mod context;
pub(crate) mod exit;
pub(crate) mod fork;
pub(crate) mod frame;
pub(crate) mod garbage;
pub(crate) mod kept;
pub(crate) mod library;
pub(crate) mod loose;
pub(crate) mod nesting;
pub(crate) mod process;
pub(crate) mod raised;
pub(crate) mod watchdog;
