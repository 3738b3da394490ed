//! Pictures on a terminal, for those that can show them.

use std::env::var;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a terminal takes pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inline {
    /// The protocol of kitty, which Ghostty and Konsole speak too.
    Kitty,
    /// The protocol of iTerm2, which WezTerm, VS Code and mintty speak too.
    Iterm,
}

/// Base64 goes to kitty in pieces of so many bytes.
const PIECE: usize = 4096;

impl Inline {
    /// What this terminal is known to show; `None` where output goes elsewhere, or nobody knows.
    pub fn of_terminal() -> Option<Inline> {
        use std::io::IsTerminal;
        if !std::io::stdout().is_terminal() {
            return None;
        }
        Inline::of(&|name| var(name).ok())
    }

    fn of(value: &dyn Fn(&str) -> Option<String>) -> Option<Inline> {
        let term = value("TERM").unwrap_or_default();
        let program = value("TERM_PROGRAM").unwrap_or_default();
        // A multiplexer in between swallows pictures.
        if value("TMUX").is_some() || term.starts_with("screen") {
            return None;
        }
        if value("KITTY_WINDOW_ID").is_some()
            || term.contains("kitty")
            || term.contains("ghostty")
            || program == "ghostty"
        {
            return Some(Inline::Kitty);
        }
        matches!(program.as_str(), "iTerm.app" | "WezTerm" | "vscode" | "mintty").then_some(Inline::Iterm)
    }

    /// What shows a PNG when it is written to the terminal.
    pub fn picture(self, png: &[u8]) -> String {
        let data = STANDARD.encode(png);
        match self {
            Inline::Iterm => format!("\x1b]1337;File=inline=1;preserveAspectRatio=1;size={}:{data}\x07", png.len()),
            Inline::Kitty => {
                let mut text = String::new();
                let pieces = data.len().div_ceil(PIECE).max(1);
                for (at, piece) in data.as_bytes().chunks(PIECE).enumerate() {
                    let head = if at == 0 { "a=T,f=100," } else { "" };
                    let more = u8::from(at + 1 < pieces);
                    // Base64 is ASCII.
                    text += &format!("\x1b_G{head}m={more};{}\x1b\\", String::from_utf8_lossy(piece));
                }
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_known_by_what_it_says_of_itself() {
        let of = |pairs: &[(&str, &str)]| {
            Inline::of(&|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Some(Inline::Kitty));
        assert_eq!(of(&[("TERM_PROGRAM", "WezTerm")]), Some(Inline::Iterm));
        assert_eq!(of(&[("TERM", "xterm-256color")]), None);
        assert_eq!(of(&[("TERM", "xterm-kitty"), ("TMUX", "1")]), None);
    }

    #[test]
    fn kitty_gets_a_large_picture_in_pieces() {
        let text = Inline::Kitty.picture(&vec![7; 9000]);
        assert_eq!(text.matches("\x1b_G").count(), 3);
        assert!(text.starts_with("\x1b_Ga=T,f=100,m=1;") && text.contains("\x1b_Gm=0;"));
        assert!(Inline::Iterm.picture(b"png").ends_with(":cG5n\x07"));
    }
}
