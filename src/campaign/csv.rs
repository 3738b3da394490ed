//! CSV with places: every cell knows the bytes that it came from, so that a message can point at it.

use std::borrow::Cow;
use std::ops::Range;

/// A cell: its text without quotes, and the bytes of the file that it takes, quotes included.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell<'t> {
    pub text: Cow<'t, str>,
    pub span: Range<usize>,
}

/// The rows of a file that are not empty, header first. Separators are those of the header: `,`, `;` or a tab.
///
/// # Errors
/// The byte of a quote that nothing closes.
pub fn read(text: &str) -> Result<Vec<Vec<Cell<'_>>>, usize> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at: start, separator: separator(&text[start..]) };
    let mut rows = Vec::new();
    while reader.at < text.len() {
        let row = reader.row()?;
        if row.iter().any(|cell| !cell.text.trim().is_empty()) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The separator that the first line has most of, outside of quotes.
fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(separator, _)| *separator == byte).for_each(|(_, n)| *n += 1),
        }
    }
    counts.iter().rev().max_by_key(|(_, n)| *n).map_or(b',', |(separator, _)| *separator)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    separator: u8,
}

impl<'t> Reader<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn row(&mut self) -> Result<Vec<Cell<'t>>, usize> {
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            match self.byte() {
                Some(byte) if byte == self.separator => self.at += 1,
                Some(b'\r') if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    return Ok(cells);
                }
                Some(_) => {
                    self.at += 1;
                    return Ok(cells);
                }
                None => return Ok(cells),
            }
        }
    }

    fn cell(&mut self) -> Result<Cell<'t>, usize> {
        let start = self.at;
        let quoted = match self.byte() {
            Some(b'"') => Some(self.quoted()?),
            _ => None,
        };
        let tail = self.at;
        while self.byte().is_some_and(|b| b != self.separator && b != b'\n' && b != b'\r') {
            self.at += 1;
        }
        let rest = &self.text[tail..self.at];
        let text = match quoted {
            None => Cow::Borrowed(rest),
            Some(text) if rest.trim().is_empty() => text,
            // What follows a closing quote belongs to the cell: spreadsheets read `"a"b` as `ab`.
            Some(text) => Cow::Owned(format!("{text}{rest}")),
        };
        Ok(Cell { text, span: start..self.at })
    }

    /// The text up to the closing quote; two quotes are one.
    fn quoted(&mut self) -> Result<Cow<'t, str>, usize> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        loop {
            let close = self.text[self.at..].find('"').ok_or(open)?;
            self.at += close + 1;
            if self.byte() != Some(b'"') {
                let text = &self.text[start..self.at - 1];
                return Ok(if text.contains('"') {
                    Cow::Owned(text.replace("\"\"", "\""))
                } else {
                    Cow::Borrowed(text)
                });
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(csv: &str) -> Vec<Vec<String>> {
        read(csv).unwrap().into_iter().map(|row| row.into_iter().map(|c| c.text.into_owned()).collect()).collect()
    }

    #[test]
    fn quotes_separators_and_line_ends_as_spreadsheets_write_them() {
        assert_eq!(
            texts("\u{feff}id,name\r\na,\"x, \"\"y\"\"\nz\"\r\n\r\nb,"),
            [vec!["id", "name"], vec!["a", "x, \"y\"\nz"], vec!["b", ""]]
        );
        assert_eq!(texts("id;price\na;1,50\n"), [["id", "price"], ["a", "1,50"]]);
        assert_eq!(texts("id\tn\na\tb, c; d"), [["id", "n"], ["a", "b, c; d"]]);
        assert_eq!(texts("id\rx"), [["id"], ["x"]]);
        assert_eq!(texts(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_cell_knows_its_bytes_and_an_open_quote_its_place() {
        let csv = "id,n\né,\"b c\"\n";
        let rows = read(csv).unwrap();
        assert_eq!(&csv[rows[1][1].span.clone()], "\"b c\"");
        assert_eq!(read("id,n\na,\"b\n").unwrap_err(), 7);
    }
}
