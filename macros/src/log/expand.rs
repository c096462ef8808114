use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::args::Args;
use super::template::{Template, literal, template};
use crate::call::{Crate, Limit, callsite, if_allowed};

pub(crate) fn expand(args: Args) -> TokenStream {
    let Args {
        krate,
        level,
        options,
        pairs,
        message,
    } = args;
    let span = Span::mixed_site();
    let callsite = callsite(&krate, &options.destination);
    let logger = options.destination.logger();
    let private = &krate.0;
    let mut before = pairs.imports(&krate);
    let mut keywords = pairs.keywords(&krate);
    // Then there is nothing to evaluate before the message is formatted.
    let has_no_effect = has_no_effect(&message) && pairs.is_empty() && options.limit.is_none();
    let template = template(&krate, &message);
    let has_keywords = template.is_some() || !pairs.is_empty();
    let message = match template {
        Some(Template { text, args, mark }) => {
            before.extend(mark);
            keywords = quote_spanned!(span=> #keywords.template(#text));
            args
        }
        None => message,
    };
    let args = quote_spanned!(span=> #private::__private::format_args!(#message));
    if options.limit.is_some() {
        keywords = quote_spanned!(span=> #keywords.limited(&__pylog_allowed));
    }
    let then = |level: &TokenStream| {
        let log = match logger {
            None if !has_keywords => quote_spanned! {span=>
                __pylog_callsite.log(__pylog_admitted, #args);
            },
            None => quote_spanned! {span=>
                #before
                __pylog_callsite.log_with(__pylog_admitted, #args, #keywords);
            },
            Some(_) => {
                quote_spanned!(span=> #before __pylog_callsite.log_to(__pylog_logger, #args, #keywords);)
            }
        };
        let log = match &options.limit {
            None => log,
            Some(limit) => limited(limit, &krate, log),
        };
        match &logger {
            None if has_no_effect => {
                let check_and_log = match has_keywords {
                    true => quote_spanned!(span=> check_and_log_with(#level, #args, #keywords)),
                    false => quote_spanned!(span=> check_and_log(#level, #args)),
                };
                quote_spanned! {span=>
                    let __pylog_callsite = #callsite;
                    if !__pylog_callsite.is_off(#level) {
                        #before
                        __pylog_callsite.#check_and_log;
                    }
                }
            }
            None => quote_spanned! {span=>
                let __pylog_callsite = #callsite;
                if let #private::__private::Some(__pylog_admitted) = __pylog_callsite.check(#level) {
                    #log
                }
            },
            Some(logger) => quote_spanned! {span=>
                let __pylog_callsite = #callsite;
                // A statement of its own, so that no reference to the logger lives across an `await` in an
                // argument.
                let __pylog_logger = __pylog_callsite.check_logger(#level, #logger);
                if let #private::__private::Some(__pylog_logger) = __pylog_logger {
                    #log
                }
            },
        }
    };
    let call = if_allowed(&krate, &level, then, quote!());
    quote!({ #call })
}

/// Whether a message has no arguments but variables, whose evaluation has no effect.
fn has_no_effect(message: &TokenStream) -> bool {
    let mut tokens = message.clone().into_iter();
    if tokens.next().and_then(literal).is_none() {
        return false;
    }
    loop {
        match (tokens.next(), tokens.next()) {
            (None, _) => return true,
            (Some(TokenTree::Punct(comma)), None) if comma.as_char() == ',' => return true,
            (Some(TokenTree::Punct(comma)), Some(TokenTree::Ident(_)))
                if comma.as_char() == ',' => {}
            _ => return false,
        }
    }
}

/// `log`, if the limit allows it. It refers to the variables `__pylog_allowed` and `__pylog_suppressed`, the
/// number of suppressed calls.
fn limited(Limit { kind, value }: &Limit, Crate(krate): &Crate, log: TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    quote_spanned! {span=>
        // In a scope of its own, like the static of the callsite.
        let __pylog_limit = {
            static LIMIT: #krate::__private::Limit = #krate::__private::Limit::new();
            &LIMIT
        };
        let __pylog_allowed = __pylog_limit.#kind(#value);
        if let #krate::__private::Some(__pylog_allowed) = __pylog_allowed {
            let __pylog_suppressed = __pylog_allowed.suppressed();
            #log
        }
    }
}
