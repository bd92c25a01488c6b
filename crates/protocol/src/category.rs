//! What kind of payee may be paid: a number on the chain, a name and MCC aliases in `categories.toml`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A category, 1 to 63. The chain knows the number only; names are for people.
///
/// ```
/// use purse_protocol::Category;
/// let data: Category = "data".parse()?;
/// assert_eq!(data.number(), 1);
/// assert_eq!("mcc:7375".parse::<Category>()?, data);
/// # Ok::<(), purse_protocol::CategoryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Category(u8);

/// A name, number or mask that stands for no category.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    /// Not 1 to 63.
    #[error("category {0} does not exist: categories are numbered 1 to 63")]
    OutOfRange(u64),
    /// Neither a known name, nor a number, nor a known `mcc:` code.
    #[error("\"{}\" is not a category", .0.escape_debug())]
    Unknown(String),
    /// Bit 0 of a mask is set.
    #[error("bit 0 of a category mask does not exist")]
    BitZero,
}

impl CategoryError {
    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::BitZero => "set the bits 1 to 63 only: bit 5 stands for category 5".to_owned(),
            Self::OutOfRange(_) | Self::Unknown(_) => {
                let names: Vec<_> = Category::named().map(|entry| entry.name.as_str()).collect();
                format!("use a number from 1 to 63, an MCC such as mcc:7375, or one of {}", names.join(", "))
            }
        }
    }
}

/// A category of `categories.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    /// 1 to 63.
    pub number: u8,
    /// Lower case letters.
    pub name: String,
    /// What it is for, in one line.
    pub about: String,
    /// Merchant category codes (ISO 18245) that mean this category.
    pub mcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    category: Vec<CategoryEntry>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
static TABLE: LazyLock<Vec<CategoryEntry>> = LazyLock::new(|| {
    toml::from_str::<CategoryFile>(include_str!("../categories.toml")).expect("categories.toml is well formed").category
});

impl Category {
    /// The last category.
    pub const MAX: u8 = 63;
    /// Fees of relayers.
    pub const RELAY: Self = Self(63);

    /// The category of that number; `None` unless 1 to 63.
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Its number, 1 to 63.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The category of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::named().find(|entry| entry.name == name).map(|entry| Self(entry.number))
    }

    /// The category of a merchant category code (ISO 18245), four digits.
    pub fn by_mcc(code: &str) -> Option<Self> {
        Self::named().find(|entry| entry.mcc.iter().any(|alias| alias == code)).map(|entry| Self(entry.number))
    }

    /// Its name; `None` for a number that `categories.toml` does not name.
    pub fn name(self) -> Option<&'static str> {
        Self::named().find(|entry| entry.number == self.0).map(|entry| entry.name.as_str())
    }

    /// The categories that have a name, ascending by number.
    pub fn named() -> impl Iterator<Item = &'static CategoryEntry> {
        TABLE.iter()
    }
}

impl TryFrom<u8> for Category {
    type Error = CategoryError;

    fn try_from(number: u8) -> Result<Self, CategoryError> {
        Self::new(number).ok_or(CategoryError::OutOfRange(number.into()))
    }
}

impl From<Category> for u8 {
    fn from(category: Category) -> Self {
        category.0
    }
}

impl From<Category> for String {
    fn from(category: Category) -> Self {
        category.to_string()
    }
}

impl TryFrom<String> for Category {
    type Error = CategoryError;

    fn try_from(text: String) -> Result<Self, CategoryError> {
        text.parse()
    }
}

impl fmt::Display for Category {
    /// The name, or the number where there is none. `FromStr` reads both.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => out.pad(name),
            None => self.0.fmt(out),
        }
    }
}

impl FromStr for Category {
    type Err = CategoryError;

    /// Reads a name (`data`), a number (`1`) or a merchant category code (`mcc:7375`).
    fn from_str(text: &str) -> Result<Self, CategoryError> {
        let unknown = || CategoryError::Unknown(text.to_owned());
        if let Some(code) = text.strip_prefix("mcc:") {
            return Self::by_mcc(code).ok_or_else(unknown);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::by_name(text).ok_or_else(unknown);
        }
        let number: u64 = text.parse().map_err(|_| unknown())?;
        u8::try_from(number).ok().and_then(Self::new).ok_or(CategoryError::OutOfRange(number))
    }
}

