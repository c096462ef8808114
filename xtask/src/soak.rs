//! `cargo xtask soak`: runs `tests/python/soak.py`.

use crate::arguments::Soak;
use crate::run::{Result, command, headline, run};
use crate::{extension, python};

const HINT: &str = "The output above says what differs, and how to repeat it.";

pub(crate) fn soak(arguments: &Soak) -> Result {
    let pythons = python::all_of(&arguments.pythons)?;
    let modules = extension::build()?;
    headline("Rounds beside Python's own logger");
    let mut driver = command(&python::default()?.executable);
    driver.args(["tests/python/soak.py", &arguments.seconds, &arguments.seed]);
    driver.arg(arguments.deliveries.join(","));
    driver.args(pythons.iter().map(|python| &python.executable));
    driver
        .env("PYTHONPATH", modules)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(&mut driver, HINT)
}
