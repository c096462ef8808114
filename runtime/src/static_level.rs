//! Static levels: which calls are compiled into the binary.
//!
//! The cargo features `max_level_*` and `release_max_level_*` set one level for all modules. The environment
//! variable `PYLOG_MAX_LEVEL` can set a level for each module. The more restrictive of the two applies. All
//! functions are `const`, because at opt-level 0 only a constant condition keeps the message of a call out of
//! the binary.
//!
//! The variable is read only while this crate is compiled. So a mistake in it is reported once, and when it
//! changes, cargo rebuilds this crate and all crates that depend on it. If it isn't set, a call at a named
//! level uses a constant of [`allowed`], which compiles faster than a call of [`allows`].

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

const DIRECTIVES: &str = match option_env!("PYLOG_MAX_LEVEL") {
    Some(directives) => directives,
    None => "",
};

const _: () = if let Err(mistake) = check(DIRECTIVES) {
    panic!("{}", mistake.text().as_str())
};

/// The static maximum that allows no call.
const OFF: Level = Level::new(i32::MAX);
/// The static maximum that allows every call.
const ALL: Level = Level::new(i32::MIN);

/// The levels by the names that `PYLOG_MAX_LEVEL` and the features use, the most restrictive first.
const NAMED_LEVELS: [(&str, Level); 7] = [
    ("off", OFF),
    ("critical", Level::CRITICAL),
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// The end of each error message.
const ACCEPTED: &[u8] = b"; accepted: LEVEL or module::path=LEVEL, separated by commas, \
     where LEVEL is one of off, critical, error, warn, info, debug, trace";

/// The most restrictive level that is set. `set` has the order of [`NAMED_LEVELS`].
const fn level_of_features(set: [bool; NAMED_LEVELS.len()]) -> Level {
    let mut i = 0;
    while i < NAMED_LEVELS.len() {
        if set[i] {
            return NAMED_LEVELS[i].1;
        }
        i += 1;
    }
    ALL
}

const fn more_restrictive(a: Level, b: Level) -> Level {
    if a.levelno() > b.levelno() { a } else { b }
}

/// The level that `directives` set for `module_path`, without those that are malformed.
const fn directed_level(directives: &str, module_path: &str) -> Level {
    let (mut level, mut longest) = (ALL, 0);
    let mut rest = directives.as_bytes();
    while let Some((directive, tail)) = next(rest) {
        rest = tail;
        if let Ok((path, its_level)) = parse(directive) {
            // The longest path decides. If two directives have the same path, the last one decides.
            if path.len() >= longest && covers(path, module_path.as_bytes()) {
                (level, longest) = (its_level, path.len());
            }
        }
    }
    level
}

const fn check(directives: &str) -> Result<(), Mistake<'_>> {
    let mut rest = directives.as_bytes();
    while let Some((directive, tail)) = next(rest) {
        if let Err(mistake) = parse(directive) {
            return Err(mistake);
        }
        rest = tail;
    }
    Ok(())
}

/// A directive and what is wrong with it.
struct Mistake<'a>(&'a [u8], &'static str);

/// The module path and the level of `path=level`. `level` alone has an empty path, which covers all modules.
const fn parse(directive: &[u8]) -> Result<(&[u8], Level), Mistake<'_>> {
    let (path, name): (&[u8], _) = match split(directive, b'=') {
        None => (&[], directive),
        Some((path, _)) if !is_module_path(path) => {
            return Err(Mistake(directive, "has no module path before `=`"));
        }
        Some(path_and_name) => path_and_name,
    };
    let mut i = 0;
    while i < NAMED_LEVELS.len() {
        if equal_ignoring_case(name, NAMED_LEVELS[i].0.as_bytes()) {
            return Ok((path, NAMED_LEVELS[i].1));
        }
        i += 1;
    }
    Err(Mistake(directive, "names no level"))
}

