//! Looking: what a check does to a machine. Ports are bound and let go, names resolved, a few kB written and deleted.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stentor_stage::{Phase, ShowDoc};
use stentor_types::{ShowId, Wall};
use ureq::Agent;
use ureq::tls::{TlsConfig, TlsProvider};

use super::facts::{Certificate, ClockState, DataState, Disk, Facts, Link, Port, PortState};
use crate::clock::Clock;
use crate::config::{Config, Tls};
use crate::data_folder::{self, FolderState};
use crate::media::MediaSockets;
use crate::tls::acme::AcmeStore;
use crate::tls::{self, Pair};
use crate::{descriptors, door, entropy, essential, server};

/// A server of ours answers `/healthz` from memory.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(3);

/// Writes of the disk's trial: enough to meet one slow moment.
const TRIALS: u32 = 8;

/// What a second of tape weighs, in all renditions: 26 kB.
const TRIAL_BYTES: usize = 26 * 1024;

/// The largest document of a show that is read.
const SHOW_BYTES_MAX: u64 = 1024 * 1024;

/// Programs that set the clock by the time of others, as the system calls their processes.
const CLOCK_KEEPERS: [&str; 5] = ["chronyd", "ntpd", "systemd-timesyn", "openntpd", "ptp4l"];

/// Where Linux says how many connections may wait at a door.
const SOMAXCONN: &str = "/proc/sys/net/core/somaxconn";

/// What systemd-timesyncd leaves when it has set the clock since the machine started.
const TIMESYNC_DONE: &str = "/run/systemd/timesync/synchronized";

/// Looks at everything. Takes some seconds at worst; call it inside a runtime, since ports are tried as the server
/// takes them.
pub fn gather(config: &Config, clock: &Clock) -> Facts {
    let own = own_addresses();
    let certified = certified(config);
    Facts {
        config_odd: config.warnings(),
        ports: ports(config),
        descriptors: descriptors::raise(),
        backlog: fs::read_to_string(SOMAXCONN).ok().and_then(|text| text.trim().parse().ok()),
        realtime: std::thread::spawn(essential::run_first).join().unwrap_or(false),
        offered: offered(config, &own),
        links: links(config, &certified),
        certificate: certificate(config, clock.wall(), &certified),
        shows: shows(&config.data.dir),
        data: data(&config.data.dir),
        disk: disk(config, clock),
        clock: clock_state(),
        now: clock.wall(),
        own,
    }
}

fn ports(config: &Config) -> Vec<Port> {
    let desk_needs_tls = config.desk_needs_tls();
    let has_tls = config.tls.is_some();
    let doors = [
        ("front", config.front.listen, has_tls),
        ("stage", config.stage.listen, has_tls),
        ("desk", config.desk.listen, desk_needs_tls),
    ];
    let mut ports: Vec<_> = doors
        .into_iter()
        .map(|(door, address, has_tls)| {
            let state = match door::listen(address) {
                Ok(_) => PortState::Free,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && answers(address, has_tls) => {
                    PortState::Serving
                }
                Err(error) => PortState::Refused(server::explain(&error, door)),
            };
            Port { door, address, state }
        })
        .collect();
    let address = config.media.listen;
    let state = match MediaSockets::open(address, &config.media.advertise) {
        Ok(_) => PortState::Free,
        Err(error) => PortState::Refused(server::explain(&error, "media")),
    };
    ports.push(Port { door: "media", address, state });
    ports
}

/// Whether a server of ours seems to listen there. Its certificate is for its names, not for this address.
fn answers(address: SocketAddr, has_tls: bool) -> bool {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(tls::pair::provider())
        .disable_verification(true)
        .build();
    let config = Agent::config_builder().tls_config(tls).timeout_global(Some(ANSWER_TIME_MAX)).proxy(None);
    let agent = config.build().new_agent();
    let url = crate::config::BaseUrl::of_address(address, has_tls);
    let answer = agent.get(format!("{url}/healthz")).call();
    answer.is_ok_and(|mut answer| answer.body_mut().read_to_string().is_ok_and(|said| said == "ok\n"))
}

fn own_addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().filter(|interface| !interface.is_loopback()).map(if_addrs::Interface::ip).collect()
}

/// The addresses in answers to speakers, but for the loopback.
fn offered(config: &Config, own: &[IpAddr]) -> Vec<IpAddr> {
    let listen = config.media.listen.ip();
    match config.media.advertise.as_slice() {
        [] if listen.is_unspecified() => {
            own.iter().copied().filter(|ip| listen.is_ipv6() || ip.is_ipv4()).collect()
        }
        [] => vec![listen],
        advertised => advertised.to_vec(),
    }
}

/// The names of the certificate in the files, if it can be read.
fn certified(config: &Config) -> Vec<String> {
    let files = config.tls.as_ref().and_then(Tls::files);
    files.and_then(|files| tls::load(&files.cert, &files.key).ok()).map_or_else(Vec::new, |pair| pair.names)
}

