//! Who signed what: EIP-712 digests written out by hand, ECDSA in its two accepted forms, ERC-1271.

use super::Vault;
use alloy::primitives::{Address, B256, Signature, U256, keccak256};
use alloy::sol_types::SolValue;
use purse_protocol::abi::IVault::Payment;

const PAYMENT: &str = "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,\
                       uint128 fee,address feeRecipient,bytes32 ref)";
const APPROVAL: &str = "PaymentApproval(Payment payment)";
const ACT: &str = "Act(bytes call,uint32 nonce,uint32 deadline)";
const DOMAIN: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// Whose domain a digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Domain {
    pub(crate) chain_id: u64,
    pub(crate) vault: Address,
}

impl Domain {
    fn digest(self, structure: B256) -> B256 {
        let separator = keccak256(
            (keccak256(DOMAIN), keccak256("Pursestrings Vault"), keccak256("1"), U256::from(self.chain_id), self.vault)
                .abi_encode(),
        );
        keccak256([&[0x19, 0x01], separator.as_slice(), structure.as_slice()].concat())
    }

    /// What a session key signs.
    pub(crate) fn payment(self, payment: &Payment) -> B256 {
        self.digest(struct_hash(payment))
    }

    /// What the owner signs above the per-payment cap.
    pub(crate) fn approval(self, payment: &Payment) -> B256 {
        let kind = keccak256([APPROVAL, PAYMENT].concat());
        self.digest(keccak256([kind, struct_hash(payment)].concat()))
    }

    /// What the owner, or to stop something the guardian, signs.
    pub(crate) fn act(self, call: &[u8], nonce: u32, deadline: u32) -> B256 {
        self.digest(keccak256((keccak256(ACT), keccak256(call), nonce, deadline).abi_encode()))
    }
}

fn struct_hash(payment: &Payment) -> B256 {
    let Payment { session, nonce, deadline, token, payee, amount, fee, feeRecipient, r#ref } = payment;
    let words = (*session, *nonce, *deadline, *token, *payee, *amount, *fee, *feeRecipient, *r#ref).abi_encode();
    keccak256([keccak256(PAYMENT).as_slice(), &words].concat())
}

/// Half the order of secp256k1: the largest s.
pub(crate) const HALF_ORDER: U256 =
    U256::from_limbs([0xdfe9_2f46_681b_20a0, 0x5d57_6e73_57a4_501d, 0xffff_ffff_ffff_ffff, 0x7fff_ffff_ffff_ffff]);

/// The signer by ECDSA: 64 bytes (EIP-2098) or 65, low s only.
pub(crate) fn signer(digest: B256, signature: &[u8]) -> Option<Address> {
    let word = |at: usize| U256::from_be_slice(&signature[at..at + 32]);
    let (s, odd) = match signature.len() {
        64 => ((word(32) << 1) >> 1, word(32).bit(255)),
        65 => match signature[64] {
            27 => (word(32), false),
            28 => (word(32), true),
            _ => return None,
        },
        _ => return None,
    };
    if s > HALF_ORDER {
        return None;
    }
    Signature::new(word(0), s, odd).recover_address_from_prehash(&digest).ok()
}

impl Vault {
    pub(super) fn domain(&self) -> Domain {
        Domain { chain_id: self.chain_id, vault: self.address }
    }

    /// Whether an owner or guardian signed: by its key, or as a contract that says so.
    pub(super) fn has_signed(&self, account: Address, digest: B256, signature: &[u8]) -> bool {
        !account.is_zero() && (signer(digest, signature) == Some(account) || self.world.confirms(account, digest))
    }
}
