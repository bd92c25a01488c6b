//! An independent model of the vault, and its comparison with the compiled contract in an EVM.
