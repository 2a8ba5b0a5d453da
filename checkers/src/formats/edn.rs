//! EDN, the notation in which Jepsen writes its histories.
//!
//! A reader of the whole notation (<https://github.com/edn-format/edn>): `nil`, booleans,
//! integers, floats, strings, characters, keywords, symbols, lists, vectors, sets, maps, tagged
//! elements, comments and `#_`. Of Clojure's own additions it takes those that its printer leaves
//! in files: ratios, `0x1f`, `##Inf`, `#"patterns"` and `#:prefix{...}`.
//!
//! Errors name line and column. Input is not trusted: nesting is limited to [`DEPTH_MAX`], and
//! whatever the bytes are, the answer is a value or an error, never a panic.

use std::fmt;

/// How deep collections may nest. Histories nest about five deep; a reader that calls itself
/// must end before the stack does.
pub const DEPTH_MAX: usize = 128;

/// A value in the notation.
#[derive(Clone, Debug, PartialEq)]
pub enum Edn {
    /// `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A number that is no such integer (a float, a ratio, a longer integer), as it is written.
    Number(String),
    /// A string, or a single character.
    Text(String),
    /// A keyword, without its colon.
    Keyword(String),
    /// A symbol.
    Symbol(String),
    /// A list or a vector.
    List(Vec<Edn>),
    /// A set, in the order in which it is written.
    Set(Vec<Edn>),
    /// A map, in the order in which it is written.
    Map(Vec<(Edn, Edn)>),
    /// A tagged element: `#inst "2026-01-01"`.
    Tagged(String, Box<Edn>),
}

/// The text is not EDN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdnError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for EdnError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for EdnError {}

/// Where in the text something begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    offset: usize,
    line: usize,
    line_start: usize,
}

/// Reads one value after the other.
#[derive(Debug)]
pub struct EdnReader<'a> {
    text: &'a str,
    here: Place,
}

