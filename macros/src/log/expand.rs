use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::args::Args;
use crate::call::{callsite, if_allowed};

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
    let destination = options.destination.dynamic(&krate);
    let private = &krate.0;
    let args = quote_spanned!(span=> #private::__private::format_args!(#message));
    let imports = pairs.imports(&krate);
    let data = pairs.data(&krate);
    let then = |level: &TokenStream| match destination {
        None if pairs.is_empty() => quote_spanned! {span=>
            let callsite = #callsite;
            if !callsite.is_off(#level) && callsite.admits(#level) {
                callsite.log(#level, #args);
            }
        },
        None => quote_spanned! {span=>
            let callsite = #callsite;
            if !callsite.is_off(#level) && callsite.admits(#level) {
                #imports
                callsite.log_with(#level, #args, #data);
            }
        },
        Some(destination) => quote_spanned! {span=>
            let callsite = #callsite;
            // A statement of its own: nothing of the destination lives on while arguments await.
            let logger = callsite.find(#level, #destination);
            if let #private::__private::Some(logger) = logger {
                #imports
                callsite.log_to(logger, #level, #args, #data);
            }
        },
    };
    let call = if_allowed(&krate, &level, then, quote!());
    quote!({ #call })
}
