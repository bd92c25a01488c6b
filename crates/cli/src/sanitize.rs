//! Text that came from a chain, a file or a network, made safe to print: it can't move the cursor, hide or reorder.

use purse_protocol::text::printable;

/// Longest foreign text printed, in characters: a line of a terminal, twice.
const MAX_CHARS: usize = 160;

/// `text` without control, zero-width and bidirectional characters (each becomes `�`), cut after [`MAX_CHARS`].
pub(crate) fn clean(text: &str) -> String {
    printable(text, MAX_CHARS)
}

/// Like [`clean`], for prose of our own that may quote foreign text: cut only where no message of ours would be.
pub(crate) fn clean_prose(text: &str) -> String {
    printable(text, 16 * MAX_CHARS)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn control_and_bidi_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\nd"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
        assert_eq!(clean("Zürich 支払い"), "Zürich 支払い");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(clean(&"x".repeat(500)).chars().count(), super::MAX_CHARS + 1);
    }
}
