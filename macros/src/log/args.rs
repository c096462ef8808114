use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Result, Token, parse_quote};

use crate::call::{Crate, Level, Options, Pairs, check_arguments, check_not_pair};

/// `(path to pylog) LEVEL; options, pairs; message`, or `(path to pylog) _; options, level, pairs; message`.
pub(crate) struct Args {
    pub(crate) krate: Crate,
    pub(crate) level: Level,
    pub(crate) options: Options,
    pub(crate) pairs: Pairs,
    /// The arguments of `format_args!`. They are passed on unchanged, since its own error messages are
    /// the best.
    pub(crate) message: TokenStream,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let krate: Crate = input.parse()?;
        let named: Option<Ident> = if input.parse::<Option<Token![_]>>()?.is_some() {
            None
        } else {
            Some(input.parse()?)
        };
        input.parse::<Token![;]>()?;

        let facade = match &named {
            Some(name) => name.to_string().to_lowercase(),
            None => "log".to_owned(),
        };
        let start = input.cursor();
        let options: Options = input.parse()?;
        let level = match named {
            Some(name) => Level::Named(name),
            None => {
                let level = input.parse()?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
                level
            }
        };
        let mut pairs: Pairs = input.parse()?;
        if options.limit.is_some() {
            let suppressed = Ident::new("__pylog_suppressed", Span::mixed_site());
            pairs.add("suppressed", parse_quote!(#suppressed))?;
        }
        let others = if input.cursor() == start { "" } else { "…, " };
        Ok(Args {
            krate,
            level,
            options,
            pairs,
            message: message(input, &format!("{facade}!({others}"))?,
        })
    }
}

/// `before` is how the call begins, without the message.
fn message(input: ParseStream<'_>, before: &str) -> Result<TokenStream> {
    if input.is_empty() {
        let message = "expected a message: a format string and its arguments";
        return Err(Error::new(input.span(), message));
    }
    check_not_pair(input)?;
    check_arguments(input, before)?;
    input.parse()
}
