//! Ether for an agent's key, which pays the gas of its payments. Sent by whoever grants; never from the vault.

use crate::change::Made;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::money::of_view;
use crate::output::green;
use crate::rpc_failure;
use alloy::network::TransactionBuilder as _;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use purse_protocol::{format_amount, parse_amount};

/// Decimals of ether.
const DECIMALS: u8 = 18;

/// Reads an amount of ether, in wei.
pub(crate) fn parse(text: &str) -> Result<u128, Failure> {
    parse_amount(text, DECIMALS).map_err(|error| {
        Failure::usage("AmountInvalid", format!("\"{text}\" is no amount"), error.to_string(), error.fix())
    })
}

/// Refuses, before anything is done, what the owner can't give: only the owner grants, so it is who sends. Its own gas
/// comes on top.
pub(crate) async fn must_have(vault: &Vault, wei: u128) -> Result<(), Failure> {
    let owner = vault.contract().owner().call().await.map_err(of_view)?;
    let balance = vault.node.provider.get_balance(owner).await.map_err(rpc_failure::of)?;
    if balance > U256::from(wei) {
        return Ok(());
    }
    let ether = |wei| format_amount(wei, DECIMALS);
    Err(Failure::error(
        "NoGasMoney",
        "the owner can't give that much for gas",
        format!("{owner} has {} ether, and --gas is {} ether", ether(balance), ether(U256::from(wei))),
        "give less with --gas, or send ether to that account first; nothing was changed",
    ))
}

/// Sends it to a new key, if any was asked for; else says that the key needs some.
pub(crate) async fn give(context: &Context, made: &mut Made, key: Address, wei: Option<u128>) -> Result<(), Failure> {
    let line = match wei {
        Some(wei) => send(context, key, wei).await?,
        None => format!("The agent pays its own gas: send some of the chain's coin to {key}"),
    };
    made.add_line(context, &line);
    Ok(())
}

async fn send(context: &Context, to: Address, wei: u128) -> Result<String, Failure> {
    let (node, _) = context.node_with_key().await?;
    let request = TransactionRequest::default().with_to(to).with_value(U256::from(wei));
    let sent = node.provider.send_transaction(request).await.map_err(rpc_failure::of)?;
    let tx = *sent.tx_hash();
    let receipt = sent.get_receipt().await.map_err(|error| {
        Failure::new(
            crate::exit::Exit::NotFinal,
            "NotMined",
            "the gas money is not known to have arrived",
            error.to_string(),
            format!("look for {tx} before you send it again"),
        )
    })?;
    let block = receipt.block_number.unwrap_or_default();
    let amount = format_amount(U256::from(wei), DECIMALS);
    Ok(format!("{}  {amount} ether for gas to {to}   block {block}   tx {tx}", green("sent")))
}
