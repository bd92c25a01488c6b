//! Reads calldata by the rules of Solidity's ABI decoder, which are wider than what any encoder writes: offsets may
//! point anywhere, tails may overlap, bytes may follow the end; but every word must fit its type.

use alloy::primitives::{Address, I256, U256};

/// Calldata that Solidity's own decoder refuses, without a named error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

type Read<T> = Result<T, Malformed>;

/// The largest offset or length that the decoder believes.
const MAX_POINTER: u64 = u64::MAX;

/// A call's bytes behind its selector, or a part of them that has an encoding of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    /// Where the head starts, to which offsets in it relate.
    head: usize,
}

impl<'a> Reader<'a> {
    /// Arguments whose head has `words` words.
    pub(crate) fn new(data: &'a [u8], words: usize) -> Read<Self> {
        Self { data, head: 0 }.with_head(0, words)
    }

    /// A part of the same data with a head of its own.
    fn with_head(self, head: usize, words: usize) -> Read<Self> {
        let end = head.checked_add(words * 32).ok_or(Malformed)?;
        if end > self.data.len() { Err(Malformed) } else { Ok(Self { head, ..self }) }
    }

    /// The word at a place in the head.
    pub(crate) fn word(&self, index: usize) -> U256 {
        word_at(self.data, self.head + index * 32)
    }

    /// A word of an unsigned integer of so many bits.
    fn uint(&self, index: usize, bits: usize) -> Read<U256> {
        let word = self.word(index);
        if word >> bits == U256::ZERO { Ok(word) } else { Err(Malformed) }
    }

    pub(crate) fn u8(&self, index: usize) -> Read<u8> {
        Ok(self.uint(index, 8)?.to())
    }

    pub(crate) fn u32(&self, index: usize) -> Read<u32> {
        Ok(self.uint(index, 32)?.to())
    }

    pub(crate) fn u64(&self, index: usize) -> Read<u64> {
        Ok(self.uint(index, 64)?.to())
    }

    pub(crate) fn u128(&self, index: usize) -> Read<u128> {
        Ok(self.uint(index, 128)?.to())
    }

    pub(crate) fn bool(&self, index: usize) -> Read<bool> {
        Ok(self.uint(index, 1)? == U256::from(1))
    }

    pub(crate) fn address(&self, index: usize) -> Read<Address> {
        Ok(Address::from_word(self.uint(index, 160)?.into()))
    }

    /// Where the tail that the offset at this place names begins.
    fn tail(&self, index: usize) -> Read<usize> {
        let offset = self.word(index);
        if offset > U256::from(MAX_POINTER) {
            return Err(Malformed);
        }
        self.head.checked_add(usize::try_from(offset).map_err(|_| Malformed)?).ok_or(Malformed)
    }

    /// Start and length of what has its length before it.
    fn counted(&self, index: usize) -> Read<(usize, usize)> {
        let at = self.tail(index)?;
        if at.checked_add(31).ok_or(Malformed)? >= self.data.len() {
            return Err(Malformed);
        }
        let length = word_at(self.data, at);
        if length > U256::from(MAX_POINTER) {
            return Err(Malformed);
        }
        Ok((at + 32, usize::try_from(length).map_err(|_| Malformed)?))
    }

    /// A `bytes` argument.
    pub(crate) fn bytes(&self, index: usize) -> Read<&'a [u8]> {
        let (start, length) = self.counted(index)?;
        let end = start.checked_add(length).ok_or(Malformed)?;
        self.data.get(start..end).ok_or(Malformed)
    }

    /// The elements of an array of structs of `words` words each, without anything dynamic in them.
    pub(crate) fn static_structs(&self, index: usize, words: usize) -> Read<Vec<Self>> {
        let (start, count) = self.counted(index)?;
        let size = count.checked_mul(words * 32).ok_or(Malformed)?;
        if start.checked_add(size).ok_or(Malformed)? > self.data.len() {
            return Err(Malformed);
        }
        (0..count).map(|i| self.with_head(start + i * words * 32, words)).collect()
    }

    /// The elements of an array of structs with something dynamic in them, whose heads have `words` words.
    pub(crate) fn dynamic_structs(&self, index: usize, words: usize) -> Read<Vec<Self>> {
        let (start, offsets) = self.pointers(index)?;
        let at_start = Self { head: start, ..*self };
        (0..offsets).map(|i| self.with_head(at_start.tail(i)?, words)).collect()
    }

    /// A struct with something dynamic in it, whose head has `words` words.
    pub(crate) fn dynamic_struct(&self, index: usize, words: usize) -> Read<Self> {
        self.with_head(self.tail(index)?, words)
    }

    /// Start and number of an array's offsets.
    pub(crate) fn pointers(&self, index: usize) -> Read<(usize, usize)> {
        let (start, count) = self.counted(index)?;
        let size = count.checked_mul(32).ok_or(Malformed)?;
        if start.checked_add(size).ok_or(Malformed)? > self.data.len() { Err(Malformed) } else { Ok((start, count)) }
    }
}

/// The word at a place; zeros follow the end.
pub(crate) fn word_at(data: &[u8], at: usize) -> U256 {
    let mut word = [0; 32];
    let rest = data.get(at..).unwrap_or_default();
    let length = rest.len().min(32);
    word[..length].copy_from_slice(&rest[..length]);
    U256::from_be_bytes(word)
}

/// Follows a pointer within calldata, as Solidity does when an element is used where it stands: the offset is signed and
/// relates to `base`, and what it points to has at least `needed` bytes. All places count from the selector's end.
pub(crate) fn follow(data: &[u8], base: usize, pointer: usize, needed: usize) -> Read<usize> {
    let signed = |value: usize| I256::try_from(value).map_err(|_| Malformed);
    let offset = I256::from_raw(word_at(data, pointer));
    let (data_end, base_at) = (signed(data.len())?, signed(base)?);
    if offset >= data_end - base_at - signed(needed)? + I256::ONE {
        return Err(Malformed);
    }
    // Before the selector there is nothing that an encoder could have meant
    usize::try_from((base_at + offset).into_raw()).map_err(|_| Malformed)
}
