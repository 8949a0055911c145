//! Whether people reach the doors: ports, names, addresses.

use std::net::IpAddr;

use super::facts::{Certificate, Facts, Link, PortState};
use super::findings::Finding;
use crate::config::HTTPS_PORT;

pub(super) fn ports(facts: &Facts) -> Vec<Finding> {
    let a_server_runs = facts.ports.iter().any(|port| port.state == PortState::Serving);
    let finding = |port: &super::facts::Port| {
        let (door, address) = (port.door, port.address);
        match &port.state {
            PortState::Free => Finding::ok("ports", format!("{door} can listen on {address}")),
            PortState::Serving => {
                Finding::ok("ports", format!("a server answers on {address} as the {door} door"))
            }
            // The media port answers no questions, but where the doors are open it is theirs.
            PortState::Refused(_) if door == "media" && a_server_runs => Finding::ok(
                "ports",
                format!("{address} is taken, by the server whose doors answer, it seems"),
            ),
            PortState::Refused(why) => {
                Finding::fail("ports", format!("{door} cannot listen on {address}: {why}"), None)
            }
        }
    };
    facts.ports.iter().map(finding).collect()
}

pub(super) fn addresses(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<_> = facts.links.iter().flat_map(|link| names(facts, link)).collect();
    let texts: Vec<_> = facts.offered.iter().map(ToString::to_string).collect();
    if facts.offered.iter().any(is_public) {
        found.push(Finding::ok("addresses", format!("speakers are offered {}", texts.join(", "))));
    } else {
        let text = format!("speakers are offered {}, which the internet does not reach", texts.join(", "));
        let fix = "fine on a local network; for others set media.advertise to this machine's public address and open \
                   the media port for UDP and TCP";
        found.push(Finding::warn("addresses", text, fix));
    }
    found
}

fn names(facts: &Facts, link: &Link) -> Vec<Finding> {
    let mut found = Vec::new();
    let (door, url, host) = (link.door, &link.url, &link.host);
    if door == "stage" && !link.allows_microphone {
        let text = format!("browsers give no microphone to {url}");
        let fix =
            "give the doors a certificate: `stentor cert` for a local network, --acme NAME on the internet";
        found.push(Finding::fail("links", text, Some(fix.to_owned())));
    }
    match &link.resolved {
        Err(error) => {
            let text = format!("the name in {url} leads nowhere: {error}");
            let fix = format!("enter {host} in the DNS, or set {door}.url to a name that is there");
            found.push(Finding::fail("links", text, Some(fix)));
        }
        Ok(addresses) => {
            let known = |address: &IpAddr| {
                address.is_loopback() || facts.own.contains(address) || facts.offered.contains(address)
            };
            let only_here = addresses.iter().all(IpAddr::is_loopback);
            let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            if only_here {
                let text = format!("{door} links begin with {url}, which only this machine reaches");
                let fix = format!("for people elsewhere set {door}.url");
                found.push(Finding::warn("links", text, fix));
            } else if addresses.iter().any(known) {
                found.push(Finding::ok("links", format!("{door} links begin with {url}, which leads here")));
            } else {
                let text = format!(
                    "{door} links begin with {url}, which leads to {}, not to this machine",
                    texts.join(", ")
                );
                found.push(Finding::warn(
                    "links",
                    text,
                    "fine behind a router, a proxy or a cloud's NAT that sends it here",
                ));
            }
        }
    }
    found
}

/// What ACME needs of the network, which cannot be seen from inside.
pub(super) fn acme(facts: &Facts, names: &[String]) -> Option<Finding> {
    if names.is_empty() {
        return None;
    }
    let names = names.join(", ");
    let on_443 = |port: &&super::facts::Port| {
        port.address.port() == HTTPS_PORT && matches!(port.door, "front" | "stage")
    };
    let text = match facts.ports.iter().find(on_443) {
        Some(port) => {
            format!("the authority looks for {names} on port 443, where the {} door listens", port.door)
        }
        None => format!("the authority looks for {names} on port 443, where no door listens"),
    };
    let there = matches!(facts.certificate, Certificate::There { .. });
    let seen = "whether it comes through cannot be seen from here: open https:// and the name from a phone";
    let fix = match facts.ports.iter().find(on_443) {
        Some(_) if there => {
            return Some(Finding::ok("acme", format!("{text}; there is a certificate from it")));
        }
        Some(_) => seen.to_owned(),
        None => format!("set front.listen to [::]:443, or forward port 443 to it; {seen}"),
    };
    Some(Finding::warn("acme", text, fix))
}

/// Whether the internet may reach it: no address of a local network, a link, this machine or a carrier's NAT
/// (RFC 1918, RFC 6598, RFC 4193, RFC 4291).
fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let carrier = a == 100 && (64..128).contains(&b);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || carrier)
        }
        IpAddr::V6(v6) => {
            !(v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified())
        }
    }
}
