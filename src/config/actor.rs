//! Who starts a command, and where: what an audit says of them.

/// `anna@host (touchpoint unlink)`: the user, the machine and the command.
#[expect(clippy::disallowed_methods, reason = "config reads the environment")]
pub fn name(command: &str) -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    // A scheduled job often has no such variable.
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "unknown" } else { host };
    format!("{user}@{host} (touchpoint {command})")
}
