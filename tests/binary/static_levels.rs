//! A call below the static maximum is not in the binary.

use pylog_tests::{Build, Library};

/// The names of the static levels in features and directives, the most restrictive first.
const LEVELS: [&str; 7] = ["off", "critical", "error", "warn", "info", "debug", "trace"];

/// A profile without debug assertions.
const RELEASE: &str = "unoptimized-pylog";

fn build() -> Build {
    Build::of("static-levels")
}

/// Asserts that the library contains the calls at `max` and above, and no trace of less severe calls.
#[track_caller]
fn assert_static_maximum(library: &Library, max: &str, context: &str) {
    let max = LEVELS
        .iter()
        .position(|level| *level == max)
        .expect("a level");
    for (severity, level) in LEVELS.iter().enumerate().skip(1) {
        let kept = severity <= max;
        let context = format!("{level} under {context}");
        assert_eq!(
            library.contains(&format!("needle-{level} ")),
            kept,
            "message of {context}"
        );
        let function = format!("only_{level}");
        let statics = library
            .symbols(&function)
            .into_iter()
            .filter(|it| it.contains("CALLSITE"));
        assert_eq!(statics.count() > 0, kept, "static of {context}");
        let code = library.function(&function).1;
        let empty = library.function("only_nothing").1;
        assert_eq!(
            code != empty,
            kept,
            "code of {context}: {code:02x?}, {empty:02x?}"
        );
    }
    // A key and an argument are in the binary as well.
    assert_eq!(
        library.contains("needle-key"),
        max > 0,
        "key under {context}"
    );
    assert_eq!(
        library.contains("needle-argument "),
        max > 0,
        "argument under {context}"
    );
}

#[test]
fn features() {
    let assert_maximum = |profile: &'static str, feature: &str, max: &str| {
        let build = build()
            .profile(profile)
            .features(format!("pylog/{feature}"));
        let context = format!("{feature} in {profile}");
        assert_static_maximum(&build.library("static_levels"), max, &context);
    };
    for level in LEVELS {
        assert_maximum("dev", &format!("max_level_{level}"), level);
        assert_maximum(RELEASE, &format!("release_max_level_{level}"), level);
    }
    assert_maximum(RELEASE, "max_level_warn", "warn");
    assert_maximum("dev", "release_max_level_warn", "trace");
}

#[test]
fn the_most_restrictive_feature_wins() {
    let features = "pylog/max_level_info,pylog/max_level_error,pylog/release_max_level_debug";
    let library = build()
        .profile(RELEASE)
        .features(features)
        .library("static_levels");
    assert_static_maximum(&library, "error", features);
    let features = "pylog/max_level_info,pylog/release_max_level_critical";
    let library = build()
        .profile(RELEASE)
        .features(features)
        .library("static_levels");
    assert_static_maximum(&library, "critical", features);
}

#[test]
fn directives_by_module() {
    for profile in ["dev", RELEASE] {
        // All builds share one target directory, so this also tests that a change of the variable rebuilds.
        for (directives, max, present, absent) in [
            (
                "",
                "trace",
                &[
                    "hot-debug",
                    "inner-debug",
                    "25",
                    "target",
                    "concat",
                    "enabled",
                ][..],
                &[][..],
            ),
            (
                "info, static_levels::hot = OFF",
                "info",
                &["25", "target", "concat", "enabled"],
                &["hot-debug", "hot-error", "inner-debug", "inner-error"],
            ),
            (
                "off,static_levels::hot::inner=debug,static_levels::hot=error",
                "off",
                &["hot-error", "inner-debug", "inner-error"],
                &["hot-debug", "25", "target", "log", "concat", "enabled"],
            ),
            (
                "static_levels=warn",
                "warn",
                &["hot-error", "target", "log"],
                &["hot-debug", "25", "concat", "enabled", "passed"],
            ),
        ] {
            let library = build()
                .profile(profile)
                .max_level(directives)
                .library("static_levels");
            let context = format!("{directives:?} in {profile}");
            assert_static_maximum(&library, max, &context);
            for (needles, expected) in [(present, true), (absent, false)] {
                for needle in needles {
                    let found = library.contains(&format!("needle-{needle}"));
                    assert_eq!(found, expected, "{needle} under {context}");
                }
            }
        }
    }
}

#[test]
fn features_and_directives_restrict_each_other() {
    let library = build().features("pylog/max_level_error").max_level("debug");
    assert_static_maximum(
        &library.library("static_levels"),
        "error",
        "error and debug",
    );
    let library = build().features("pylog/max_level_debug").max_level("error");
    assert_static_maximum(
        &library.library("static_levels"),
        "error",
        "debug and error",
    );
}

#[test]
fn a_malformed_directive_fails_the_build_once() {
    for (directives, message) in [
        (
            "info,static_levels=loud",
            "PYLOG_MAX_LEVEL: the directive `static_levels=loud` names no level",
        ),
        (
            "static-levels=info",
            "PYLOG_MAX_LEVEL: the directive `static-levels=info` has no module path",
        ),
    ] {
        let output = build().max_level(directives).output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{directives}: {stderr}");
        assert_eq!(stderr.matches(message).count(), 1, "{directives}: {stderr}");
        let accepted = "off, critical, error, warn, info, debug, trace";
        assert!(stderr.contains(accepted), "{directives}: {stderr}");
    }
}
