//! The file in which an agent asks its owner to approve one payment, and in which the approval comes back.

use crate::private_file::{self, FileError, Secrecy};
use alloy::primitives::{Address, B256, Bytes};
use purse_protocol::abi::IVault::Payment;
use purse_protocol::typed_data::{approval_digest, payment_digest, signer_of};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Seconds from the chain's time to the deadline of a payment that waits for an approval, where nothing else is asked
/// for: a day, so that the owner may sleep over it.
pub const APPROVAL_DEADLINE_SECONDS: u32 = 86_400;

/// Longest file that is read, in bytes; real ones have about 1,500.
const MAX_BYTES: u64 = 64 * 1_024;

/// A payment above the session's per-payment cap, signed by the session's key, and the owner's approval once there.
///
/// What the vault judges is `payment`, and both signatures are over it. `purchase` and `purpose` are the agent's words:
/// the payment's reference commits to them, which only the agent (and whoever has the session's salt) can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// What is to be paid.
    pub payment: Payment,
    /// What is bought, as the agent says.
    pub purchase: String,
    /// What for, as the agent says.
    pub purpose: String,
    /// The session key's signature over the payment.
    pub signature: Bytes,
    /// The owner's over its approval.
    pub approval: Option<Bytes>,
}

/// A file that cannot be read or written, or is no approval request.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalRequestError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// The text is no approval request.
    #[error("{} is not an approval request: {reason}", .path.display())]
    ApprovalRequestInvalid {
        /// The file.
        path: PathBuf,
        /// What does not fit, and where.
        reason: String,
    },
}

impl ApprovalRequestError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::ApprovalRequestInvalid { .. } => "ApprovalRequestInvalid",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::File(error) => error.fix(),
            Self::ApprovalRequestInvalid { .. } => {
                "have the agent write it again: purse pay … --request-approval FILE".to_owned()
            }
        }
    }
}

/// The file's text: amounts as decimal text, since other programs would round them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    chain_id: u64,
    vault: Address,
    payment: PaymentText,
    purchase: String,
    purpose: String,
    digest: B256,
    signature: Bytes,
    approval: Option<Bytes>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentText {
    session: u32,
    nonce: u32,
    deadline: u32,
    token: Address,
    payee: Address,
    amount: String,
    fee: String,
    fee_recipient: Address,
    reference: B256,
}

impl ApprovalRequest {
    /// The digest of the payment, which the session's key has signed.
    pub fn digest(&self) -> B256 {
        payment_digest(self.chain_id, self.vault, &self.payment)
    }

    /// The digest that the owner signs.
    pub fn approval_digest(&self) -> B256 {
        approval_digest(self.chain_id, self.vault, &self.payment)
    }

    /// Who signed the payment: must be the session's key. `None` when nobody can have made that signature.
    pub fn signer(&self) -> Option<Address> {
        signer_of(&self.signature, self.digest())
    }

