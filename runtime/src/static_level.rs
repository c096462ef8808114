//! Static levels: which calls are compiled into the binary.
//!
//! The cargo features `max_level_*` and `release_max_level_*` set one level for all modules. The environment
//! variable `PYLOG_MAX_LEVEL` can set a level for each module. The more restrictive of the two applies. All
//! functions are `const`, because at opt-level 0 only a constant condition keeps the message of a call out of
//! the binary.
//!
//! The build script reads the variable, so a mistake in it is reported once, and when it changes, cargo
//! rebuilds this crate and all crates that depend on it. If it isn't set, a call at a named level uses a
//! constant of [`allowed`], which compiles faster than a call of [`allows`].

use crate::level::Level;

/// The static maximum level that the cargo features set. Less severe calls are not in the binary.
///
/// Without such a feature it is below every level, and with `max_level_off` it is above every level.
/// `PYLOG_MAX_LEVEL` can only restrict it further, by module.
///
/// ```
/// // No feature is set where this example is built.
/// assert!(pylog::STATIC_MAX_LEVEL < pylog::Level::TRACE);
/// ```
pub const STATIC_MAX_LEVEL: Level = {
    let every_build = level_of_features([
        cfg!(feature = "max_level_off"),
        cfg!(feature = "max_level_critical"),
        cfg!(feature = "max_level_error"),
        cfg!(feature = "max_level_warn"),
        cfg!(feature = "max_level_info"),
        cfg!(feature = "max_level_debug"),
        cfg!(feature = "max_level_trace"),
    ]);
    let release_build = level_of_features([
        cfg!(feature = "release_max_level_off"),
        cfg!(feature = "release_max_level_critical"),
        cfg!(feature = "release_max_level_error"),
        cfg!(feature = "release_max_level_warn"),
        cfg!(feature = "release_max_level_info"),
        cfg!(feature = "release_max_level_debug"),
        cfg!(feature = "release_max_level_trace"),
    ]);
    if cfg!(debug_assertions) {
        every_build
    } else {
        more_restrictive(every_build, release_build)
    }
};

/// Whether the static maximum in `module_path` allows `level`.
pub const fn allows(level: Level, module_path: &str) -> bool {
    level.levelno() >= max_level(module_path).levelno()
}

/// Whether [`STATIC_MAX_LEVEL`] allows each of the named levels.
#[allow(missing_docs, reason = "the name says it")]
pub mod allowed {
    use crate::level::Level;
    use crate::static_level::STATIC_MAX_LEVEL;

    const fn allows(level: Level) -> bool {
        level.levelno() >= STATIC_MAX_LEVEL.levelno()
    }

    pub const TRACE: bool = allows(Level::TRACE);
    pub const DEBUG: bool = allows(Level::DEBUG);
    pub const INFO: bool = allows(Level::INFO);
    pub const WARN: bool = allows(Level::WARN);
    pub const ERROR: bool = allows(Level::ERROR);
    pub const CRITICAL: bool = allows(Level::CRITICAL);
}

/// The static maximum level in `module_path`.
pub const fn max_level(module_path: &str) -> Level {
    more_restrictive(STATIC_MAX_LEVEL, directed_level(DIRECTIVES, module_path))
}

/// The directives of `PYLOG_MAX_LEVEL`: module path and level, the shortest path first.
const DIRECTIVES: &[(&str, i32)] = include!(concat!(env!("OUT_DIR"), "/directives.rs"));

/// The static maximum that allows every call.
const ALL: Level = Level::new(i32::MIN);

/// The most restrictive level that is set. `set` begins with `off` and ends with `trace`.
const fn level_of_features(set: [bool; 7]) -> Level {
    const LEVELS: [Level; 7] = [
        Level::new(i32::MAX),
        Level::CRITICAL,
        Level::ERROR,
        Level::WARN,
        Level::INFO,
        Level::DEBUG,
        Level::TRACE,
    ];
    let mut i = 0;
    while i < LEVELS.len() {
        if set[i] {
            return LEVELS[i];
        }
        i += 1;
    }
    ALL
}

