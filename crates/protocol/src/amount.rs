//! Token amounts: decimal text at the border, base units inside, never a float.

use alloy::primitives::U256;

/// Longest amount that is read, in bytes: 2^128 has 39 digits, and no token needs 40 decimals more.
pub const MAX_AMOUNT_TEXT: usize = 80;

/// How many decimals an amount shows at least, where its token has that many.
const SHOWN_DECIMALS: usize = 2;

/// A text that is no amount, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// There is nothing to read.
    #[error("the amount is empty")]
    Empty,
    /// Longer than [`MAX_AMOUNT_TEXT`] bytes.
    #[error("the amount is {length} bytes long, more than any amount needs")]
    TooLong {
        /// Bytes of the text.
        length: usize,
    },
    /// A blank or line break, before, after or within.
    #[error("the amount contains a blank")]
    Blank,
    /// A plus or minus sign.
    #[error("the amount carries the sign \"{0}\"")]
    Sign(char),
    /// Scientific notation.
    #[error("the amount is in exponent notation")]
    Exponent,
    /// A comma, underscore or apostrophe.
    #[error("the amount contains \"{0}\", which could mean thousands or decimals")]
    Grouping(char),
    /// Anything else that is neither an ASCII digit nor a point.
    #[error("the amount contains \"{}\", which is not one of the digits 0 to 9", .0.escape_debug())]
    NotADigit(char),
    /// More than one point.
    #[error("the amount has more than one decimal point")]
    TwoPoints,
    /// Nothing before the point.
    #[error("the amount has no digit before its decimal point")]
    NoWholePart,
    /// Nothing after the point.
    #[error("the amount has no digit after its decimal point")]
    NoFraction,
    /// More digits after the point than the token has.
    #[error("the amount has {given} decimals, the token has {allowed}")]
    TooManyDecimals {
        /// Digits after the point.
        given: usize,
        /// The token's decimals.
        allowed: u8,
    },
    /// More than 2^128 - 1 base units.
    #[error("the amount is larger than a vault can count (2^128 - 1 base units)")]
    TooLarge,
}

impl AmountError {
    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::Empty => "give an amount such as 12.50".to_owned(),
            Self::TooLong { .. } => format!("write it in at most {MAX_AMOUNT_TEXT} characters, such as 12.50"),
            Self::Blank => "write the amount without blanks, such as 12.50".to_owned(),
            Self::Sign(_) => "leave the sign out: amounts are never negative, write 12.50".to_owned(),
            Self::Exponent => "write the number out: 1000 rather than 1e3".to_owned(),
            Self::Grouping(_) => "write 1000 for a thousand and 1.5 for one and a half".to_owned(),
            Self::NotADigit(_) => "use the digits 0 to 9 and one point, such as 12.50, and no currency sign".to_owned(),
            Self::TwoPoints => "use one point, before the decimals: 1000.50".to_owned(),
            Self::NoWholePart => "write 0 before the point: 0.5 rather than .5".to_owned(),
            Self::NoFraction => "leave the point out, or write decimals after it: 1 or 1.0".to_owned(),
            Self::TooManyDecimals { allowed: 0, .. } => "this token has no decimals: give a whole number".to_owned(),
            Self::TooManyDecimals { allowed, .. } => format!("give at most {allowed} digits after the point"),
            Self::TooLarge => "give a smaller amount".to_owned(),
        }
    }
}

