//! Calls at every level in several modules.

use std::sync::atomic::{AtomicUsize, Ordering};

static EVALUATIONS: AtomicUsize = AtomicUsize::new(0);

/// Counts how often it is called. As an argument it must be evaluated only if the call logs.
fn evaluate(levelno: i32) -> i32 {
    EVALUATIONS.fetch_add(1, Ordering::Relaxed);
    levelno
}

pub(crate) fn evaluations() -> usize {
    EVALUATIONS.load(Ordering::Relaxed)
}

macro_rules! calls {
    ($($option:tt)*) => {
        pub(crate) fn call(levelno: i32) {
            use $crate::calls::evaluate;
            use pylog::Level;
            match levelno {
                5 => pylog::trace!($($option)* "level {}", evaluate(levelno)),
                10 => pylog::debug!($($option)* "level {}", evaluate(levelno)),
                20 => pylog::info!($($option)* "level {}", evaluate(levelno)),
                25 => pylog::log!($($option)* Level::new(25), "level {}", evaluate(levelno)),
                30 => pylog::warn!($($option)* "level {}", evaluate(levelno)),
                40 => pylog::error!($($option)* "level {}", evaluate(levelno)),
                50 => pylog::critical!($($option)* "level {}", evaluate(levelno)),
                _ => {
                    let level = Level::new(levelno);
                    pylog::log!($($option)* level, "level {}", evaluate(levelno));
                }
            }
        }

        pub(crate) fn enabled(levelno: i32) -> bool {
            use pylog::Level;
            match levelno {
                10 => pylog::enabled!($($option)* Level::DEBUG),
                20 => pylog::enabled!($($option)* Level::INFO),
                _ => {
                    let level = Level::new(levelno);
                    pylog::enabled!($($option)* level)
                }
            }
        }
    };
}

mod alpha {
    calls!();
    pub(crate) mod inner {
        calls!();
    }
}

mod beta {
    pub(crate) mod deep {
        pub(crate) mod er {
            calls!();
        }
    }
}

mod elsewhere {
    calls!(target: "elsewhere::place",);
}

mod dynamic {
    fn target() -> String {
        ["dynamic", "place"].join("::")
    }
    calls!(target: &target(),);
}

/// The same functions with the `log` crate, which has fewer levels.
macro_rules! log_calls {
    ($($option:tt)*) => {
        pub(crate) fn call(levelno: i32) {
            use $crate::calls::evaluate;
            match levelno {
                5 => log::trace!($($option)* "level {}", evaluate(levelno)),
                10 => log::debug!($($option)* "level {}", evaluate(levelno)),
                20 => log::info!($($option)* "level {}", evaluate(levelno)),
                30 => log::warn!($($option)* "level {}", evaluate(levelno)),
                _ => log::error!($($option)* "level {}", evaluate(levelno)),
            }
        }

        pub(crate) fn enabled(levelno: i32) -> bool {
            match levelno {
                5 => log::log_enabled!($($option)* log::Level::Trace),
                10 => log::log_enabled!($($option)* log::Level::Debug),
                20 => log::log_enabled!($($option)* log::Level::Info),
                30 => log::log_enabled!($($option)* log::Level::Warn),
                _ => log::log_enabled!($($option)* log::Level::Error),
            }
        }
    };
}

mod logged {
    log_calls!();
    pub(crate) mod inner {
        log_calls!();
    }
    pub(crate) mod elsewhere {
        log_calls!(target: "elsewhere::logged",);
    }
}

/// The calls of one module: the end of their logger's name, and functions that make them.
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) call: fn(i32),
    pub(crate) enabled: fn(i32) -> bool,
}

pub(crate) fn site(name: &str) -> &'static Site {
    macro_rules! site {
        ($name:literal, $($module:ident)::+) => {
            Site {
                name: $name,
                call: $($module)::+::call,
                enabled: $($module)::+::enabled,
            }
        };
    }
    static SITES: [Site; 8] = [
        site!("alpha", alpha),
        site!("alpha.inner", alpha::inner),
        site!("beta.deep.er", beta::deep::er),
        site!("elsewhere.place", elsewhere),
        site!("dynamic.place", dynamic),
        site!("logged", logged),
        site!("logged.inner", logged::inner),
        site!("elsewhere.logged", logged::elsewhere),
    ];
    let site = SITES.iter().find(|site| site.name == name);
    site.unwrap_or_else(|| panic!("no site {name}"))
}
