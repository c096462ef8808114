//! The extension `pylog_templates`, which logs with message templates.

use std::fmt;

use pyo3::prelude::*;

/// A value whose `Display` does something unusual.
struct Peculiar<'a>(&'a str);

impl fmt::Display for Peculiar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "logs" => pylog::info!("nested {} {}", 1, "two"),
            "fails" => return f.write_str("half").and(Err(fmt::Error)),
            // The text that marks an argument, but at another address.
            "mark" => return f.write_str(&["an argument ", "begins"].concat()),
            _ => {}
        }
        f.write_str(self.0)
    }
}

#[pylog::module]
#[pymodule]
mod pylog_templates {
    use super::*;

    /// Logs messages of every form, and returns the texts that `format!` gives for them.
    #[pyfunction]
    fn log_all() -> Vec<String> {
        let mut expected = Vec::new();
        macro_rules! log {
            ($($message:tt)*) => {{
                pylog::info!($($message)*);
                expected.push(format!($($message)*));
            }};
        }
        macro_rules! log_literal {
            ($format:literal, $value:expr) => {
                log!($format, $value)
            };
        }
        let (n, t, name) = (10, 0.254, "näh");
        let (width, precision) = (8, 3);
        log!("loaded {n} rows in {t:.2}s");
        log!("nothing to insert");
        log!("100% of nothing");
        log!("{n}% of {{{name}}} and 5%s %d %%",);
        log!("{}{}{}", 1, "", 'c',);
        log!("{1} {0} {1}", "zero", "one");
        log!("{a} {} {b:?}", "positional", a = "named", b = "debug");
        log!(
            "{n:>width$} {t:.precision$} {t:>width$.precision$} {:.*} {:>3$}",
            2,
            0.254,
            10,
            8
        );
        log!("{n:#x} {n:08b} {n:+} {t:e} {name:?} {name:^9} {name:*<9}");
        log!("{:?} {:#?}", [1, 2], Some("x"));
        log!("{}", "%s %(name)s %%");
        log!("{} {}", Peculiar("mark"), Peculiar("logs"));
        log!(r"raw \n {n}");
        log!("line\nbreak \u{1F600} {n}");
        log_literal!("through a macro: {}", n);
        log!(concat!("no literal: ", "{}"), n);
        log!("{}", "x".repeat(5000));
        expected
    }

    /// Logs a value whose `Display` fails, and message templates together with key-values and options.
    #[pyfunction]
    fn log_more(logger: Bound<'_, PyAny>) {
        let n = 1;
        pylog::info!("{} and {n}", Peculiar("fails"));
        pylog::info!(answer = 42, exc_info = true; "with {n}");
        pylog::info!(logger: &logger, every_n: 1, "to {n}");
    }
}
