//! `[front]`, `[stage]` and `[desk]`: the three doors.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use stentor_formats::Interval;

use super::proxies::Proxies;
use super::section::{SectionSpec, Wrong, section};
use super::tls::Tls;
use super::url::BaseUrl;

section! {
    /// The front door, where listeners come in.
    ["front"] RawFront {
        /// Address and port. `[::]` is every address of this machine, those of IPv4 as well.
        listen: String = Some("\"[::]:8080\""), "\"[::]:8080\"", Some("--front"), Restart;
        /// What listeners' links begin with, where that is not this machine's own address: a name, or a
        /// proxy in front. Made from `listen` if it is not set, with `localhost` for every address.
        url: String = None, "\"https://listen.example.org\"", None, Restart;
        /// Threads that serve listeners. One a processor if it is not set; fewer leave processors to others.
        threads: u64 = None, "4", None, Restart;
        /// How often listeners are sent sound, in milliseconds: 960, 1920 or 3840. A longer interval takes less
        /// of the processors and keeps everybody further behind; close to live is offered with 960 alone.
        interval_ms: u64 = Some("960"), "1920", None, Restart;
        /// How many may hear at once, of all shows together; who comes then waits in line, on the page and by itself. If
        /// neither this nor `egress_mbps` is set nobody waits, and who finds no connection is turned away.
        seats: u64 = None, "5000", None, Restart;
        /// What this machine may send, in megabits a second: a provider's limit is seen by no program. As many may hear
        /// as four fifths of it carry at 32 kbit/s, if `seats` does not say otherwise.
        egress_mbps: u64 = None, "1000", None, Restart;
        /// Addresses and networks of proxies in front of this door. Their word for who calls is taken, in
        /// `X-Forwarded-For`. Without it a proxy's listeners count as one network.
        trusted_proxies: Vec<String> = Some("[]"), "[\"127.0.0.1\", \"10.0.0.0/8\"]", None, Restart;
        /// The trusted proxies say who calls by the PROXY protocol, version 2, at the beginning of each
        /// connection: it is asked of them, and their headers mean nothing.
        proxy_protocol: bool = Some("false"), "true", None, Restart;
        /// Speak HTTP/2 as well to who asks for it over TLS: for a cache in front. A browser that came here itself
        /// would take the sound over the connection of its page, which costs this server more.
        http2: bool = Some("false"), "true", None, Restart;
    }
}

/// Each is looked at for every caller; a house has few in front of it, and a CDN some dozens.
const PROXIES_MAX: usize = 64;

/// Beyond the processors of any machine this is made for, threads only cost memory.
const THREADS_MAX: u64 = 256;

section! {
    /// The stage door, where speakers and hosts come in.
    ["stage"] RawStage {
        /// Address and port.
        listen: String = Some("\"[::]:8081\""), "\"[::]:8081\"", Some("--stage"), Restart;
        /// What speakers' links begin with. Made from `listen` if it is not set. Browsers give a microphone
        /// to `https` only, and to `localhost`.
        url: String = None, "\"https://stage.example.org\"", None, Restart;
    }
}

section! {
    /// The desk, where the operator comes in.
    ["desk"] RawDesk {
        /// Address and port. On this machine only, unless you set it otherwise.
        listen: String = Some("\"127.0.0.1:8083\""), "\"127.0.0.1:8083\"", Some("--desk"), Restart;
    }
}

/// A door that links lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What links begin with, if the operator said so.
    pub url: Option<BaseUrl>,
}

/// How the front door serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// How many threads; at least one.
    pub threads: usize,
    /// How often listeners get sound who do not ask to be close to live.
    pub interval: Interval,
    /// How many may hear at once, if the operator said so.
    pub seats: Option<u32>,
    /// What may be sent, in Mbit/s, if the operator said so.
    pub egress_mbps: Option<u32>,
    /// Whose word for who calls is taken.
    pub trusted_proxies: Proxies,
    /// They say it by the PROXY protocol.
    pub proxy_protocol: bool,
    /// HTTP/2 over TLS as well.
    pub http2: bool,
}

/// The operator's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Door {
    /// What links begin with, once the door has its socket: `bound` says the port where the
    /// configuration asked for any. A name that has a certificate is better than an address: one that is asked for
    /// by ACME, or of a door on every address the first of `certified`, the names of the certificate in the files,
    /// by which others reach it.
    pub fn url_at(&self, bound: SocketAddr, tls: Option<&Tls>, certified: &[String]) -> BaseUrl {
        let name = match tls {
            Some(Tls::Acme(acme)) => acme.names.first(),
            Some(Tls::Files(_)) if bound.ip().is_unspecified() => {
                certified.iter().find(|name| leads_here(name))
            }
            _ => None,
        };
        self.url.clone().unwrap_or_else(|| match name {
            Some(name) => BaseUrl::of_name(name, bound.port()),
            None => BaseUrl::of_address(bound, tls.is_some()),
        })
    }
}

