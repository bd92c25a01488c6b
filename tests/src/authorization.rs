//! A payment by signed authorization (EIP-3009), as an x402 facilitator settles it: encoded here, apart from the client.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::providers::DynProvider;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolValue;
use purse_protocol::abi::IEip3009;

alloy::sol! {
    /// As a facilitator calls the token.
    #[derive(Debug)]
    function transferWithAuthorization(
        address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature
    );
}

const TYPE: &str = "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)";

/// Who pays whom how much; valid at any time.
#[derive(Clone, Copy, Debug)]
pub struct Authorization {
    /// The token.
    pub token: Address,
    /// An account with a key, or a purse.
    pub from: Address,
    /// The seller.
    pub to: Address,
    /// Base units.
    pub value: u128,
    /// The token takes it once.
    pub nonce: B256,
}

impl Authorization {
    /// The call of the token that settles it, signed by the key of the account that pays.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn of_account(
        &self,
        provider: &DynProvider,
        key: &PrivateKeySigner,
    ) -> anyhow::Result<transferWithAuthorizationCall> {
        let digest = self.digest(provider).await?;
        Ok(self.call(key.sign_hash_sync(&digest)?.as_bytes().into()))
    }

    /// The call of the token that settles it, signed by the key of the session whose purse pays.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn of_purse(
        &self,
        provider: &DynProvider,
        key: &PrivateKeySigner,
    ) -> anyhow::Result<transferWithAuthorizationCall> {
        let digest = self.digest(provider).await?;
        let signature = Bytes::from(key.sign_hash_sync(&digest)?.as_bytes());
        let (after, before) = (U256::ZERO, U256::MAX);
        let blob = (self.to, U256::from(self.value), after, before, self.nonce, signature).abi_encode_params();
        Ok(self.call(blob.into()))
    }

    async fn digest(&self, provider: &DynProvider) -> anyhow::Result<B256> {
        let separator = IEip3009::new(self.token, provider).DOMAIN_SEPARATOR().call().await?;
        let (value, after, before) = (U256::from(self.value), U256::ZERO, U256::MAX);
        let words = (keccak256(TYPE), self.from, self.to, value, after, before, self.nonce).abi_encode();
        Ok(keccak256([&[0x19, 0x01], separator.as_slice(), keccak256(words).as_slice()].concat()))
    }

    fn call(&self, signature: Bytes) -> transferWithAuthorizationCall {
        transferWithAuthorizationCall {
            from: self.from,
            to: self.to,
            value: U256::from(self.value),
            validAfter: U256::ZERO,
            validBefore: U256::MAX,
            nonce: self.nonce,
            signature,
        }
    }
}
