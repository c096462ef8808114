//! The key-values of a call: `key = value, …;` before the message.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use super::capture::Capture;
use super::habits::{check_habits, check_order, is_colon, is_pair, sign, without_key};
use super::names::{RESERVED, check_name, check_option};

/// The key-values of a call, and the semicolon after them.
#[derive(Default)]
pub(crate) struct Pairs {
    pub(super) pairs: Vec<Pair>,
    pub(super) exc_info: Option<Expr>,
    pub(super) stack_info: Option<Expr>,
}

pub(super) struct Pair {
    pub(super) key: LitStr,
    pub(super) capture: Capture,
    pub(super) value: Expr,
}

impl Parse for Pairs {
    /// Parses nothing if no semicolon follows.
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut pairs = Pairs::default();
        let Some(behind) = behind_semicolon(input) else {
            return Ok(pairs);
        };
        check_order(input, &behind)?;
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

/// The input behind the first semicolon.
fn behind_semicolon<'a>(input: ParseStream<'a>) -> Option<ParseBuffer<'a>> {
    let ahead = input.fork();
    loop {
        let token: TokenTree = ahead.parse().ok()?;
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';') {
            return Some(ahead);
        }
    }
}

impl Pairs {
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.exc_info.is_none() && self.stack_info.is_none()
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        check_habits(input)?;
        if !input.peek(LitStr) && !input.peek(Ident::peek_any) {
            return Err(input.error("expected `key = value`, a key being a name or a string"));
        }
        let start = input.fork();
        // A key without a value is the name of a variable.
        let (key, variable) = if input.peek(LitStr) {
            (input.parse()?, None)
        } else {
            let name = input.call(Ident::parse_any)?;
            (
                LitStr::new(&name.unraw().to_string(), name.span()),
                Some(name),
            )
        };
        if let Some(sign) = sign(input) {
            let key = key.value();
            let message = format!("a colon comes before the sign: `{key}:{sign} = …`");
            return Err(input.error(message));
        }
        if input.peek(Token![::]) {
            return Err(without_key(&start));
        }
        if let (Some(name), true) = (&variable, is_colon(input)) {
            check_option(name)?;
        }
        let capture: Capture = input.parse()?;
        let is_short = !is_pair(input);
        if is_short && !input.is_empty() && !input.peek(Token![,]) && !input.peek(Token![;]) {
            if capture == Capture::Typed && !input.peek(Token![=>]) {
                return Err(without_key(&start));
            }
            let message = format!("a value follows `=`: `{} = …`", capture.behind(&key));
            return Err(input.error(message));
        }
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            if let Some(sign) = sign(input) {
                let key = key.value();
                let message = format!("the sign goes behind the key: `{key}:{sign} = …`");
                return Err(input.error(message));
            }
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
                let message = format!("`{text}` takes no `:`: `{text} = …; \"…\"`");
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
        if let Some(name) = &variable {
            check_name(name)?;
        }
        if RESERVED.contains(&&*text) {
            let value = if is_short { &text } else { "…" };
            let message = format!(
                "every record has an attribute `{text}` of its own; give the key another name, such as \
                 `user_{text} = {value}`"
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

    /// Adds a key-value to every record of the call.
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
}

fn duplicate(key: &LitStr) -> Error {
    Error::new(key.span(), format!("duplicate key `{}`", key.value()))
}
