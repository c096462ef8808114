//! The key-values of a call: `key = value, …;` before the message.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseBuffer, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use super::capture::Capture;
use super::options::is_option;

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
        let capture = input.parse()?;
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
        if let Some(name) = &variable {
            check_name(name)?;
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
    let message = match name.to_string().as_str() {
        _ if is_option(name) => format!(
            "`{name}` is an option, which takes a colon and a comma: `{name}: …,` before the key-values \
             and the message"
        ),
        "extra" => {
            "`extra` isn't needed: write its items as key-values before the message, `key = value; \"…\"`"
                .to_owned()
        }
        "stacklevel" => {
            "`stacklevel` has no meaning here: a record has the file and the line of the call"
                .to_owned()
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
    // A key that is a string has one of these behind it.
    let is_message =
        |it: ParseStream<'_>| it.peek(LitStr) && !it.peek2(Token![=]) && !it.peek2(Token![:]);
    if !is_message(before) || is_message(behind) {
        return Ok(());
    }
    let message = "key-values come before the message: `key = value; \"…\"`";
    Err(match behind.is_empty() {
        true => Error::new(before.fork().parse::<LitStr>()?.span(), message),
        false => Error::new_spanned(behind.parse::<TokenStream>()?, message),
    })
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
        return report(&name.to_string());
    }
    if ahead.peek(Token![:]) && !ahead.peek(Token![::]) {
        let message = "options come before the level";
        return match is_option(&name) {
            true => Err(input.error(message)),
            false => report(&format!("{name}:? = …")),
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

/// Reports an option of Python's calls behind the message, where Python has it: a named argument that the
/// message doesn't use. `before` is how the call begins, without the message.
pub(crate) fn check_arguments(input: ParseStream<'_>, before: &str) -> Result<()> {
    let ahead = input.fork();
    let Ok(format) = ahead.parse::<LitStr>() else {
        return Ok(());
    };
    let format = format.value();
    while let Ok(token) = ahead.parse::<TokenTree>() {
        let is_comma = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
        if !is_comma || !ahead.peek(Ident::peek_any) {
            continue;
        }
        let name = ahead.call(Ident::parse_any)?;
        if !is_pair(&ahead) {
            continue;
        }
        // The argument itself, or the width or precision of another one.
        if format.contains(&format!("{{{name}")) || format.contains(&format!("{name}$")) {
            continue;
        }
        if name == "exc_info" || name == "stack_info" {
            let message =
                format!("`{name}` comes before the message: `{before}{name} = …; \"…\")`");
            return Err(Error::new(name.span(), message));
        }
        check_name(&name)?;
    }
    Ok(())
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
