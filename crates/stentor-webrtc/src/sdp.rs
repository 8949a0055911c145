//! SDP as lines (RFC 8866 §5): what offers and ICE fragments have in common. Nothing here copies.

use std::net::SocketAddr;

use str0m::{Candidate, IceCreds};

/// The session part or one media section of a description: its `a=` lines and, for a media section,
/// its `m=` line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section<'a> {
    /// What follows `m=`; empty for the session part.
    pub(crate) media: &'a str,
    /// What follows each `a=`.
    attributes: Vec<&'a str>,
}

/// The text is not made of `x=…` lines, or has more media sections than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotLines;

/// Media sections of one description. A browser offers one a track; a studio page offers one in all.
pub(crate) const SECTIONS_MAX: usize = 16;

/// Cuts a description into its session part and its media sections. Line ends are CRLF or, as some
/// clients send, LF (RFC 8866 §5).
pub(crate) fn sections(text: &str) -> Result<(Section<'_>, Vec<Section<'_>>), NotLines> {
    let mut session = Section::default();
    let mut media: Vec<Section<'_>> = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if line.is_empty() {
            continue;
        }
        let (kind, value) = line.split_once('=').ok_or(NotLines)?;
        if value.contains(char::is_control) {
            return Err(NotLines);
        }
        match kind {
            "m" if media.len() == SECTIONS_MAX => return Err(NotLines),
            "m" => media.push(Section { media: value, attributes: Vec::new() }),
            "a" => media.last_mut().unwrap_or(&mut session).attributes.push(value),
            _ if kind.len() == 1 => {}
            _ => return Err(NotLines),
        }
    }
    Ok((session, media))
}

impl<'a> Section<'a> {
    /// Whether there is a line `a=name`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.attributes.contains(&name)
    }

    /// The value of each line `a=name:value`.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    }

    /// The value of the first line `a=name:value`.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The ICE credentials, if both are there and well-formed (RFC 8839 §5.4): 4 to 256 and 22 to 256
    /// characters.
    pub(crate) fn ice(&self) -> Option<IceCreds> {
        let is_ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        let fits = |text: &str, min| (min..=256).contains(&text.len()) && text.chars().all(is_ice_char);
        let (ufrag, pass) = (self.value("ice-ufrag")?, self.value("ice-pwd")?);
        (fits(ufrag, 4) && fits(pass, 22)).then(|| IceCreds { ufrag: ufrag.into(), pass: pass.into() })
    }
}

/// The lines with our credentials and addresses, for an answer or a fragment. `candidates` are what
/// follows `a=`.
pub(crate) fn write_ice(out: &mut String, local: &IceCreds, candidates: &[String]) {
    out.push_str(&format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", local.ufrag, local.pass));
    for candidate in candidates {
        out.push_str(&format!("a={candidate}\r\n"));
    }
    out.push_str("a=end-of-candidates\r\n");
}

/// Host candidates for our addresses: UDP, and TCP on which the peer opens the connection (RFC 6544
/// §4.5). Addresses that cannot be candidates are left out: unspecified, multicast, IPv4 link-local.
pub(crate) fn host_candidates(udp: &[SocketAddr], tcp: &[SocketAddr]) -> Vec<Candidate> {
    let udp = udp.iter().map(|&addr| Candidate::builder().udp().host(addr).build());
    let passive = str0m::net::TcpType::Passive;
    let tcp = tcp.iter().map(|&addr| Candidate::builder().tcp().host(addr).tcptype(passive).build());
    udp.chain(tcp).filter_map(Result::ok).collect()
}