impl<'a> EdnReader<'a> {
    /// A reader at the beginning of the text.
    pub fn new(text: &'a str) -> EdnReader<'a> {
        EdnReader { text, here: Place { offset: 0, line: 1, line_start: 0 } }
    }

    /// The next value with the line on which it begins, or `None` at the end of the text.
    ///
    /// # Errors
    /// If what comes next is no value.
    pub fn next_value(&mut self) -> Result<Option<(usize, Edn)>, EdnError> {
        self.skip_blanks(0)?;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let line = self.here.line;
        self.value(0).map(|value| Some((line, value)))
    }

    /// Steps into a list or vector if one comes next: its elements are then read with
    /// [`EdnReader::next_element`].
    ///
    /// # Errors
    /// If what comes before is no comment.
    pub fn enter_list(&mut self) -> Result<Option<char>, EdnError> {
        self.skip_blanks(0)?;
        let close = match self.peek() {
            Some('[') => ']',
            Some('(') => ')',
            Some(_) | None => return Ok(None),
        };
        self.advance();
        Ok(Some(close))
    }

    /// The next element of a list that was entered, or `None` after its end.
    ///
    /// # Errors
    /// If what comes next is neither a value nor the end of the list.
    pub fn next_element(&mut self, close: char) -> Result<Option<(usize, Edn)>, EdnError> {
        self.skip_blanks(1)?;
        if self.peek() == Some(close) {
            self.advance();
            return Ok(None);
        }
        let line = self.here.line;
        self.value(1).map(|value| Some((line, value)))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.here.offset..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.here.offset += next.len_utf8();
        if next == '\n' {
            self.here.line += 1;
            self.here.line_start = self.here.offset;
        }
        Some(next)
    }

    fn error<T>(&self, place: Place, problem: impl Into<String>) -> Result<T, EdnError> {
        let before = &self.text[place.line_start..place.offset];
        let column = before.chars().count() + 1;
        Err(EdnError { line: place.line, column, problem: problem.into() })
    }

    /// Skips blanks, commas, comments and values that `#_` takes back.
    fn skip_blanks(&mut self, depth: usize) -> Result<(), EdnError> {
        loop {
            match self.peek() {
                Some(next) if next == ',' || next.is_whitespace() => {
                    self.advance();
                }
                Some(';') => while self.advance().is_some_and(|next| next != '\n') {},
                Some('#') if self.rest().starts_with("#_") => {
                    let start = self.here;
                    self.advance();
                    self.advance();
                    if depth >= DEPTH_MAX {
                        return self.error(start, too_deep());
                    }
                    self.skip_blanks(depth + 1)?;
                    if self.rest().is_empty() {
                        return self.error(start, "nothing follows `#_`, which skips a value");
                    }
                    self.value(depth + 1)?;
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Reads the value that begins here.
    fn value(&mut self, depth: usize) -> Result<Edn, EdnError> {
        let start = self.here;
        if depth >= DEPTH_MAX {
            return self.error(start, too_deep());
        }
        match self.peek() {
            None => self.error(start, "expected a value, found the end of the text"),
            Some('(') => self.elements(')', depth).map(Edn::List),
            Some('[') => self.elements(']', depth).map(Edn::List),
            Some('{') => self.map(depth),
            Some('"') => self.string().map(Edn::Text),
            Some('\\') => self.character(),
            Some('#') => self.dispatch(depth),
            Some(close @ (')' | ']' | '}')) => {
                self.error(start, format!("expected a value, found `{close}`"))
            }
            Some(_) => self.atom(),
        }
    }

    /// The elements between the bracket that begins here and its partner.
    fn elements(&mut self, close: char, depth: usize) -> Result<Vec<Edn>, EdnError> {
        let start = self.here;
        let open = self.advance().unwrap_or(close);
        let mut elements = Vec::new();
        loop {
            self.skip_blanks(depth + 1)?;
            match self.peek() {
                Some(next) if next == close => {
                    self.advance();
                    return Ok(elements);
                }
                Some(_) => elements.push(self.value(depth + 1)?),
                None => return self.error(start, format!("`{open}` is not closed")),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Edn, EdnError> {
        let start = self.here;
        let elements = self.elements('}', depth)?;
        if elements.len() % 2 == 1 {
            return self.error(start, "a map with a key that has no value");
        }
        let mut elements = elements.into_iter();
        let mut pairs = Vec::with_capacity(elements.len() / 2);
        while let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            pairs.push((key, value));
        }
        Ok(Edn::Map(pairs))
    }

    fn string(&mut self) -> Result<String, EdnError> {
        let start = self.here;
        self.advance();
        let mut text = String::new();
        loop {
            let escape = self.here;
            match self.advance() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped(escape)?),
                Some(other) => text.push(other),
                None => return self.error(start, "a string that is not closed"),
            }
        }
    }

    /// What stands for itself after a backslash in a string; `start` is the backslash.
    fn escaped(&mut self, start: Place) -> Result<char, EdnError> {
        match self.advance() {
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('n') => Ok('\n'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some(itself @ ('\\' | '"' | '\'' | '/')) => Ok(itself),
            Some('u') => self.code_unit(start),
            Some(first @ '0'..='7') => {
                let mut code = first.to_digit(8).unwrap_or(0);
                while let Some(digit) = self.peek().and_then(|next| next.to_digit(8))
                    && code < 0o40
                {
                    self.advance();
                    code = code * 8 + digit;
                }
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            Some(other) => self.error(start, format!("`\\{other}` is no escape in a string")),
            None => self.error(start, "a string that is not closed"),
        }
    }

    /// Four hexadecimal digits, and four more where the first are half of a pair.
    fn code_unit(&mut self, start: Place) -> Result<char, EdnError> {
        let first = self.four_digits(start)?;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            let back = self.here;
            self.advance();
            self.advance();
            let second = self.four_digits(back)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.here = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self, start: Place) -> Result<u32, EdnError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|next| next.to_digit(16)) {
                Some(digit) => {
                    self.advance();
                    code = code * 16 + digit;
                }
                None => return self.error(start, "`\\u` needs four hexadecimal digits"),
            }
        }
        Ok(code)
    }

    /// A single character: `\a`, `\newline`, `\u0041`.
    fn character(&mut self) -> Result<Edn, EdnError> {
        let start = self.here;
        self.advance();
        let Some(first) = self.advance() else {
            return self.error(start, "nothing follows the backslash");
        };
        let mut name = String::from(first);
        name.push_str(self.token());
        let hexadecimal = |digits: &str| u32::from_str_radix(digits, 16).ok();
        let text = match name.as_str() {
            "newline" => "\n".to_owned(),
            "space" => " ".to_owned(),
            "tab" => "\t".to_owned(),
            "return" => "\r".to_owned(),
            "backspace" => "\u{8}".to_owned(),
            "formfeed" => "\u{c}".to_owned(),
            single if single.chars().count() == 1 => name,
            other => match other.strip_prefix('u').and_then(hexadecimal).and_then(char::from_u32) {
                Some(character) => character.to_string(),
                None => return self.error(start, format!("`\\{other}` is no character")),
            },
        };
        Ok(Edn::Text(text))
    }

    /// What begins with `#`.
    fn dispatch(&mut self, depth: usize) -> Result<Edn, EdnError> {
        let start = self.here;
        self.advance();
        match self.peek() {
            Some('{') => self.elements('}', depth).map(Edn::Set),
            Some('"') => self.pattern(start),
            Some('#') => {
                self.advance();
                Ok(Edn::Number(format!("##{}", self.token())))
            }
            Some(':') => {
                let prefix = self.token().trim_start_matches(':');
                self.skip_blanks(depth + 1)?;
                match self.value(depth + 1)? {
                    Edn::Map(pairs) => Ok(Edn::Map(prefixed(prefix, pairs))),
                    _ => self.error(start, format!("`#:{prefix}` is followed by no map")),
                }
            }
            Some(next) if next.is_alphabetic() => {
                let tag = self.token().to_owned();
                self.skip_blanks(depth + 1)?;
                if self.rest().is_empty() {
                    return self.error(start, format!("the tag `#{tag}` is followed by no value"));
                }
                let value = self.value(depth + 1)?;
                Ok(Edn::Tagged(tag, Box::new(value)))
            }
            Some(_) | None => self.error(start, "expected a set, a tag or `#_` after `#`"),
        }
    }

    /// A regular expression, as its text: a backslash stands for itself, but keeps a quote in.
    fn pattern(&mut self, start: Place) -> Result<Edn, EdnError> {
        self.advance();
        let mut text = String::new();
        loop {
            match self.advance() {
                Some('"') => return Ok(Edn::Text(text)),
                Some('\\') => {
                    text.push('\\');
                    text.extend(self.advance());
                }
                Some(other) => text.push(other),
                None => return self.error(start, "a pattern that is not closed"),
            }
        }
    }

    /// The characters up to the next one that ends a number, keyword or symbol.
    fn token(&mut self) -> &'a str {
        let rest = self.rest();
        let ends = |next: char| next.is_whitespace() || ",;()[]{}\"\\".contains(next);
        let length = rest.find(ends).unwrap_or(rest.len());
        self.here.offset += length;
        &rest[..length]
    }

    /// A number, keyword or symbol.
    fn atom(&mut self) -> Result<Edn, EdnError> {
        let start = self.here;
        let token = self.token();
        if let Some(name) = token.strip_prefix(':') {
            return match name.trim_start_matches(':') {
                "" => self.error(start, "a colon without the name of a keyword"),
                name => Ok(Edn::Keyword(name.to_owned())),
            };
        }
        let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
        if unsigned.starts_with(|first: char| first.is_ascii_digit()) {
            return match number(token) {
                Some(number) => Ok(number),
                None => self.error(start, format!("`{token}` is no number")),
            };
        }
        match token {
            "nil" => Ok(Edn::Nil),
            "true" => Ok(Edn::Bool(true)),
            "false" => Ok(Edn::Bool(false)),
            symbol if symbol.chars().all(is_symbolic) => Ok(Edn::Symbol(symbol.to_owned())),
            other => self.error(start, format!("expected a value, found `{other}`")),
        }
    }
}

fn too_deep() -> String {
    format!("collections nest deeper than {DEPTH_MAX}")
}

fn is_symbolic(character: char) -> bool {
    character.is_alphanumeric() || ".*+!-_?$%&=<>/:#'|".contains(character)
}

/// The keys of `#:prefix{:key value}`.
fn prefixed(prefix: &str, pairs: Vec<(Edn, Edn)>) -> Vec<(Edn, Edn)> {
    let name = |key| match key {
        Edn::Keyword(name) if !name.contains('/') => Edn::Keyword(format!("{prefix}/{name}")),
        other => other,
    };
    pairs.into_iter().map(|(key, value)| (name(key), value)).collect()
}

/// A number as Clojure's printer writes it: `7`, `-7N`, `0x1f`, `1.5e3`, `2M`, `1/3`.
fn number(token: &str) -> Option<Edn> {
    let (sign, unsigned) = match token.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, token.strip_prefix('+').unwrap_or(token)),
    };
    if let Some(digits) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = i64::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal);
        return value.map(|value| Edn::Int(sign * value));
    }
    let digits = unsigned.strip_suffix('N').unwrap_or(unsigned);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let exact = token.strip_suffix('N').unwrap_or(token);
        return Some(exact.parse().map_or_else(|_| Edn::Number(exact.to_owned()), Edn::Int));
    }
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((above, below)) = unsigned.split_once('/') {
        let is_ratio = is_digits(above) && is_digits(below);
        return is_ratio.then(|| Edn::Number(token.to_owned()));
    }
    let decimal = token.strip_suffix('M').unwrap_or(token);
    let value: f64 = decimal.parse().ok()?;
    // One number has one spelling, so that equal numbers are equal values.
    Some(Edn::Number(format!("{value:?}")))
}