/// Whether others reach this machine by a name or address of a certificate.
fn leads_here(name: &str) -> bool {
    let on_this_machine = name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    !on_this_machine && !name.starts_with("*.")
}

impl RawFront {
    /// The door, and how it serves.
    pub(crate) fn check(self) -> Result<(Door, Serving), Wrong> {
        let processors =
            || std::thread::available_parallelism().map_or(1, |processors| processors.get() as u64);
        let threads = self.threads.unwrap_or_else(|| processors().min(THREADS_MAX));
        let threads = match usize::try_from(threads) {
            Ok(fits) if (1..=THREADS_MAX).contains(&threads) => fits,
            _ => {
                let advice = format!("write a number from 1 to {THREADS_MAX}");
                return Err(Self::SPEC.wrong("threads", threads, advice));
            }
        };
        let interval = interval(self.interval_ms.unwrap_or(960))?;
        let seats = self.seats.map(|seats| counted("seats", seats)).transpose()?;
        let egress_mbps = self.egress_mbps.map(|mbps| counted("egress_mbps", mbps)).transpose()?;
        let trusted_proxies = proxies(&self.trusted_proxies.unwrap_or_default())?;
        let door = door(&Self::SPEC, self.listen, "[::]:8080", self.url)?;
        let (proxy_protocol, http2) = (self.proxy_protocol.unwrap_or(false), self.http2.unwrap_or(false));
        Ok((door, Serving { threads, interval, seats, egress_mbps, trusted_proxies, proxy_protocol, http2 }))
    }
}

/// None would be a show that nobody hears, and more than that there is nowhere.
fn counted(option: &str, value: u64) -> Result<u32, Wrong> {
    let fits = u32::try_from(value).ok().filter(|count| (1..=10_000_000).contains(count));
    fits.ok_or_else(|| RawFront::SPEC.wrong(option, value, "write a number from 1 to 10000000"))
}

fn interval(interval_ms: u64) -> Result<Interval, Wrong> {
    match interval_ms {
        960 => Ok(Interval::Steady),
        1_920 => Ok(Interval::Short),
        3_840 => Ok(Interval::Segment),
        other => Err(RawFront::SPEC.wrong("interval_ms", other, "write 960, 1920 or 3840")),
    }
}

fn proxies(texts: &[String]) -> Result<Proxies, Wrong> {
    let wrong = |value: &str, advice: String| RawFront::SPEC.wrong("trusted_proxies", value, advice);
    if texts.len() > PROXIES_MAX {
        return Err(wrong(
            &texts.join(", "),
            format!("at most {PROXIES_MAX} make sense; write larger networks"),
        ));
    }
    let network = |text: &String| {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        one.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
            wrong(text, "write addresses or networks, such as \"127.0.0.1\" or \"10.0.0.0/8\"".into())
        })
    };
    Ok(Proxies::new(texts.iter().map(network).collect::<Result<Vec<_>, _>>()?))
}

impl RawStage {
    pub(crate) fn check(self) -> Result<Door, Wrong> {
        door(&Self::SPEC, self.listen, "[::]:8081", self.url)
    }
}

impl RawDesk {
    pub(crate) fn check(self) -> Result<Desk, Wrong> {
        Ok(Desk { listen: address(&Self::SPEC, self.listen, "127.0.0.1:8083")? })
    }
}

fn door(
    spec: &SectionSpec,
    listen: Option<String>,
    default: &str,
    url: Option<String>,
) -> Result<Door, Wrong> {
    let url = url.map(|text| text.parse().map_err(|why| spec.wrong("url", &text, format!("{why}"))));
    Ok(Door { listen: address(spec, listen, default)?, url: url.transpose()? })
}

/// The address in a section's `listen`.
pub(super) fn address(spec: &SectionSpec, text: Option<String>, default: &str) -> Result<SocketAddr, Wrong> {
    let text = text.as_deref().unwrap_or(default);
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let port = port.or_else(|| default.parse::<SocketAddr>().ok().map(|address| address.port()));
        let advice = format!(
            "write a numeric address and a port, such as \"[::]:{0}\" for every address or \"127.0.0.1:{0}\" \
             for this machine only",
            port.unwrap_or_default(),
        );
        spec.wrong("listen", text, advice)
    })
}
