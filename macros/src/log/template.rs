//! Message templates: with the feature `templates`, `"read {n} rows"` becomes `"read %s rows"` and its
//! arguments, as in Python's own calls.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::call::Crate;

/// A message, split into its template and its arguments.
pub(super) struct Template {
    /// The later `record.msg`.
    pub(super) text: LitStr,
    /// For `format_args!`: the arguments alone, with a mark before each.
    pub(super) args: TokenStream,
    /// The statement that declares the mark.
    pub(super) mark: TokenStream,
}

/// `None` for a message that isn't a literal, or has no arguments.
pub(super) fn template(Crate(krate): &Crate, message: &TokenStream) -> Option<Template> {
    if !cfg!(feature = "templates") {
        return None;
    }
    let mut rest = message.clone().into_iter();
    let literal = syn::parse2::<LitStr>(literal(rest.next()?)?.into()).ok()?;
    if !literal.suffix().is_empty() {
        return None;
    }
    let span = literal.span();
    let (text, marked) = split(&literal.value())?;
    let text = LitStr::new(&text, span);
    let marked = LitStr::new(&marked, span);
    // A variable that the format string captures, since a positional argument would shift the numbers
    // of the others.
    let mark = Ident::new(MARK, span);
    let mark = quote_spanned!(Span::mixed_site()=> let #mark = #krate::__private::ArgumentMark;);
    let args = quote!(#marked #(#rest)*);
    Some(Template { text, args, mark })
}

const MARK: &str = "__pylog_mark";

/// A literal, also in the invisible group in which a `macro_rules!` passes it on.
pub(super) fn literal(token: TokenTree) -> Option<TokenTree> {
    match token {
        TokenTree::Literal(_) => Some(token),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let first = tokens.next()?;
            tokens.next().is_none().then(|| literal(first)).flatten()
        }
        _ => None,
    }
}

/// The template, and the format string of its arguments. `None` if there are none, or if `format_args!`
/// will report an error.
fn split(format: &str) -> Option<(String, String)> {
    let mut template = String::new();
    let mut marked = String::new();
    let mut rest = format;
    while let Some(position) = rest.find(['{', '}', '%']) {
        template.push_str(&rest[..position]);
        let found = &rest[position..];
        if let Some(behind) = found.strip_prefix('%') {
            template.push_str("%%");
            rest = behind;
        } else if found.starts_with("{{") || found.starts_with("}}") {
            template.push_str(&found[..1]);
            rest = &found[2..];
        } else {
            let end = found.strip_prefix('{')?.find('}')? + 2;
            template.push_str("%s");
            marked.push_str(&format!("{{{MARK}}}"));
            marked.push_str(&found[..end]);
            rest = &found[end..];
        }
    }
    template.push_str(rest);
    (!marked.is_empty()).then_some((template, marked))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_message_is_split() {
        let marked = |args: &[&str]| -> String {
            args.iter()
                .map(|arg| format!("{{__pylog_mark}}{arg}"))
                .collect()
        };
        for (format, template, args) in [
            ("read {n} rows", "read %s rows", &["{n}"][..]),
            ("{}{}", "%s%s", &["{}", "{}"]),
            ("{:>1$.2$} {x:?}", "%s %s", &["{:>1$.2$}", "{x:?}"]),
            ("100% of {{{n}}}", "100%% of {%s}", &["{n}"]),
        ] {
            let expected = (template.to_owned(), marked(args));
            assert_eq!(split(format), Some(expected), "{format}");
        }
        for format in ["", "100%", "{{}}", "{", "}", "{n", "a } b {}"] {
            assert_eq!(split(format), None, "{format}");
        }
    }
}
