//! What people write who know the calls of Python or of `tracing`: errors that say what to type.

use proc_macro2::{Punct, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use super::capture::Capture;
use super::format::Uses;
use super::names::{check_foreign_name, check_name, is_keyword, is_option};

/// Reports what `tracing` or Python would accept.
pub(super) fn check_habits(input: ParseStream<'_>) -> Result<()> {
    if let Some(key) = signed_key(input) {
        return Err(input.error(format!("the sign goes behind the key: `{key}`")));
    }
    if input.peek(Ident::peek_any) && (input.peek2(Token![.]) || input.peek2(Token![-])) {
        let ahead = input.fork();
        let key = joined(&ahead);
        return Err(match (is_pair(&ahead), key.contains('.')) {
            (true, true) => input.error(format!("a key with a dot is a string: `\"{key}\" = …`")),
            (true, false) => {
                input.error(format!("a key with a hyphen is a string: `\"{key}\" = …`"))
            }
            (false, _) => without_key(input),
        });
    }
    Ok(())
}

/// The names in `http.status-code`, which are taken from the input.
fn joined(input: ParseStream<'_>) -> String {
    let mut names = String::new();
    while let Ok(name) = input.call(Ident::parse_any) {
        names += &name.to_string();
        let separator = input.fork().parse::<Punct>().map(|it| it.as_char());
        let Ok(separator @ ('.' | '-')) = separator else {
            break;
        };
        let _ = input.parse::<Punct>();
        names.push(separator);
    }
    names
}

/// The error for an expression such as `user.id` or `items[0]` among the key-values.
pub(super) fn without_key(input: ParseStream<'_>) -> Error {
    input.error("a value needs a key: `key = …; \"…\"`")
}

/// The sign of `tracing`, with which the next value begins.
pub(super) fn sign(input: ParseStream<'_>) -> Option<char> {
    match () {
        () if input.peek(Token![?]) => Some('?'),
        () if input.peek(Token![%]) => Some('%'),
        () => None,
    }
}

/// `path:?`, if the next key is `?path`.
fn signed_key(input: ParseStream<'_>) -> Option<String> {
    let sign = sign(input)?;
    let mut tokens = input.cursor().token_stream().into_iter().skip(1);
    let key = tokens.next().map_or("key".to_owned(), |it| it.to_string());
    Some(format!("{key}:{sign}"))
}

/// Reports key-values behind the message and its arguments.
pub(super) fn check_order(before: ParseStream<'_>, behind: ParseStream<'_>) -> Result<()> {
    if behind.peek(LitStr) && behind.peek2(Token![=>]) {
        let key = behind.fork().parse::<LitStr>()?;
        let message = format!(
            "key-values come before the message: `{} = …; \"…\"`",
            Capture::Typed.behind(&key)
        );
        return Err(Error::new(key.span(), message));
    }
    if !is_message(before) || is_message(behind) {
        return Ok(());
    }
    let message = "key-values come before the message: `key = value; \"…\"`";
    Err(match behind.is_empty() {
        true => Error::new(before.fork().parse::<LitStr>()?.span(), message),
        false => Error::new_spanned(behind.parse::<TokenStream>()?, message),
    })
}

/// Whether the next token is a string that isn't a key.
fn is_message(input: ParseStream<'_>) -> bool {
    input.peek(LitStr) && !input.peek2(Token![=]) && !input.peek2(Token![:])
}

/// Reports a key-value where the message should be: the semicolon after it is missing.
pub(crate) fn check_not_pair(input: ParseStream<'_>) -> Result<()> {
    let ahead = input.fork();
    let report = |pair: &str| {
        let message = format!("a semicolon ends the key-values: `{pair}; \"…\"`");
        Err(input.error(message))
    };
    if let Some(key) = signed_key(&ahead) {
        return report(&key);
    }
    if let Ok(key) = ahead.parse::<LitStr>() {
        return match is_pair(&ahead) {
            true => report(&format!("\"{}\" = …", key.value())),
            false => Ok(()),
        };
    }
    let Ok(name) = ahead.call(Ident::parse_any) else {
        return Ok(());
    };
    if ahead.peek(Token![,]) {
        if has_message(&ahead) {
            return report(&name.to_string());
        }
        let message = format!("the message has to be a string literal: `\"{{{name}}}\"`");
        return Err(input.error(message));
    }
    if let Some(sign) = sign(&ahead) {
        return report(&format!("{name}:{sign} = …"));
    }
    if is_colon(&ahead) {
        if is_option(&name) {
            let message =
                format!("options come before all else: `{name}: …,` is the first argument");
            return Err(input.error(message));
        }
        if is_keyword(&name) {
            return report(&format!("{name} = …"));
        }
        return match ahead.parse()? {
            Capture::Error => report(&format!("{name}:err = …")),
            Capture::Display => report(&format!("{name}:% = …")),
            Capture::Debug | Capture::Typed => report(&format!("{name}:? = …")),
        };
    }
    if is_pair(&ahead) {
        if is_option(&name) {
            let message = format!("`{name}` takes a colon: `{name}: …,`");
            return Err(input.error(message));
        }
        if name == "message" || name == "msg" {
            return Err(input.error("the message has no key: `\"…\"`"));
        }
        check_name(&name)?;
        ahead.parse::<Token![=]>()?;
        return match sign(&ahead) {
            Some(sign) => report(&format!("{name}:{sign} = …")),
            None => report(&format!("{name} = …")),
        };
    }
    let mut dotted = name.to_string();
    while ahead.parse::<Option<Token![.]>>()?.is_some() {
        let Ok(next) = ahead.call(Ident::parse_any) else {
            return Ok(());
        };
        dotted = format!("{dotted}.{next}");
    }
    match is_pair(&ahead) {
        true => report(&format!("\"{dotted}\" = …")),
        false => Ok(()),
    }
}

/// Reports a key-value, an option or a keyword argument behind the message, where Python has them: an argument
/// that `format_args!` refuses. `before` is how the call begins, without the message.
pub(crate) fn check_arguments(input: ParseStream<'_>, before: &str) -> Result<()> {
    let ahead = input.fork();
    let Ok(format) = ahead.parse::<LitStr>() else {
        return Ok(());
    };
    let format = format.value();
    let Some(uses) = Uses::of(&format) else {
        return Ok(());
    };
    let mut position = 0;
    while ahead.parse::<Option<Token![,]>>()?.is_some() && !ahead.is_empty() {
        let argument = ahead.fork();
        if let Ok(name) = argument.call(Ident::parse_any) {
            if is_colon(&argument) {
                return Err(behind_message(&name, before));
            }
            if is_pair(&argument) {
                if !uses.contain(&name.to_string(), position) {
                    return Err(behind_message(&name, before));
                }
                ahead.call(Ident::parse_any)?;
                ahead.parse::<Token![=]>()?;
            }
        }
        if ahead.parse::<Expr>().is_err() {
            break;
        }
        position += 1;
    }
    Ok(())
}

/// The error for a name behind the message that belongs before it.
fn behind_message(name: &Ident, before: &str) -> Error {
    if let Err(error) = check_foreign_name(name) {
        return error;
    }
    let message = if is_option(name) {
        format!("`{name}` comes before the message: `{before}{name}: …, \"…\")`")
    } else if is_keyword(name) {
        format!("`{name}` comes before the message: `{before}{name} = …; \"…\")`")
    } else {
        format!(
            "`{name}` is not in the message; a key-value comes before the message: \
             `{before}{name} = …; \"…\")`"
        )
    };
    Error::new(name.span(), message)
}

/// Whether one of the arguments behind the next one is a string, which can be the message.
fn has_message(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while ahead
        .parse::<Option<Token![,]>>()
        .is_ok_and(|it| it.is_some())
    {
        if is_message(&ahead) {
            return true;
        }
        // Up to the next comma.
        while !ahead.is_empty() && !ahead.peek(Token![,]) {
            let _ = ahead.parse::<TokenTree>();
        }
    }
    false
}

/// Whether a `:` follows, and not a `::`.
pub(super) fn is_colon(input: ParseStream<'_>) -> bool {
    input.peek(Token![:]) && !input.peek(Token![::])
}

/// Whether the `=` of a key-value or of a named argument follows.
pub(super) fn is_pair(input: ParseStream<'_>) -> bool {
    input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>])
}