    /// Whose key signed the approval, if a key did: an owner that is a contract signs otherwise.
    pub fn approver(&self) -> Option<Address> {
        signer_of(self.approval.as_deref()?, self.approval_digest())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ApprovalRequestError`]; a payment that was altered since it was written is refused.
    pub fn load(path: &Path) -> Result<Self, ApprovalRequestError> {
        let text = private_file::read(path, MAX_BYTES, Secrecy::NotNeeded)?;
        Self::parse(&text)
            .map_err(|reason| ApprovalRequestError::ApprovalRequestInvalid { path: path.to_owned(), reason })
    }

    /// Writes a new file (mode 0600, never over another); `text` says it in words.
    ///
    /// # Errors
    /// [`ApprovalRequestError::File`].
    pub fn create(&self, path: &Path, text: &str) -> Result<(), ApprovalRequestError> {
        Ok(private_file::create(path, &self.to_json(text))?)
    }

    /// Writes the file in the place of the one that was loaded, with the approval.
    ///
    /// # Errors
    /// [`ApprovalRequestError::File`].
    pub fn replace(&self, path: &Path, text: &str) -> Result<(), ApprovalRequestError> {
        Ok(private_file::replace(path, &self.to_json(text))?)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text: Text = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let number = |name: &str, text: &str| {
            text.parse::<u128>().map_err(|error| format!("the {name} \"{}\": {error}", text.escape_debug()))
        };
        let payment = Payment {
            session: text.payment.session,
            nonce: text.payment.nonce,
            deadline: text.payment.deadline,
            token: text.payment.token,
            payee: text.payment.payee,
            amount: number("amount", &text.payment.amount)?,
            fee: number("fee", &text.payment.fee)?,
            feeRecipient: text.payment.fee_recipient,
            r#ref: text.payment.reference,
        };
        let request = Self {
            chain_id: text.chain_id,
            vault: text.vault,
            payment,
            purchase: text.purchase,
            purpose: text.purpose,
            signature: text.signature,
            approval: text.approval,
        };
        if request.approval_digest() != text.digest {
            return Err("the payment is not the one that its digest is of: it was altered".to_owned());
        }
        Ok(request)
    }

    fn to_json(&self, text: &str) -> String {
        let payment = PaymentText {
            session: self.payment.session,
            nonce: self.payment.nonce,
            deadline: self.payment.deadline,
            token: self.payment.token,
            payee: self.payment.payee,
            amount: self.payment.amount.to_string(),
            fee: self.payment.fee.to_string(),
            fee_recipient: self.payment.feeRecipient,
            reference: self.payment.r#ref,
        };
        let file = Text {
            text: text.to_owned(),
            chain_id: self.chain_id,
            vault: self.vault,
            payment,
            purchase: self.purchase.clone(),
            purpose: self.purpose.clone(),
            digest: self.approval_digest(),
            signature: self.signature.clone(),
            approval: self.approval.clone(),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n" // of such fields it never fails
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::SessionKey;

    fn request() -> ApprovalRequest {
        let key = SessionKey::from_bytes(&[7; 32]).unwrap();
        let payment = Payment {
            session: 1,
            nonce: 513,
            deadline: 1_800_086_400,
            token: Address::repeat_byte(2),
            payee: Address::repeat_byte(3),
            amount: u128::MAX,
            fee: 0,
            feeRecipient: Address::ZERO,
            r#ref: B256::repeat_byte(4),
        };
        let mut request = ApprovalRequest {
            chain_id: 31_337,
            vault: Address::repeat_byte(1),
            payment,
            purchase: "order 7781".to_owned(),
            purpose: "forecast".to_owned(),
            signature: Bytes::new(),
            approval: None,
        };
        request.signature = Bytes::copy_from_slice(&key.sign(request.digest()).unwrap().as_erc2098());
        request
    }

    #[test]
    fn a_request_comes_back_as_written_and_tells_who_signed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("ask.json");
        let (mut request, key) = (request(), SessionKey::from_bytes(&[7; 32]).unwrap());
        request.create(&path, "in words").unwrap();
        assert_eq!(ApprovalRequest::load(&path).unwrap(), request);
        assert_eq!((request.signer(), request.approver()), (Some(key.address()), None));
        let again = request.create(&path, "in words").unwrap_err();
        assert_eq!(again.code(), "FileExists");

        request.approval = Some(Bytes::copy_from_slice(&key.sign(request.approval_digest()).unwrap().as_bytes()));
        request.replace(&path, "in words").unwrap();
        assert_eq!(ApprovalRequest::load(&path).unwrap().approver(), Some(key.address()));
        assert_ne!(request.digest(), request.approval_digest(), "the session key's signature approves nothing");
    }

    #[test]
    fn an_altered_payment_is_refused() {
        let json = request().to_json("in words");
        for (from, to) in [
            ("\"session\": 1", "\"session\": 2"),
            ("\"nonce\": 513", "\"nonce\": 514"),
            ("0x0303", "0x0305"),
            (&u128::MAX.to_string(), "5"),
            ("31337", "8453"),
        ] {
            let altered = json.replacen(from, to, 1);
            assert_ne!(altered, json, "{from}");
            assert!(ApprovalRequest::parse(&altered).unwrap_err().contains("altered"), "{from}");
        }
        assert!(ApprovalRequest::parse(&json.replace("\"purpose\"", "\"purposes\"")).is_err());
        assert!(ApprovalRequest::parse(&json.replace(&u128::MAX.to_string(), "-1")).unwrap_err().contains("amount"));
        assert!(ApprovalRequest::parse("").is_err());
    }
}
