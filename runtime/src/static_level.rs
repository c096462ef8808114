//! What is decided while compiling: which calls are in the binary at all.
//!
//! Two things have a say, and the more restrictive wins: the cargo features `max_level_*` and
//! `release_max_level_*`, which hold everywhere, and the environment variable `PYLOG_MAX_LEVEL`,
//! which holds by module. Everything here is a `const fn`, because a call asks in a const block or
//! a constant: at opt-level 0 nothing less keeps its message out of the binary.
//!
//! The variable is read here and nowhere else. That reports a mistake in it once, and makes cargo
//! rebuild this crate, and so every crate with calls in it, when it changes. Where it isn't set, as mostly,
//! a call asks a constant of [`allowed`], which costs the compiler less.

use crate::level::Level;

/// The static maximum level that the cargo features set: less severe calls are not in the binary.
///
/// Without a feature it is below every level. `max_level_off` puts it above every level.
/// `PYLOG_MAX_LEVEL` can only restrict it further, by module.
///
/// ```
/// // No feature is set where this example is built.
/// assert!(pylog::STATIC_MAX_LEVEL < pylog::Level::TRACE);
/// ```
pub const STATIC_MAX_LEVEL: Level = {
    let dev = of_features([
        cfg!(feature = "max_level_off"),
        cfg!(feature = "max_level_critical"),
        cfg!(feature = "max_level_error"),
        cfg!(feature = "max_level_warn"),
        cfg!(feature = "max_level_info"),
        cfg!(feature = "max_level_debug"),
        cfg!(feature = "max_level_trace"),
    ]);
    let release = of_features([
        cfg!(feature = "release_max_level_off"),
        cfg!(feature = "release_max_level_critical"),
        cfg!(feature = "release_max_level_error"),
        cfg!(feature = "release_max_level_warn"),
        cfg!(feature = "release_max_level_info"),
        cfg!(feature = "release_max_level_debug"),
        cfg!(feature = "release_max_level_trace"),
    ]);
    if cfg!(debug_assertions) {
        dev
    } else {
        more_restrictive(dev, release)
    }
};

/// Whether a call at `level` in `module_path` belongs in the binary.
pub const fn allows(level: Level, module_path: &str) -> bool {
    level.levelno() >= max_level(module_path).levelno()
}

/// Whether calls at the named levels belong in the binary, as far as the features have a say.
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
    more_restrictive(STATIC_MAX_LEVEL, directed(DIRECTIVES, module_path))
}

const DIRECTIVES: &str = match option_env!("PYLOG_MAX_LEVEL") {
    Some(directives) => directives,
    None => "",
};

const _: () = if let Err(mistake) = check(DIRECTIVES) {
    panic!("{}", mistake.text().as_str())
};

/// Above every level, below every level.
const OFF: Level = Level::new(i32::MAX);
const ALL: Level = Level::new(i32::MIN);

/// The names that `PYLOG_MAX_LEVEL` and the features use, the most restrictive first.
const NAMES: [(&str, Level); 7] = [
    ("off", OFF),
    ("critical", Level::CRITICAL),
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];
const ACCEPTED: &[u8] = b"; accepted: LEVEL or module::path=LEVEL, separated by commas, \
     where LEVEL is one of off, critical, error, warn, info, debug, trace";

const fn of_features(set: [bool; NAMES.len()]) -> Level {
    let mut i = 0;
    while i < NAMES.len() {
        if set[i] {
            return NAMES[i].1;
        }
        i += 1;
    }
    ALL
}

const fn more_restrictive(a: Level, b: Level) -> Level {
    if a.levelno() > b.levelno() { a } else { b }
}

/// What `directives` say of `module_path`: the longest path that covers it decides, and of two for
/// the same path the last.
const fn directed(directives: &str, module_path: &str) -> Level {
    let mut level = ALL;
    let mut longest = 0;
    let mut rest = directives.as_bytes();
    while let Some((directive, tail)) = next(rest) {
        rest = tail;
        if let Ok(Directive { path, level: at }) = parse(directive) {
            if path.len() >= longest && covers(path, module_path.as_bytes()) {
                level = at;
                longest = path.len();
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

/// `path=level`; the path is empty where the level holds everywhere.
struct Directive<'a> {
    path: &'a [u8],
    level: Level,
}

/// A directive and what is wrong with it.
struct Mistake<'a>(&'a [u8], &'static str);

const fn parse(directive: &[u8]) -> Result<Directive<'_>, Mistake<'_>> {
    let (path, name) = match position(directive, b'=') {
        None => (directive.split_at(0).0, directive),
        Some(at) => {
            let path = directive.split_at(at).0.trim_ascii();
            if !is_module_path(path) {
                return Err(Mistake(directive, "has no module path before `=`"));
            }
            (path, directive.split_at(at + 1).1.trim_ascii())
        }
    };
    let mut i = 0;
    while i < NAMES.len() {
        if equal(name, NAMES[i].0.as_bytes()) {
            let level = NAMES[i].1;
            return Ok(Directive { path, level });
        }
        i += 1;
    }
    Err(Mistake(directive, "names no level"))
}

/// The first directive that isn't empty, and what follows it.
const fn next(mut rest: &[u8]) -> Option<(&[u8], &[u8])> {
    while !rest.is_empty() {
        let (directive, tail) = match position(rest, b',') {
            Some(at) => (rest.split_at(at).0, rest.split_at(at + 1).1),
            None => (rest, rest.split_at(rest.len()).1),
        };
        let directive = directive.trim_ascii();
        if !directive.is_empty() {
            return Some((directive, tail));
        }
        rest = tail;
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
    equal(head, path) && (tail.is_empty() || tail[0] == b':')
}

/// Identifiers with `::` between them, as `module_path!()` writes them.
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

const fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == wanted {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// The names of levels may be written in upper case; module paths don't differ in case alone.
const fn equal(a: &[u8], b: &[u8]) -> bool {
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

/// A panic in a const context takes a finished `&str`; what doesn't fit is left out.
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
    fn longest_path_decides_wherever_it_stands() {
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
        assert_eq!(directed("", "a"), ALL);
        assert_eq!(mistake(DIRECTIVES), None);
    }

    #[test]
    fn mistakes_name_the_directive() {
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
        let set = |names: &[&str]| of_features(NAMES.map(|(name, _)| names.contains(&name)));
        assert_eq!(set(&[]), ALL);
        assert_eq!(set(&["trace", "warn", "info"]), Level::WARN);
        assert_eq!(set(&["off", "trace"]), OFF);
    }
}
