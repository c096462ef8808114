//! What pylog keeps of a span while it is open, and what a record has of it.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use tracing_core::dispatcher;
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

use super::fields::Pairs;
use crate::event::keywords::OwnPairs;
use crate::event::value::{ToValue, Value};
use crate::record::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

/// The fields of a span, and its times if its end makes a record.
pub(super) struct Span {
    pub(super) pairs: Pairs,
    /// Whether the fields are attributes of the records in the span.
    pub(super) are_attributes: bool,
    pub(super) times: Option<Times>,
}

/// Attributes that each record within a span has.
const SPAN: &str = "span";
const SPANS: &str = "spans";

/// Whether a field can't be an attribute under its name.
pub(super) fn is_reserved(name: &str) -> bool {
    ATTRIBUTES.contains(&name)
        || FORMATTER_ATTRIBUTES.contains(&name)
        || [SPAN, SPANS].contains(&name)
}

/// Adds the current span to the pairs of a call that isn't an event. Keys of the call stay what they are.
pub(super) fn add_current(pairs: &mut OwnPairs<'_>) {
    dispatcher::get_default(|subscriber| {
        let current = subscriber.current_span();
        let registry = subscriber.downcast_ref::<Registry>();
        if let (Some(id), Some(registry)) = (current.id(), registry) {
            if let Some(span) = registry.span(id) {
                add(pairs, &span);
            }
        }
    });
}

/// Adds a span and those around it to pairs: its name, a dict for each span, and their fields.
pub(super) fn add<'a, S>(pairs: &mut OwnPairs<'_>, innermost: &SpanRef<'a, S>)
where
    S: LookupSpan<'a>,
{
    let mut name = None;
    let mut spans: Vec<Value<'static>> = Vec::new();
    let mut inherited = Vec::new();
    for span in innermost.scope() {
        let extensions = span.extensions();
        // Python has refused the others.
        let Some(kept) = extensions.get::<Span>() else {
            continue;
        };
        name.get_or_insert(span.name());
        let mut dict = vec![("name", Value::from(span.name()))];
        for (name, value) in &kept.pairs {
            dict.push((*name, value.to_value().into_owned()));
            if kept.are_attributes {
                inherited.push((*name, value.to_value().into_owned()));
            }
        }
        spans.push(dict.into_iter().collect());
    }
    let Some(name) = name else {
        return;
    };
    spans.reverse();
    let mut add = |name: &'static str, value| {
        if !pairs.iter().any(|(other, _)| other == name) {
            pairs.push((Cow::Borrowed(name), value));
        }
    };
    add(SPAN, Value::from(name));
    add(SPANS, spans.into_iter().collect());
    // The innermost comes first.
    for (name, value) in inherited {
        if !is_reserved(name) {
            add(name, value);
        }
    }
}

/// For how long a span was entered, and for how long it wasn't.
pub(super) struct Times {
    busy: Duration,
    idle: Duration,
    /// How often it is entered now: several threads can enter a span.
    entered: usize,
    changed: Instant,
}

impl Times {
    pub(super) fn new() -> Times {
        Times {
            busy: Duration::ZERO,
            idle: Duration::ZERO,
            entered: 0,
            changed: Instant::now(),
        }
    }

    fn update(&mut self) {
        let now = Instant::now();
        let passed = now - self.changed;
        match self.entered {
            0 => self.idle += passed,
            _ => self.busy += passed,
        }
        self.changed = now;
    }

    pub(super) fn enter(&mut self) {
        self.update();
        self.entered += 1;
    }

    pub(super) fn exit(&mut self) {
        self.update();
        self.entered = self.entered.saturating_sub(1);
    }

    /// The seconds for which the span was entered until now, and the others.
    pub(super) fn seconds(&mut self) -> (f64, f64) {
        self.update();
        (self.busy.as_secs_f64(), self.idle.as_secs_f64())
    }
}
