//! A crate that re-exports pylog under another name.

pub use renamed as logging;

/// Logs a note, through a macro of this crate.
#[macro_export]
macro_rules! note {
    ($($arg:tt)*) => {
        $crate::logging::info!(target: "reexport::note", $($arg)*)
    };
}

/// Logs from this crate, where pylog has the name `renamed`.
pub fn log_here() {
    renamed::info!(target: "reexport::here", "from the crate with the renamed dependency");
}
