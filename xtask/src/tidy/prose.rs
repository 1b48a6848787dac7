//! Documentation begins with what a thing is or does, and keeps to one width.

use std::str::FromStr;

use proc_macro2::{Group, TokenStream, TokenTree};

use super::style::Place;

/// Columns of comments, as of code.
const CODE: usize = 100;
/// Columns of Markdown.
const PROSE: usize = 130;
/// Words that begin a question.
const QUESTIONS: [&str; 9] =
    ["What", "How", "Whether", "Who", "Whose", "Where", "When", "Which", "Why"];

/// Items whose documentation begins with a question word.
pub(super) fn questions(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    // What is not Rust is refused by the compiler.
    if let Ok(stream) = TokenStream::from_str(text) {
        walk(stream, &mut places);
    }
    places
}

fn walk(stream: TokenStream, places: &mut Vec<Place>) {
    let trees: Vec<_> = stream.into_iter().collect();
    // The kind of the line before, if it is documentation.
    let mut before = None;
    for (at, tree) in trees.iter().enumerate() {
        let TokenTree::Group(group) = tree else {
            before = before.filter(|_| is_hash(tree));
            continue;
        };
        let Some(line) = documentation(&trees[..at], group) else {
            before = None;
            walk(group.stream(), places);
            continue;
        };
        // Documentation of a module ends where that of its first item begins.
        let kind = trees[..at].last().map(ToString::to_string);
        let word = line.split_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches(|c: char| !c.is_alphabetic());
        if before != Some(kind.clone()) && QUESTIONS.contains(&word) {
            let message = format!("documentation begins with `{word}`, not with what a thing is");
            places.push((group.span_open().start().line, message));
        }
        before = Some(kind);
    }
}

/// The text of `#[doc = ".."]`, to which the compiler turns a line of documentation.
fn documentation(before: &[TokenTree], group: &Group) -> Option<String> {
    let is_attribute = before.last().is_some_and(is_hash);
    let trees: Vec<_> = group.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(doc), TokenTree::Punct(_), TokenTree::Literal(text)]
            if is_attribute && doc == "doc" =>
        {
            let text = text.to_string();
            Some(text.trim_start_matches(['r', '#']).trim_start_matches('"').to_owned())
        }
        _ => None,
    }
}

/// `#`, or the `!` behind it.
fn is_hash(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(mark) if "#!".contains(mark.as_char()))
}

/// Comments of more than [`CODE`] columns.
pub(super) fn comments(text: &str) -> Vec<Place> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| {
            let comment = line.trim_start();
            comment.starts_with("//") && is_wide(comment.trim_start_matches(['/', '!']), line, CODE)
        })
        .map(|(index, line)| (index + 1, wide(line, CODE)))
        .collect()
}

/// Lines of more than [`PROSE`] columns, code left out.
pub(super) fn markdown(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        if !is_code && !fence && is_wide(line, line, PROSE) {
            places.push((index + 1, wide(line, PROSE)));
        }
    }
    places
}

/// `true` if a line is too wide and could be broken: rows of tables and single words cannot.
fn is_wide(words: &str, line: &str, most: usize) -> bool {
    let words = words.trim();
    line.chars().count() > most && !words.starts_with('|') && words.contains(' ')
}

fn wide(line: &str, most: usize) -> String {
    format!("{} columns, {most} are the limit", line.chars().count())
}
