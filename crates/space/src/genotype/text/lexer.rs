//! Text into tokens with their places.

use crate::SpaceError;

/// A piece of the text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name(String),
    Text(String),
    Number(usize),
    /// A number with a sign, a point or an exponent, as it is written.
    Value(String),
    Sign(char),
    End,
}

impl Kind {
    fn describe(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Text(text) => format!("'{text}'"),
            Self::Number(number) => number.to_string(),
            Self::Value(value) => value.clone(),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A token and where it starts, lines and columns counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Token {
    /// The error that something else was expected here.
    pub(super) fn instead_of(&self, expected: impl Into<String>) -> SpaceError {
        SpaceError::Text {
            line: self.line,
            column: self.column,
            expected: expected.into(),
            found: self.kind.describe(),
        }
    }
}

/// No number of a genotype is nearly as large.
const LARGEST: usize = 1_000_000;

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    column: usize,
}

/// All tokens, ending with [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SpaceError> {
    let mut lexer = Lexer { rest: text.chars().peekable(), line: 1, column: 1 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let line = lexer.line;
        let column = lexer.column;
        let kind = lexer.kind()?;
        let last = kind == Kind::End;
        tokens.push(Token { kind, line, column });
        if last {
            return Ok(tokens);
        }
    }
}

impl Lexer<'_> {
    fn bump(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(next)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(&next) = self.rest.peek().filter(|&&next| wanted(next)) {
            taken.push(next);
            self.bump();
        }
        taken
    }

    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|c| c.is_whitespace() || c == '\u{feff}');
            if self.rest.peek() != Some(&'#') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn error(&self, expected: &str, found: String) -> SpaceError {
        let line = self.line;
        let column = self.column;
        SpaceError::Text { line, column, expected: expected.to_owned(), found }
    }

    fn kind(&mut self) -> Result<Kind, SpaceError> {
        match self.rest.peek().copied() {
            None => Ok(Kind::End),
            Some(quote @ ('\'' | '"')) => self.text(quote),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '.') => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                // `genotypes.Genotype` is one name.
                let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
                Ok(Kind::Name(self.take_while(word)))
            }
            Some(sign @ ('(' | ')' | '[' | ']' | '{' | '}' | ',' | '=' | ':')) => {
                self.bump();
                Ok(Kind::Sign(sign))
            }
            Some(other) => Err(self.error(
                "a name, a number, a quoted operation or one of ( ) [ ] { } , = :",
                format!("character {other:?}"),
            )),
        }
    }

    fn number(&mut self) -> Result<Kind, SpaceError> {
        let line = self.line;
        let column = self.column;
        let digits = self.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | 'e' | 'E'));
        if !digits.chars().all(|c| c.is_ascii_digit()) && digits.parse::<f64>().is_ok() {
            return Ok(Kind::Value(digits));
        }
        match digits.parse() {
            Ok(number) if number <= LARGEST => Ok(Kind::Number(number)),
            _ => Err(SpaceError::Text {
                line,
                column,
                expected: format!("a number up to {LARGEST}"),
                found: if digits.len() > 40 { format!("{} digits", digits.len()) } else { digits },
            }),
        }
    }

    fn text(&mut self, quote: char) -> Result<Kind, SpaceError> {
        self.bump();
        let text = self.take_while(|c| c != quote && c != '\n' && c != '\\');
        if self.rest.peek() == Some(&quote) {
            self.bump();
            return Ok(Kind::Text(text));
        }
        let found = self.rest.peek().map_or("the end".to_owned(), |c| format!("character {c:?}"));
        Err(self.error(&format!("a closing {quote}"), found))
    }
}
