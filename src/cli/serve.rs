//! `touchpoint serve`: the search pages and their JSON API.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::serve::listening::Listening;

/// Serve search pages and a JSON API, on loopback unless configured otherwise.
///
/// Pages show who knows a contact or an account, what was last said, and whether every mailbox is
/// read. Nothing is changed by a request. Beyond loopback readers must show an access token, or come
/// through a proxy that signs them in, as the configuration says.
///
/// Example: touchpoint serve --listen 127.0.0.1:8470
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Address and port, in place of the configuration's; port 0: any that is free
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// File with the readers' access tokens, in place of the configuration's
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Serves until SIGINT or SIGTERM.
pub fn run(config: &Path, args: &ServeArgs, json: bool) -> anyhow::Result<ExitCode> {
    let mut config = load(config)?;
    if let Some(listen) = args.listen {
        config.serve.listen = listen;
    }
    if let Some(path) = &args.token_file {
        config.serve.token_file = Some(path.clone());
    }
    block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let listening = Listening::open(config).await?;
        let address = format!("http://{}/", listening.address);
        if json {
            output::json(&serde_json::json!({ "address": address }))?;
        } else {
            output::result(&format!("listening on {address}\n"))?;
        }
        let ended = async move {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        listening.serve(ended).await;
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
