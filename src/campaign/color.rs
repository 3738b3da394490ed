//! Colours as CSS Color 4 writes them: hexadecimal, a function of numbers, or a name.

/// Red, green, blue and alpha of a CSS colour; `None` where it is none.
pub fn parse(text: &str) -> Option<[u8; 4]> {
    let text = text.trim();
    // The parser also takes hexadecimal digits without their `#`, which no browser does.
    let is_bare = text.chars().all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f' | 'A'..='F'));
    if is_bare && text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    csscolorparser::parse(text).ok().map(|color| color.to_rgba8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_from_other_words() {
        for good in ["#fff", "#1b1b1b", "#f25c05ee", "Tomato", "rgb(242, 92, 5)", "hsl(22deg 96% 48% / 0.5)"] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in ["", "#ff", "#ggg", "orangish", "rgb(1,2)", "rgb(a b c)", "var(--x)", "1b1b1b"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert_eq!(parse("#f25c05"), Some([242, 92, 5, 255]));
        assert_eq!(parse("white"), Some([255; 4]));
    }
}
