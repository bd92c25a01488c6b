//! Text that others wrote (sellers, tokens, nodes), made safe to quote.

/// Foreign text without what could move a cursor or hide and reorder letters (each such character becomes `�`), cut
/// after `longest` characters.
///
/// ```
/// use purse_protocol::text::printable;
/// assert_eq!(printable("a\u{1b}[2J\u{202e}b", 100), "a\u{fffd}[2J\u{fffd}b");
/// assert_eq!(printable("abcdef", 3), "abc…");
/// ```
pub fn printable(text: &str, longest: usize) -> String {
    let mut safe: String = text.chars().take(longest).map(|c| if is_visible(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(longest).is_some() {
        safe.push('…');
    }
    safe
}

/// The same of a whole document: its line breaks and tabs stay, and it is not cut.
///
/// ```
/// assert_eq!(purse_protocol::text::tamed("a\tb\n\u{202e}c"), "a\tb\n\u{fffd}c");
/// ```
pub fn tamed(text: &str) -> String {
    text.chars().map(|c| if is_visible(c) || matches!(c, '\n' | '\t') { c } else { '\u{fffd}' }).collect()
}

fn is_visible(character: char) -> bool {
    let hidden = matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{061c}' | '\u{180e}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !(hidden || character.is_control())
}