/// The first directive that isn't empty, and the rest after it.
const fn next(mut rest: &[u8]) -> Option<(&[u8], &[u8])> {
    while !rest.is_empty() {
        let (directive, tail): (_, &[u8]) = match split(rest, b',') {
            Some(parts) => parts,
            None => (rest.trim_ascii(), &[]),
        };
        if !directive.is_empty() {
            return Some((directive, tail));
        }
        rest = tail;
    }
    None
}

/// The parts before and after the first `separator`, without spaces around them.
const fn split(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == separator {
            let (before, after) = (bytes.split_at(i).0, bytes.split_at(i + 1).1);
            return Some((before.trim_ascii(), after.trim_ascii()));
        }
        i += 1;
    }
    None
}

/// Whether `path` is `module_path` or one of its parents.
const fn covers(path: &[u8], module_path: &[u8]) -> bool {
    if path.is_empty() {
        return true;
    }
    if path.len() > module_path.len() {
        return false;
    }
    let (head, tail) = module_path.split_at(path.len());
    equal_ignoring_case(head, path) && (tail.is_empty() || tail[0] == b':')
}

/// Whether `path` is identifiers with `::` between them, as in `module_path!()`.
const fn is_module_path(path: &[u8]) -> bool {
    let mut segment_is_empty = true;
    let mut i = 0;
    while i < path.len() {
        match path[i] {
            b':' => {
                if segment_is_empty || i + 1 == path.len() || path[i + 1] != b':' {
                    return false;
                }
                segment_is_empty = true;
                i += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'#' | 0x80.. => {
                segment_is_empty = false;
            }
            _ => return false,
        }
        i += 1;
    }
    !segment_is_empty
}

/// Compares names of levels, which may be in upper case, and module paths, which don't differ only in case.
const fn equal_ignoring_case(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if !a[i].eq_ignore_ascii_case(&b[i]) {
            return false;
        }
        i += 1;
    }
    true
}

impl Mistake<'_> {
    const fn text(&self) -> Text {
        Text::new()
            .with(b"PYLOG_MAX_LEVEL: the directive `")
            .with(self.0)
            .with(b"` ")
            .with(self.1.as_bytes())
            .with(ACCEPTED)
    }
}

/// The buffer of an error message, since a panic in a const context can't format. Text that doesn't fit is
/// cut off.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl Text {
    const fn new() -> Text {
        Text {
            bytes: [0; 1024],
            len: 0,
        }
    }

    const fn with(mut self, part: &[u8]) -> Text {
        let mut i = 0;
        while i < part.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = part[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "PYLOG_MAX_LEVEL is malformed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(directives: &str) -> Option<String> {
        let text = check(directives).err()?.text().as_str().to_owned();
        assert!(
            text.ends_with(std::str::from_utf8(ACCEPTED).unwrap()),
            "{text}"
        );
        Some(text.split(';').next().unwrap().to_owned())
    }

    #[test]
    fn the_longest_path_decides_in_any_order() {
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
            assert_eq!(
                directed_level(DIRECTIVES, module_path),
                level,
                "{module_path}"
            );
        }
        assert_eq!(directed_level("a=off,info,warn,a=error", "a"), Level::ERROR);
        assert_eq!(directed_level("a=off,info,warn,a=error", "b"), Level::WARN);
        assert_eq!(directed_level("", "a"), ALL);
        assert_eq!(mistake(DIRECTIVES), None);
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
            assert_eq!(
                mistake(directives),
                Some(format!("PYLOG_MAX_LEVEL: {text}"))
            );
        }
    }

    #[test]
    fn the_most_restrictive_feature_wins() {
        let set =
            |names: &[&str]| level_of_features(NAMED_LEVELS.map(|(name, _)| names.contains(&name)));
        assert_eq!(set(&[]), ALL);
        assert_eq!(set(&["trace", "warn", "info"]), Level::WARN);
        assert_eq!(set(&["off", "trace"]), OFF);
    }
}
