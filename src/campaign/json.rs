//! JSON with places: where each value of a list or a table starts and ends in text that is known to be JSON.

use std::ops::Range;

/// The values directly in a list or a table, with their keys' bytes in a table. Empty for any other value.
///
/// `text` must have been read as JSON before; then brackets and quotes are balanced.
pub fn items(text: &str) -> Vec<(Option<Range<usize>>, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut items = Vec::new();
    let (mut key, mut start): (Option<Range<usize>>, Option<usize>) = (None, None);
    let (mut depth, mut at) = (0usize, 0);
    while let Some(&byte) = bytes.get(at) {
        let next = if byte == b'"' { string_end(bytes, at) } else { at + 1 };
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let opens = matches!(byte, b'[' | b'{');
        let at_item = depth == 1 && !opens || depth == 2 && opens;
        match byte {
            b':' if depth == 1 => key = start.take().map(|s| s..trim_end(bytes, at)),
            b',' if depth == 1 => items.extend(start.take().map(|s| (key.take(), s..trim_end(bytes, at)))),
            b']' | b'}' if depth == 0 => items.extend(start.take().map(|s| (key.take(), s..trim_end(bytes, at)))),
            b if at_item && !b.is_ascii_whitespace() && start.is_none() => start = Some(at),
            _ => {}
        }
        at = next;
    }
    items
}

fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn trim_end(bytes: &[u8], end: usize) -> usize {
    end - bytes[..end].iter().rev().take_while(|b| b.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_lists_and_tables_are_found() {
        let found = |text: &str| -> Vec<String> {
            let show = |r: Range<usize>| text[r].to_owned();
            items(text).into_iter().map(|(k, v)| format!("{}={}", k.map_or(String::new(), show), show(v))).collect()
        };
        assert_eq!(found(r#" [ {"a": [1,2]} , "x,]" ,3 ] "#), [r#"={"a": [1,2]}"#, r#"="x,]""#, "=3"]);
        assert_eq!(found(r#"{"k\"}": {"b":{}}, "l" : [] }"#), [r#""k\"}"={"b":{}}"#, r#""l"=[]"#]);
        assert_eq!(found("[]"), Vec::<String>::new());
        assert_eq!(found("5"), Vec::<String>::new());
    }
}
