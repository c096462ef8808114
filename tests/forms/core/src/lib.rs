//! The helper crate.

/// Logs with pylog's macros and with the `log` crate.
pub fn run() {
    pylog::info!("run, with pylog");
    log::info!("run, with log");
    parse::parse();
}

mod parse {
    pub(crate) fn parse() {
        pylog::debug!("parsing, with pylog");
        log::debug!("parsing, with log");
    }
}
