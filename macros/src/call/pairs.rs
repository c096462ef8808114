//! `key = value, …;` before the message.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use super::args::{Crate, is_option};
use super::expand::reference;

/// What stands before the message, and the semicolon behind it.
#[derive(Default)]
pub(crate) struct Pairs {
    pairs: Vec<Pair>,
    exc_info: Option<Expr>,
    stack_info: Option<Expr>,
}

struct Pair {
    key: LitStr,
    capture: Capture,
    value: Expr,
}

/// How the value is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Capture {
    /// By its type.
    Typed,
    /// `:?` and `:debug`.
    Debug,
    /// `:%` and `:display`.
    Display,
    /// `:err`.
    Error,
}

/// What no key may be: the attributes of a `LogRecord` on any Python, and what a `Formatter` adds or
/// calls.
const RESERVED: [&str; 24] = [
    "args",
    "asctime",
    "created",
    "exc_info",
    "exc_text",
    "filename",
    "funcName",
    "getMessage",
    "levelname",
    "levelno",
    "lineno",
    "message",
    "module",
    "msecs",
    "msg",
    "name",
    "pathname",
    "process",
    "processName",
    "relativeCreated",
    "stack_info",
    "taskName",
    "thread",
    "threadName",
];

/// Whether a name and a colon begin a pair, and not an option.
pub(super) fn is_captured(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else {
        return false;
    };
    if ahead.parse::<Token![:]>().is_err() {
        return false;
    }
    if ahead.peek(Token![?]) || ahead.peek(Token![%]) {
        return true;
    }
    let is_word = ahead
        .call(Ident::parse_any)
        .is_ok_and(|word| WORDS.iter().any(|known| word == known));
    // `target: err,` is an option all the same.
    let ends = ahead.peek(Token![,]) || ahead.peek(Token![;]);
    is_word && (ahead.peek(Token![=]) || ends && !is_option(&name))
}

/// The `log` crate's words behind a key. The last two need dependencies that pylog doesn't have.
const WORDS: [&str; 5] = ["debug", "display", "err", "sval", "serde"];

impl Parse for Pairs {
    /// Nothing if no semicolon follows.
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut pairs = Pairs::default();
        if !has_semicolon(input) {
            return Ok(pairs);
        }
        while !input.peek(Token![;]) {
            pairs.parse_one(input)?;
            if !input.peek(Token![;]) {
                input.parse::<Token![,]>()?;
            }
        }
        input.parse::<Token![;]>()?;
        Ok(pairs)
    }
}

fn has_semicolon(input: ParseStream<'_>) -> bool {
    let mut cursor = input.cursor();
    while let Some((token, next)) = cursor.token_tree() {
        if matches!(&token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ';') {
            return true;
        }
        cursor = next;
    }
    false
}

