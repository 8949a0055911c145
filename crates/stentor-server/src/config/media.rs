//! `[media]`: the port that the sound of speakers comes in by.

use std::net::{IpAddr, SocketAddr};

use super::door::address;
use super::section::{Wrong, section};

/// Each address is a candidate in every answer, and a browser tries them all: a machine has few.
const ADVERTISE_MAX: usize = 8;

section! {
    /// The port that the sound of speakers comes in by, over UDP and over TCP where UDP is blocked.
    ["media"] RawMedia {
        /// Address and port, the same for UDP and TCP.
        listen: String = Some("\"[::]:8082\""), "\"[::]:8082\"", Some("--media"), Restart;
        /// Addresses under which speakers reach this port, where this machine does not know them itself:
        /// behind a router or a cloud's 1:1 NAT. Without any, those of this machine are used.
        advertise: Vec<String> = Some("[]"), "[\"203.0.113.5\"]", None, Restart;
    }
}

/// The media socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Addresses for the candidates in answers; empty for those of the machine.
    pub advertise: Vec<IpAddr>,
}

impl RawMedia {
    pub(crate) fn check(self) -> Result<Media, Wrong> {
        let listen = address(&Self::SPEC, self.listen, "[::]:8082")?;
        let texts = self.advertise.unwrap_or_default();
        if texts.len() > ADVERTISE_MAX {
            let advice = format!("at most {ADVERTISE_MAX} addresses make sense");
            return Err(Self::SPEC.wrong("advertise", texts.join(", "), advice));
        }
        let advertised = texts.iter().map(|text| {
            let address = text.parse::<IpAddr>().ok().filter(|ip| !ip.is_unspecified() && !ip.is_multicast());
            address.ok_or_else(|| {
                let advice =
                    "write addresses that others can send to, without a port, such as \"203.0.113.5\"";
                Self::SPEC.wrong("advertise", text, advice)
            })
        });
        Ok(Media { listen, advertise: advertised.collect::<Result<_, _>>()? })
    }
}
