//! `touchpoint simulate`: serves a simulated tenant, prints its truth, or exports its settings.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use clap::Args;

use crate::model::time::Timestamp;
use crate::sim::export;
use crate::sim::server;
use crate::sim::server::Options;
use crate::sim::truth;
use crate::sim::world::World;

/// Serve a simulated tenant on loopback, with mail and meetings whose outcomes are known.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// World file (TOML); see fixtures/worlds.
    #[arg(long, conflicts_with_all = ["seed", "users"])]
    world: Option<PathBuf>,
    /// Seed of all random choices of a generated world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Users of a generated world.
    #[arg(long, default_value_t = 25)]
    users: usize,
    /// Port on 127.0.0.1; 0 = any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Time of the simulated clock (RFC 3339); default: the start of the world.
    #[arg(long)]
    at: Option<String>,
    /// Print the planted truth up to --at as JSON lines, and exit.
    #[arg(long)]
    truth: bool,
    /// Write configuration, secret and the CRM as of --at into this folder, and exit.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// Write every request and its answer into this file, as JSON lines without tokens.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Address that the exported configuration names.
    #[arg(long, default_value = "http://127.0.0.1:8765")]
    address: String,
}

/// Runs the command.
pub fn run(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    let world = match &args.world {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the world file {}", path.display()))?;
            World::from_toml(&text)?
        }
        None => World::generated(args.seed, args.users),
    };
    let at = match &args.at {
        Some(text) => match Timestamp::parse_rfc3339(text) {
            Some(at) => Some(at),
            None => bail!("--at must look like 2026-03-02T02:00:00Z"),
        },
        None => None,
    };
    if let Some(folder) = &args.export {
        let at = at.unwrap_or_else(|| world.start());
        export::write(&world, folder, &args.address, at)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.truth {
        print_truth(&world, at.unwrap_or_else(|| world.start()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serve(
        world,
        Options {
            port: args.port,
            at,
            record: args.record,
        },
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn print_truth(world: &World, at: Timestamp) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = None;
    truth::print(world, at, |line| {
        if failed.is_none() {
            let written = serde_json::to_writer(&mut out, line).map_err(std::io::Error::from);
            failed = written.and_then(|()| writeln!(out)).err();
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(out.flush()?),
    }
}

async fn serve(world: World, options: Options) -> anyhow::Result<()> {
    let port = options.port;
    let running = server::start(world, options)
        .await
        .with_context(|| format!("cannot listen on port {port} of 127.0.0.1, or not record"))?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", running.address)?;
    out.flush()?;
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminated.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}