/// Reads an amount of a token with `decimals` decimals into base units. Zero is read; whether it makes sense is the
/// caller's question.
///
/// Accepted: ASCII digits, and after a point at least one and at most `decimals` more. Nothing else.
///
/// ```
/// use purse_protocol::{AmountError, parse_amount};
/// assert_eq!(parse_amount("12.50", 6), Ok(12_500_000));
/// assert_eq!(parse_amount("1e3", 6), Err(AmountError::Exponent));
/// ```
///
/// # Errors
/// An [`AmountError`] that names what is wrong with the text; its `fix` says how to write it.
pub fn parse_amount(text: &str, decimals: u8) -> Result<u128, AmountError> {
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    if text.len() > MAX_AMOUNT_TEXT {
        return Err(AmountError::TooLong { length: text.len() });
    }
    if let Some(error) = text.chars().find_map(foreign_character) {
        return Err(error);
    }
    let (whole, fraction) = match text.split_once('.') {
        None => (text, ""),
        Some((_, fraction)) if fraction.contains('.') => return Err(AmountError::TwoPoints),
        Some(("", _)) => return Err(AmountError::NoWholePart),
        Some((_, "")) => return Err(AmountError::NoFraction),
        Some(parts) => parts,
    };
    let allowed = usize::from(decimals);
    if fraction.len() > allowed {
        return Err(AmountError::TooManyDecimals { given: fraction.len(), allowed: decimals });
    }
    let missing_zeros = std::iter::repeat_n(b'0', allowed - fraction.len());
    let digits = whole.bytes().chain(fraction.bytes()).chain(missing_zeros);
    let base = digits
        .map(|digit| u128::from(digit - b'0'))
        .try_fold(0u128, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    base.ok_or(AmountError::TooLarge)
}

/// What a character has done wrong in an amount; `None` for a digit or a point.
fn foreign_character(character: char) -> Option<AmountError> {
    match character {
        '0'..='9' | '.' => None,
        '+' | '-' | '\u{2212}' => Some(AmountError::Sign(character)),
        'e' | 'E' => Some(AmountError::Exponent),
        ',' | '_' | '\'' | '\u{2019}' => Some(AmountError::Grouping(character)),
        blank if blank.is_whitespace() => Some(AmountError::Blank),
        other => Some(AmountError::NotADigit(other)),
    }
}

/// Writes base units of a token with `decimals` decimals as decimal text, with trailing zeros cut down to two
/// decimals: `12.50`, `0.000001`, `3.00`. [`parse_amount`] reads back what this writes.
pub fn format_amount(base: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{base:0>width$}", base = base.to_string(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let significant = fraction.trim_end_matches('0').len();
    let shown = significant.max(SHOWN_DECIMALS.min(decimals));
    if shown == 0 { whole.to_owned() } else { format!("{whole}.{}", &fraction[..shown]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read() {
        let cases: [(&str, u8, u128); 10] = [
            ("0", 6, 0),
            ("0.0", 6, 0),
            ("12.5", 6, 12_500_000),
            ("12.500000", 6, 12_500_000),
            ("0.000001", 6, 1),
            ("007", 6, 7_000_000),
            ("1", 18, 1_000_000_000_000_000_000),
            ("1.000000000000000001", 18, 1_000_000_000_000_000_001),
            ("42", 0, 42),
            ("340282366920938463463374607431768.211455", 6, u128::MAX),
        ];
        for (text, decimals, base) in cases {
            assert_eq!(parse_amount(text, decimals), Ok(base), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        use AmountError as E;
        let cases = [
            ("", E::Empty),
            ("1e3", E::Exponent),
            ("1E3", E::Exponent),
            ("-1", E::Sign('-')),
            ("\u{2212}1", E::Sign('\u{2212}')),
            ("+1", E::Sign('+')),
            ("1,000", E::Grouping(',')),
            ("1_000", E::Grouping('_')),
            ("1'000", E::Grouping('\'')),
            (".5", E::NoWholePart),
            (".", E::NoWholePart),
            ("1.", E::NoFraction),
            ("1.2.3", E::TwoPoints),
            ("1..2", E::TwoPoints),
            ("0.0000001", E::TooManyDecimals { given: 7, allowed: 6 }),
            ("1.0000000", E::TooManyDecimals { given: 7, allowed: 6 }),
            ("\u{ff11}", E::NotADigit('\u{ff11}')),
            ("\u{0661}", E::NotADigit('\u{0661}')),
            ("$5", E::NotADigit('$')),
            ("0x10", E::NotADigit('x')),
            ("NaN", E::NotADigit('N')),
            (" 1", E::Blank),
            ("1 ", E::Blank),
            ("1\n", E::Blank),
            ("1\u{a0}000", E::Blank),
            ("340282366920938463463374607431768.211456", E::TooLarge),
            ("999999999999999999999999999999999999999999", E::TooLarge),
        ];
        for (text, error) in cases {
            assert_eq!(parse_amount(text, 6), Err(error.clone()), "{text:?}");
            assert!(!error.to_string().is_empty() && !error.fix().is_empty());
        }
        let long = "1".repeat(MAX_AMOUNT_TEXT + 1);
        assert_eq!(parse_amount(&long, 6), Err(E::TooLong { length: MAX_AMOUNT_TEXT + 1 }));
        assert_eq!(parse_amount("1.5", 0), Err(E::TooManyDecimals { given: 1, allowed: 0 }));
    }

    #[test]
    fn amounts_are_written_with_two_decimals_or_more() {
        let cases = [
            (0, 6, "0.00"),
            (1, 6, "0.000001"),
            (12_340_000, 6, "12.34"),
            (1_500_000, 6, "1.50"),
            (1_000_000_000_000_000_000_u64, 18, "1.00"),
            (5, 0, "5"),
            (5, 1, "0.5"),
            (50, 1, "5.0"),
            (5, 2, "0.05"),
        ];
        for (base, decimals, text) in cases {
            assert_eq!(format_amount(U256::from(base), decimals), text);
        }
        assert_eq!(format_amount(U256::MAX, 77).len(), 79);
        assert_eq!(format_amount(U256::from(1), u8::MAX).len(), 257);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(base: u128, decimals in 0u8..=38) {
            prop_assert_eq!(parse_amount(&format_amount(U256::from(base), decimals), decimals), Ok(base));
        }

        #[test]
        fn no_text_panics(text in ".{0,90}", decimals: u8) {
            let _ = parse_amount(&text, decimals);
        }

        #[test]
        fn only_plain_decimals_are_read(text in "[0-9.,_e+-]{1,12}") {
            let plain = text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
                && text.split('.').count() <= 2
                && text.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= 6);
            prop_assert_eq!(parse_amount(&text, 6).is_ok(), plain);
        }
    }
}
