use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Result, Token, parse_quote};

use crate::call::{Crate, Level, Options, Pairs, check_not_pair};

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
        Ok(Args {
            krate,
            level,
            options,
            pairs,
            message: message(input)?,
        })
    }
}

fn message(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.is_empty() {
        let message = "expected a message: a format string and its arguments";
        return Err(Error::new(input.span(), message));
    }
    check_not_pair(input)?;
    input.parse()
}
