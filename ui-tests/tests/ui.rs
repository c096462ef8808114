//! One small file a message. To be run with logging statically on, and off by `PYLOG_MAX_LEVEL=off`:
//! the messages are the same.

#[test]
fn mistakes_are_reported_where_they_are() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
