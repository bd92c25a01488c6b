//! The protocol: which tools there are, and calls of them.

use crate::tools;
use crate::work::Work;
use alloy::providers::Provider;
use purse_agent::Buyer;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServiceExt as _};
use std::fmt;
use std::sync::Arc;

/// The server of one session.
pub struct PurseServer<P> {
    work: Arc<Work<P>>,
}

impl<P> fmt::Debug for PurseServer<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PurseServer").finish_non_exhaustive()
    }
}

/// The server ended otherwise than by its client's leaving.
#[derive(Debug, thiserror::Error)]
#[error("the MCP server ended: {0}")]
pub struct ServeError(String);

/// Serves one client over stdin and stdout, until it leaves. Which sellers it may name and how much it may pay them, beside
/// what the vault allows, is the buyer's to know: see its `reaching` and `allowed`.
///
/// # Errors
/// [`ServeError`] where the client does not speak the protocol.
pub async fn serve<P: Provider + 'static>(buyer: Buyer<P>) -> Result<(), ServeError> {
    let server = PurseServer { work: Arc::new(Work::new(buyer)) };
    let running = server.serve(rmcp::transport::stdio()).await.map_err(|error| ServeError(error.to_string()))?;
    running.waiting().await.map(|_| ()).map_err(|error| ServeError(error.to_string()))
}

impl<P: Provider + 'static> ServerHandler for PurseServer<P> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("pursestrings", env!("CARGO_PKG_VERSION")))
            .with_instructions(tools::INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let work = self.work.clone();
        let Some(answer) = work.run(&request.name, request.arguments).await else {
            return Err(ErrorData::invalid_params("there is no tool of that name", None));
        };
        Ok(match answer {
            Ok(value) => CallToolResult::structured(value),
            Err(refusal) => CallToolResult::structured_error(refusal),
        }
        .into())
    }
}