impl Pairs {
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.exc_info.is_none() && self.stack_info.is_none()
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        if !input.peek(LitStr) && !input.peek(Ident::peek_any) {
            return Err(input.error("expected `key = value`, a key being a name or a string"));
        }
        // A bare key names a variable.
        let (key, variable) = if input.peek(LitStr) {
            (input.parse()?, None)
        } else {
            let name = input.call(Ident::parse_any)?;
            (
                LitStr::new(&name.unraw().to_string(), name.span()),
                Some(name),
            )
        };
        let capture = parse_capture(input)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            input.parse()?
        } else if let Some(variable) = &variable {
            Expr::Path(syn::parse_quote_spanned!(variable.span()=> #variable))
        } else {
            let message = "a key that is a string needs a value: `\"http.status\" = 200`";
            return Err(Error::new(key.span(), message));
        };
        let text = key.value();
        let keyword = match (&*text, &variable) {
            ("exc_info", Some(_)) => Some(&mut self.exc_info),
            ("stack_info", Some(_)) => Some(&mut self.stack_info),
            _ => None,
        };
        if let Some(keyword) = keyword {
            if capture != Capture::Typed {
                let message = format!("`{text}` is what Python makes of it, and takes no `:`");
                return Err(Error::new(key.span(), message));
            }
            if keyword.replace(value).is_some() {
                return Err(duplicate(&key));
            }
            return Ok(());
        }
        if text.is_empty() {
            return Err(Error::new(key.span(), "the key is empty"));
        }
        if RESERVED.contains(&&*text) {
            let message = format!(
                "`{text}` is an attribute that every record has; keys may not be any of {}",
                RESERVED.join(", ")
            );
            return Err(Error::new(key.span(), message));
        }
        if self.pairs.iter().any(|pair| pair.key.value() == text) {
            return Err(duplicate(&key));
        }
        self.pairs.push(Pair {
            key,
            capture,
            value,
        });
        Ok(())
    }

    /// Adds one that is in every record of the call.
    pub(crate) fn add(&mut self, key: &str, value: Expr) -> Result<()> {
        let key = LitStr::new(key, Span::mixed_site());
        if let Some(pair) = self
            .pairs
            .iter()
            .find(|pair| pair.key.value() == key.value())
        {
            let message = format!("a limited call sets `{}` itself", key.value());
            return Err(Error::new(pair.key.span(), message));
        }
        self.pairs.push(Pair {
            key,
            capture: Capture::Typed,
            value,
        });
        Ok(())
    }

    /// An expression for the `Keywords` of the call.
    pub(crate) fn keywords(&self, Crate(krate): &Crate) -> TokenStream {
        let span = Span::mixed_site();
        let private = quote_spanned!(span=> #krate::__private);
        let pairs = self.pairs.iter().map(|pair| pair.expand(&private));
        let exc_info = self.exc_info.iter().map(|value| {
            let reference = reference(value);
            // Four references deep; see `Probe`.
            quote_spanned!(value.span()=> .exc_info((&&&&#private::Probe(#reference)).__pylog_exc_info()))
        });
        let stack_info = self.stack_info.iter();
        quote_spanned! {span=>
            #private::Keywords::new(&[#(#pairs),*]) #(#exc_info)* #(.stack_info(#stack_info))*
        }
    }

    /// What must be in scope for that expression.
    pub(crate) fn imports(&self, Crate(krate): &Crate) -> TokenStream {
        let span = Span::mixed_site();
        let imports = self.exc_info.iter().map(|_| {
            quote_spanned! {span=>
                #[allow(unused_imports)]
                use #krate::__private::{
                    ProbeError as _, ProbeErrorReference as _, ProbeReference as _,
                };
            }
        });
        quote_spanned!(span=> #(#imports)*)
    }
}

fn duplicate(key: &LitStr) -> Error {
    Error::new(key.span(), format!("duplicate key `{}`", key.value()))
}

fn parse_capture(input: ParseStream<'_>) -> Result<Capture> {
    if input.parse::<Option<Token![:]>>()?.is_none() {
        return Ok(Capture::Typed);
    }
    if input.parse::<Option<Token![?]>>()?.is_some() {
        return Ok(Capture::Debug);
    }
    if input.parse::<Option<Token![%]>>()?.is_some() {
        return Ok(Capture::Display);
    }
    let accepted = "accepted behind a key: `:?` or `:debug`, `:%` or `:display`, `:err`";
    if !input.peek(Ident::peek_any) {
        return Err(input.error(accepted));
    }
    let word = input.call(Ident::parse_any)?;
    match &*word.to_string() {
        "debug" => Ok(Capture::Debug),
        "display" => Ok(Capture::Display),
        "err" => Ok(Capture::Error),
        _ => Err(Error::new(word.span(), accepted)),
    }
}

impl Pair {
    fn expand(&self, private: &TokenStream) -> TokenStream {
        let Pair {
            key,
            capture,
            value,
        } = self;
        // Where a type doesn't fit, the error is at the value.
        let span = value.span();
        let reference = reference(value);
        let value = match capture {
            // One more, so that what has no size of its own, such as `text[..2]`, has a pointer's.
            Capture::Typed => quote_spanned!(span=> &#reference),
            Capture::Debug => quote_spanned!(span=> &#private::AsDebug(#reference)),
            Capture::Display => quote_spanned!(span=> &#private::AsDisplay(#reference)),
            Capture::Error => quote_spanned!(span=> &#private::AsError(#reference)),
        };
        let key = LitStr::new(&key.value(), Span::mixed_site()).into_token_stream();
        quote_spanned!(Span::mixed_site()=> (#key, #value))
    }
}
