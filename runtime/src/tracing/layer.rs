//! Records of events and spans.

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::Options;
use super::fields::{Fields, Pairs, set};
use super::levels;
use super::spans::{self, Span, Times};
use crate::event::exc_info::ExcInfoRef;
use crate::event::keywords::{Keywords, OwnPairs, Pair};
use crate::event::value::ToValue;

/// Makes records of events and spans.
pub(super) struct Records {
    pub(super) options: Options,
    /// Whether Python decides for the whole subscriber. With other layers beside it, a filter decides for this layer
    /// alone, but then the macro `enabled!` of `tracing` doesn't know what Python refuses.
    pub(super) decides: bool,
}

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
        span.extensions_mut().insert(Span {
            pairs,
            are_attributes: self.options.span_attributes,
            times,
        });
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
        let mut attributes = OwnPairs::new();
        for (name, value) in fields.pairs {
            let mut name = name.to_owned();
            while spans::is_reserved(&name) || attributes.iter().any(|(other, _)| *other == name) {
                name.push('_');
            }
            attributes.push((name.into(), value));
        }
        if let Some(span) = span {
            spans::add(&mut attributes, &span);
        }
        let pairs: Vec<Pair<'_>> = attributes
            .iter()
            .map(|(name, value)| (&**name, value as &dyn ToValue))
            .collect();
        let mut keywords = Keywords::new(&pairs).with_spans();
        if let Some(error) = &fields.error {
            keywords = keywords.exc_info(ExcInfoRef::ToExcInfo(error));
        }
        callsite.log_with(admitted, format_args!("{}", fields.message), keywords);
    }
}
