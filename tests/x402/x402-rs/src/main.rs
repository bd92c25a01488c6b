//! The facilitator of x402-rs for one EVM chain, on a free port of this machine. Started with one JSON argument: an RPC
//! URL, a chain's number, a key. Prints its URL, and ends when its stdin does.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::sync::Arc;
use x402_chain_eip155::V2Eip155Exact;
use x402_chain_eip155::chain::config::Eip155ChainConfig;
use x402_chain_eip155::chain::{Eip155ChainProvider, Eip155ChainReference};
use x402_facilitator_local::{FacilitatorLocal, handlers};
use x402_types::chain::{ChainId, ChainProviderOps, ChainRegistry, FromConfig};
use x402_types::scheme::{SchemeBlueprints, SchemeRegistry, X402SchemeFacilitator, X402SchemeFacilitatorBuilder};

/// The registry hands out its chains by reference, the scheme wants to own one.
struct Chain(Arc<Eip155ChainProvider>);

impl ChainProviderOps for Chain {
    fn signer_addresses(&self) -> Vec<String> {
        self.0.signer_addresses()
    }

    fn chain_id(&self) -> ChainId {
        self.0.chain_id()
    }
}

impl X402SchemeFacilitatorBuilder<&Chain> for V2Eip155Exact {
    fn build(&self, chain: &Chain, config: Option<Value>) -> Result<Box<dyn X402SchemeFacilitator>, Box<dyn Error>> {
        self.build(chain.0.clone(), config)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument: Value = serde_json::from_str(&std::env::args().nth(1).ok_or("one JSON argument")?)?;
    let number = argument["chainId"].as_u64().ok_or("no chainId")?;
    let config = Eip155ChainConfig {
        chain_reference: Eip155ChainReference::new(number),
        inner: serde_json::from_value(json!({
            "rpc": [{ "http": argument["rpcUrl"] }],
            "signers": [argument["key"]],
        }))?,
    };
    let chain = Chain(Arc::new(Eip155ChainProvider::from_config(&config).await?));
    let chains = ChainRegistry::new(HashMap::from([(chain.chain_id(), chain)]));
    let schemes = serde_json::from_value(json!([{ "id": "v2-eip155-exact", "chains": format!("eip155:{number}") }]))?;
    let registry = SchemeRegistry::build(chains, SchemeBlueprints::new().and_register(V2Eip155Exact), &schemes);
    let routes = handlers::routes().with_state(Arc::new(FacilitatorLocal::new(registry)));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    axum::serve(listener, routes).await?;
    Ok(())
}
