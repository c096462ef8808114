//! The key-values of a call: `key = value, …;` before the message.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use super::capture::Capture;
use super::format::Uses;
use super::options::{is_keyword, is_option};

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

/// The names that no key may have: the attributes of a `LogRecord` in any version of Python, and what a
/// `Formatter` adds or calls.
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
        let capture = input.parse()?;
        let is_short = !input.peek(Token![=]);
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

/// Reports a name that means something else to `pylog` or to Python. As a string it can be a key.
fn check_name(name: &Ident) -> Result<()> {
    if is_option(name) {
        let message = format!(
            "`{name}` is an option, which takes a colon and a comma: `{name}: …,` before the key-values \
             and the message"
        );
        return Err(Error::new(name.span(), message));
    }
    check_foreign_name(name)
}

/// Reports a keyword argument of Python's calls that these calls don't have.
fn check_foreign_name(name: &Ident) -> Result<()> {
    let message = match name.to_string().as_str() {
        "extra" => {
            "`extra` isn't needed: write its items as key-values before the message, `key = value; \"…\"`"
        }
        "stacklevel" => {
            "`stacklevel` has no meaning here: a record has the file and the line of the call"
        }
        _ => return Ok(()),
    };
    Err(Error::new(name.span(), message))
}

/// Reports what `tracing` or Python would accept.
fn check_habits(input: ParseStream<'_>) -> Result<()> {
    if let Some(key) = signed_key(input) {
        return Err(input.error(format!("the sign goes behind the key: `{key}`")));
    }
    if input.peek(Ident::peek_any) && input.peek2(Token![.]) {
        return Err(input.error("a key with a dot is a string: `\"http.status\" = 200`"));
    }
    Ok(())
}

/// The sign of `tracing`, with which the next value begins.
fn sign(input: ParseStream<'_>) -> Option<char> {
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
fn check_order(before: ParseStream<'_>, behind: ParseStream<'_>) -> Result<()> {
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
            return Err(input.error("options come before the level"));
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
fn is_colon(input: ParseStream<'_>) -> bool {
    input.peek(Token![:]) && !input.peek(Token![::])
}

/// Whether the `=` of a key-value or of a named argument follows.
fn is_pair(input: ParseStream<'_>) -> bool {
    input.peek(Token![=]) && !input.peek(Token![==])
}

fn duplicate(key: &LitStr) -> Error {
    Error::new(key.span(), format!("duplicate key `{}`", key.value()))
}

#[cfg(test)]
#[path = "../../../runtime/src/record/attributes.rs"]
mod attributes;

#[cfg(test)]
mod tests {
    use super::RESERVED;
    use super::attributes::{ATTRIBUTES, FORMATTER_ATTRIBUTES};

    #[test]
    fn the_reserved_names_are_the_attributes_of_a_record() {
        let mut expected = [&ATTRIBUTES[..], &FORMATTER_ATTRIBUTES].concat();
        expected.sort_unstable();
        assert_eq!(RESERVED[..], expected);
    }
}
