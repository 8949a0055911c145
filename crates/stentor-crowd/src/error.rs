//! Why a crowd does not set out.

use std::io;

/// The crowd did not set out. Each text says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrowdError {
    /// The caller's: the address is none.
    #[error("{url} is no address of a stream: {why}; it looks like http://127.0.0.1:8080/show/live.ogg")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The caller's: the server is another machine.
    #[error(
        "{host} is not this machine; the crowd asks only loopback addresses (127.0.0.1, [::1], localhost), \
         because on others it would be an attack"
    )]
    NotLoopback {
        /// The host.
        host: String,
    },
    /// The caller's: a number is beyond what makes sense.
    #[error("{what} must lie between {min} and {max}")]
    Range {
        /// Which number.
        what: &'static str,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The machine's: a connection needs a descriptor.
    #[error(
        "{need} connections a process need as many descriptors, and a process may have {have} here; \
         raise the hard limit (ulimit -Hn), or give --processes {processes}"
    )]
    Descriptors {
        /// Descriptors that are needed.
        need: u64,
        /// Descriptors that there are.
        have: u64,
        /// As many processes would do.
        processes: u64,
    },
    /// The machine's: a connection needs a port.
    #[error(
        "{need} connections to one address need as many ports, and there are {have} here; ask 127.0.0.1, to which \
         the crowd comes from many addresses, or widen net.ipv4.ip_local_port_range"
    )]
    Ports {
        /// Ports that are needed.
        need: u64,
        /// Ports that there are.
        have: u64,
    },
    /// The caller's: with https it must be said whom to trust.
    #[error(
        "https needs to know whom to trust: --tls-root FILE with the certificate, or --tls-unverified to trust anybody \
         on this machine"
    )]
    NoTrust,
    /// The caller's: the root certificate cannot be used.
    #[error("cannot use the certificate {name}: {why}; it must be a file of PEM certificates")]
    BadRoot {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
    /// The machine's: a system call failed that must not.
    #[error("the system refused {what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// What it says.
        source: io::Error,
    },
}

impl CrowdError {
    /// Whether another command line is what helps.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::System { .. })
    }
}