fn links(config: &Config, certified: &[String]) -> Vec<Link> {
    [("front", &config.front), ("stage", &config.stage)]
        .into_iter()
        .map(|(name, door)| {
            let url = door.url_at(door.listen, config.tls.as_ref(), certified);
            let host = url.host().to_owned();
            let resolved = (host.as_str(), 0).to_socket_addrs();
            let resolved = resolved.map(|found| found.map(|at| at.ip()).collect()).map_err(|e| e.to_string());
            Link {
                door: name,
                url: url.to_string(),
                host,
                allows_microphone: url.allows_microphone(),
                resolved,
            }
        })
        .collect()
}

fn certificate(config: &Config, now: Wall, certified: &[String]) -> Certificate {
    let there = |pair: Pair, file: PathBuf, by_acme: Vec<String>| {
        let hosts = [&config.front, &config.stage]
            .map(|door| door.url_at(door.listen, config.tls.as_ref(), certified));
        let mut uncovered: Vec<_> = hosts.iter().map(|url| url.host().to_owned()).collect();
        uncovered.retain(|host| !pair.covers(host));
        uncovered.dedup();
        let warning = pair.warning(&file, now).map(|warning| warning.to_string());
        Certificate::There { file, warning, uncovered, valid_until: pair.valid_until, by_acme }
    };
    match &config.tls {
        None => Certificate::None,
        Some(Tls::Files(files)) => match tls::load(&files.cert, &files.key) {
            Ok(pair) => there(pair, files.cert.clone(), Vec::new()),
            Err(error) => Certificate::Unusable(error.to_string()),
        },
        Some(Tls::Acme(acme)) => {
            let store = AcmeStore::new(&config.data.dir, acme.directory.as_str());
            match store.certificate() {
                Ok(Some(pair)) => there(pair, store.certificate_file(), acme.names.clone()),
                // One that cannot be read is replaced.
                Ok(None) | Err(_) => Certificate::Awaited(acme.names.clone()),
            }
        }
    }
}

/// Shows that have not ended. What cannot be read is the server's to report when it starts.
fn shows(data: &Path) -> Vec<(ShowId, Option<Wall>)> {
    let Ok(folders) = fs::read_dir(data.join("shows")) else { return Vec::new() };
    let documents = folders.filter_map(|folder| {
        let file = folder.ok()?.path().join("show.json");
        let fits = fs::metadata(&file).is_ok_and(|meta| meta.len() <= SHOW_BYTES_MAX);
        ShowDoc::from_json(&fits.then(|| fs::read(&file).ok()).flatten()?).ok()
    });
    let coming = documents.filter(|doc| doc.life.phase() != Phase::Ended);
    let mut shows: Vec<_> = coming.map(|doc| (doc.spec.id.clone(), doc.spec.starts_at)).collect();
    shows.sort();
    shows
}

fn data(dir: &Path) -> DataState {
    match data_folder::inspect(dir) {
        Ok(FolderState::Absent) => DataState::New(dir.into()),
        Ok(FolderState::Free) => DataState::Ready(dir.into()),
        Ok(FolderState::InUse(holder)) => DataState::InUse(dir.into(), holder),
        Err(error) => DataState::Unusable(error.to_string()),
    }
}

fn disk(config: &Config, clock: &Clock) -> Disk {
    // The folder may not be there yet; its disk is.
    let absolute = std::path::absolute(&config.data.dir).unwrap_or_else(|_| config.data.dir.clone());
    let folder = absolute.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let free_bytes = rustix::fs::statvfs(folder)
        .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
        .map_err(|error| error.to_string());
    let sync = slowest_write(folder, clock).map_err(|error| format!("{}: {error}", folder.display()));
    Disk { free_bytes, reserve_bytes: config.data.reserve_bytes, sync }
}

/// The slowest of a few seconds of tape, written and made safe.
fn slowest_write(folder: &Path, clock: &Clock) -> io::Result<Duration> {
    let file = folder.join(format!(".stentor-check-{:016x}", entropy::number()));
    let tried = File::create_new(&file).and_then(|mut open| {
        let mut slowest = Duration::ZERO;
        for _ in 0..TRIALS {
            let began = clock.mono();
            open.write_all(&[0; TRIAL_BYTES])?;
            open.sync_data()?;
            slowest = slowest.max(clock.mono().saturating_since(began));
        }
        Ok(slowest)
    });
    let _ = fs::remove_file(&file);
    tried
}

fn clock_state() -> ClockState {
    if Path::new(TIMESYNC_DONE).exists() {
        return ClockState::Synchronised("systemd-timesyncd".to_owned());
    }
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter_map(|process| fs::read_to_string(process.path().join("comm")).ok());
    let keeper = names.map(|name| name.trim().to_owned()).find(|name| CLOCK_KEEPERS.contains(&name.as_str()));
    keeper.map_or(ClockState::Unknown, ClockState::Kept)
}
