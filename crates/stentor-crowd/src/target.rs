//! Whom the crowd asks: only servers on this machine, so that nobody turns it on somebody else's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::error::CrowdError;

/// The longest address that is taken.
const URL_BYTES_MAX: usize = 2_048;

/// A server on this machine, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// Whether by TLS.
    pub tls: bool,
    /// Host and port as in the URL.
    pub authority: String,
    /// The host alone, without brackets: the name in the certificate.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The path is that of a playlist.
    pub hls: bool,
}

impl Target {
    /// Reads an `http` or `https` URL whose host is a loopback address or `localhost`.
    ///
    /// # Errors
    /// [`CrowdError::Url`] if it is none, [`CrowdError::NotLoopback`] if its host is another machine.
    pub fn parse(url: &str, hls: bool) -> Result<Self, CrowdError> {
        let bad = |why| CrowdError::Url { url: url.chars().take(URL_BYTES_MAX).collect(), why };
        if url.len() > URL_BYTES_MAX || url.contains(|c: char| c.is_ascii_control() || c == ' ') {
            return Err(bad("it is too long, or has blanks in it"));
        }
        let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(bad("it begins with neither http:// nor https://")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(bad("a name and password are not sent"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| bad("its port is no number"))?;
        let ip = loopback(host).ok_or_else(|| CrowdError::NotLoopback { host: host.to_owned() })?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        Ok(Self {
            address: SocketAddr::new(ip, port),
            tls,
            authority: authority.to_owned(),
            host: host.to_owned(),
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
            hls,
        })
    }

    /// The request for a path on it.
    pub(crate) fn request(&self, path: &str) -> String {
        let (authority, version) = (&self.authority, env!("CARGO_PKG_VERSION"));
        format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: stentor-crowd/{version}\r\nAccept: */*\r\n\r\n"
        )
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port.parse().ok()?))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

/// The address of a host on this machine. Names are not looked up: RFC 6761 §6.3 says what these two mean.
fn loopback(host: &str) -> Option<IpAddr> {
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let ip: IpAddr = host.parse().ok()?;
    ip.to_canonical().is_loopback().then(|| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_this_machine_are_taken() {
        for (url, address, path) in [
            ("http://127.0.0.1:8080/demo/live.ogg?kbps=16", "127.0.0.1:8080", "/demo/live.ogg?kbps=16"),
            ("http://127.1.2.3", "127.1.2.3:80", "/"),
            ("https://localhost/x#key", "127.0.0.1:443", "/x"),
            ("https://radio.localhost:8443?x", "127.0.0.1:8443", "/?x"),
            ("http://[::1]:8000/a", "[::1]:8000", "/a"),
        ] {
            let target = Target::parse(url, false).expect("a target");
            assert_eq!((target.address.to_string().as_str(), target.path.as_str()), (address, path));
        }
    }

    #[test]
    fn all_others_are_refused() {
        for host in
            ["192.0.2.1", "radio.example", "[2001:db8::1]", "0.0.0.0", "localhost.example", "128.0.0.1"]
        {
            let refused = Target::parse(&format!("http://{host}/"), false);
            assert!(matches!(refused, Err(CrowdError::NotLoopback { .. })), "{host}: {refused:?}");
        }
        for url in
            ["ftp://localhost/", "localhost", "http://a@localhost/", "http://localhost:http/", "http://[::1"]
        {
            let refused = Target::parse(url, false);
            assert!(matches!(refused, Err(CrowdError::Url { .. })), "{url}: {refused:?}");
        }
    }
}
