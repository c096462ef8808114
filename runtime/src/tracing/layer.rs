//! Records of events and spans.

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::Options;
use super::fields::{Fields, Pairs, set};
use super::levels;
use super::spans::{Span, Times};
use crate::event::exc_info::ExcInfoRef;
use crate::event::keywords::{Keywords, Pair};
use crate::event::value::{ToValue, Value};
use crate::record::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

/// Makes records of events and spans.
pub(super) struct Records {
    pub(super) options: Options,
    /// Whether Python decides for the whole subscriber. With other layers beside it, a filter decides for this layer
    /// alone, but then the macro `enabled!` of `tracing` doesn't know what Python refuses.
    pub(super) decides: bool,
}

/// Attributes that each record of an event within a span has.
const SPAN: &str = "span";
const SPANS: &str = "spans";

impl<S> Layer<S> for Records
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.decides {
            true => levels::interest_in(metadata),
            false => Interest::always(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        !self.decides || levels::accepts(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.decides.then(levels::max_level)
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.log(event.metadata(), fields, context.event_span(event));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let times = self.options.span_events.then(Times::new);
        let pairs = fields.into_pairs();
        span.extensions_mut().insert(Span { pairs, times });
        if self.options.span_events {
            self.log_span(span, "new", Vec::new());
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // Before the extensions are locked: a `Debug` can log, and the text of a Python exception needs the GIL.
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id) {
            if let Some(span) = span.extensions_mut().get_mut::<Span>() {
                for (name, value) in fields.into_pairs() {
                    set(&mut span.pairs, name, value);
                }
            }
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.with_times(id, &context, Times::enter);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.with_times(id, &context, Times::exit);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let mut seconds = None;
        self.with_times(&id, &context, |times| seconds = Some(times.seconds()));
        if let (Some((busy, idle)), Some(span)) = (seconds, context.span(&id)) {
            let pairs = vec![("time_busy", busy.into()), ("time_idle", idle.into())];
            self.log_span(span, "close", pairs);
        }
    }
}

impl Records {
    fn with_times<S>(&self, id: &Id, context: &Context<'_, S>, change: impl FnOnce(&mut Times))
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if !self.options.span_events {
            return;
        }
        if let Some(span) = context.span(id) {
            let mut extensions = span.extensions_mut();
            let times = extensions
                .get_mut::<Span>()
                .and_then(|it| it.times.as_mut());
            if let Some(times) = times {
                change(times);
            }
        }
    }

    fn log_span<S>(&self, span: SpanRef<'_, S>, message: &str, pairs: Pairs)
    where
        S: for<'a> LookupSpan<'a>,
    {
        let mut fields = Fields::of(pairs);
        fields.message = message.to_owned();
        self.log(span.metadata(), fields, Some(span));
    }

    /// Logs a record with these fields, within `span`.
    fn log<S>(&self, metadata: &Metadata<'_>, fields: Fields, span: Option<SpanRef<'_, S>>)
    where
        S: for<'a> LookupSpan<'a>,
    {
        let Some((callsite, admitted)) = levels::admit(metadata) else {
            return;
        };
        let attributes = self.attributes(fields.pairs, span);
        let pairs: Vec<Pair<'_>> = attributes
            .iter()
            .map(|(name, value)| (&**name, value as &dyn ToValue))
            .collect();
        let mut keywords = Keywords::new(&pairs);
        if let Some(error) = &fields.error {
            keywords = keywords.exc_info(ExcInfoRef::ToExcInfo(error));
        }
        callsite.log_with(admitted, format_args!("{}", fields.message), keywords);
    }

    fn attributes<S>(
        &self,
        pairs: Pairs,
        span: Option<SpanRef<'_, S>>,
    ) -> Vec<(String, Value<'static>)>
    where
        S: for<'a> LookupSpan<'a>,
    {
        let mut attributes = Vec::new();
        let is_taken = |attributes: &[(String, Value<'_>)], name: &str| {
            ATTRIBUTES.contains(&name)
                || FORMATTER_ATTRIBUTES.contains(&name)
                || [SPAN, SPANS].contains(&name)
                || attributes.iter().any(|(other, _)| other == name)
        };
        for (name, value) in pairs {
            let mut name = name.to_owned();
            while is_taken(&attributes, &name) {
                name.push('_');
            }
            attributes.push((name, value));
        }
        let Some(innermost) = span else {
            return attributes;
        };
        let mut spans: Vec<Value<'static>> = Vec::new();
        let mut inherited = Vec::new();
        let name = innermost.name();
        for span in innermost.scope() {
            let mut dict = vec![("name", Value::from(span.name()))];
            if let Some(kept) = span.extensions().get::<Span>() {
                for (name, value) in &kept.pairs {
                    dict.push((*name, value.to_value().into_owned()));
                    if self.options.span_attributes {
                        inherited.push((*name, value.to_value().into_owned()));
                    }
                }
            }
            spans.push(dict.into_iter().collect());
        }
        spans.reverse();
        attributes.push((SPAN.to_owned(), Value::from(name)));
        attributes.push((SPANS.to_owned(), spans.into_iter().collect()));
        // The innermost comes first.
        for (name, value) in inherited {
            let is_own = attributes.iter().any(|(other, _)| other == name);
            if !is_own && !is_taken(&attributes, name) {
                attributes.push((name.to_owned(), value));
            }
        }
        attributes
    }
}