const fn more_restrictive(a: Level, b: Level) -> Level {
    if a.levelno() > b.levelno() { a } else { b }
}

/// The level that `directives` set for `module_path`. The longest path decides, and of several directives
/// for one path the last one.
const fn directed_level(directives: &[(&str, i32)], module_path: &str) -> Level {
    let mut level = ALL;
    let mut i = 0;
    while i < directives.len() {
        if covers(directives[i].0.as_bytes(), module_path.as_bytes()) {
            level = Level::new(directives[i].1);
        }
        i += 1;
    }
    level
}

/// Whether `path` is `module_path` or one of its parents, or empty. Module paths don't differ only in case.
const fn covers(path: &[u8], module_path: &[u8]) -> bool {
    let mut i = 0;
    while i < path.len() {
        if i >= module_path.len() || !path[i].eq_ignore_ascii_case(&module_path[i]) {
            return false;
        }
        i += 1;
    }
    i == 0 || i == module_path.len() || module_path[i] == b':'
}

#[cfg(test)]
#[allow(dead_code, reason = "the tests don't run `main`")]
#[path = "../build.rs"]
mod build;

#[cfg(test)]
mod tests {
    use super::build::parse;
    use super::*;

    #[test]
    fn the_longest_path_decides_in_any_order() {
        let directed = |directives: &str, module_path| {
            directed_level(&parse(directives).unwrap(), module_path)
        };
        const OFF: Level = Level::new(i32::MAX);
        const DIRECTIVES: &str = "a::hot=off, INFO ,a=warn,a::hot::loop=trace,";
        for (module_path, level) in [
            ("other", Level::INFO),
            ("a", Level::WARN),
            ("a::hot", OFF),
            ("a::hotter", Level::WARN),
            ("a::hot::inner", OFF),
            ("a::hot::loop::x", Level::TRACE),
            ("ab", Level::INFO),
        ] {
            assert_eq!(directed(DIRECTIVES, module_path), level, "{module_path}");
        }
        assert_eq!(directed("a=off,info,warn,a=error", "a"), Level::ERROR);
        assert_eq!(directed("a=off,info,warn,a=error", "b"), Level::WARN);
        assert_eq!(directed("Warning", "b"), Level::WARN);
        assert_eq!(directed("", "a"), ALL);
    }

    #[test]
    fn an_error_message_names_the_directive() {
        for (directives, text) in [
            ("loud", "the directive `loud` names no level"),
            ("info,a::b=", "the directive `a::b=` names no level"),
            ("a=info=warn", "the directive `a=info=warn` names no level"),
            (
                "=info",
                "the directive `=info` has no module path before `=`",
            ),
            (
                "a.b=info",
                "the directive `a.b=info` has no module path before `=`",
            ),
            (
                "a:b=info",
                "the directive `a:b=info` has no module path before `=`",
            ),
            (
                "a::=info",
                "the directive `a::=info` has no module path before `=`",
            ),
            (
                "a-b=info",
                "the directive `a-b=info` has no module path before `=`",
            ),
        ] {
            let mistake = parse(directives).unwrap_err();
            assert!(
                mistake.starts_with(&format!("{text}; accepted: ")),
                "{mistake}"
            );
            assert!(mistake.ends_with("off, critical, error, warn, info, debug, trace"));
        }
    }

    #[test]
    fn the_most_restrictive_feature_wins() {
        let set =
            |index: &[usize]| level_of_features(std::array::from_fn(|it| index.contains(&it)));
        assert_eq!(set(&[]), ALL);
        assert_eq!(set(&[6, 3, 4]), Level::WARN);
        assert_eq!(set(&[0, 6]), Level::new(i32::MAX));
    }
}