/// The categories that a session may pay, as the contracts hold them: bit c is category c. Empty means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct CategoryMask(u64);

impl CategoryMask {
    /// No category.
    pub const EMPTY: Self = Self(0);

    /// The mask of those bits.
    ///
    /// # Errors
    /// [`CategoryError::BitZero`] when bit 0 is set.
    pub const fn from_bits(bits: u64) -> Result<Self, CategoryError> {
        if bits & 1 == 0 { Ok(Self(bits)) } else { Err(CategoryError::BitZero) }
    }

    /// The bits, as the contracts take them.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether nothing may be paid.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `category` may be paid.
    pub const fn contains(self, category: Category) -> bool {
        self.0 >> category.0 & 1 == 1
    }

    /// The mask with `category` added.
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | 1 << category.0)
    }

    /// Its categories, ascending.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        (1..=Category::MAX).map(Category).filter(move |category| self.contains(*category))
    }
}

impl From<CategoryMask> for u64 {
    fn from(mask: CategoryMask) -> Self {
        mask.0
    }
}

impl TryFrom<u64> for CategoryMask {
    type Error = CategoryError;

    fn try_from(bits: u64) -> Result<Self, CategoryError> {
        Self::from_bits(bits)
    }
}

impl FromIterator<Category> for CategoryMask {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Display for CategoryMask {
    /// The categories' names, or `none`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return out.pad("none");
        }
        let names: Vec<_> = self.iter().map(|category| category.to_string()).collect();
        out.pad(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_sound() {
        let numbers: Vec<_> = Category::named().map(|entry| entry.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "ascending by number");
        let names: BTreeSet<_> = Category::named().map(|entry| &entry.name).collect();
        assert_eq!(names.len(), numbers.len(), "names are unique");
        let codes: Vec<_> = Category::named().flat_map(|entry| &entry.mcc).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "an MCC means one category");
        assert!(codes.iter().all(|code| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())));
        for entry in Category::named() {
            assert!(!entry.name.is_empty() && entry.name.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(!entry.about.is_empty());
            let category = Category::new(entry.number).unwrap();
            assert_eq!(entry.name.parse(), Ok(category));
            assert_eq!(category.to_string(), entry.name);
        }
        assert_eq!(Category::RELAY.name(), Some("relay"));
    }

    #[test]
    fn every_number_reads_back_and_nothing_else_does() {
        for number in 1..=Category::MAX {
            let category = Category::new(number).unwrap();
            assert_eq!(number.to_string().parse(), Ok(category));
            assert_eq!(category.to_string().parse(), Ok(category));
        }
        assert_eq!("0".parse::<Category>(), Err(CategoryError::OutOfRange(0)));
        assert_eq!("64".parse::<Category>(), Err(CategoryError::OutOfRange(64)));
        for text in ["", "Data", "data ", "-1", "mcc:", "mcc:0000", "99999999999999999999"] {
            assert_eq!(text.parse::<Category>(), Err(CategoryError::Unknown(text.to_owned())));
        }
    }

    /// I6: empty means nothing, and bit 0 does not exist.
    #[test]
    fn a_mask_holds_exactly_its_categories() {
        let mask: CategoryMask = [1, 5, 63].into_iter().filter_map(Category::new).collect();
        assert_eq!(mask.bits(), 1 << 1 | 1 << 5 | 1 << 63);
        assert_eq!(mask.iter().map(Category::number).collect::<Vec<_>>(), [1, 5, 63]);
        assert_eq!(CategoryMask::from_bits(mask.bits()), Ok(mask));
        assert_eq!(CategoryMask::from_bits(3), Err(CategoryError::BitZero));
        assert_eq!(CategoryMask::EMPTY.iter().count(), 0);
        assert_eq!(CategoryMask::from_bits(!1).unwrap().iter().count(), 63);
    }
}
