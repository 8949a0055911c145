//! Putting it together: from a configuration to open doors, and back.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use stentor_node::documents::DoorUrls;
use stentor_node::{Node, NodeConfig};
use stentor_stage::{Phase, ShowDoc, TokenKey};
use stentor_tape::Overlay;
use stentor_types::{MediaTime, ShowId};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::rustls::ServerConfig;

use crate::clock::Clock;
use crate::config::{Acme, BaseUrl, Config, Serving};
use crate::data_folder::{DataError, DataFolder};
use crate::door::{self, Door, Wire};
use crate::front::shard::{AtFront, FrontDoor};
use crate::media::{self, MediaSockets};
use crate::metrics::Metrics;
use crate::notice::{Notice, Notices};
use crate::reload::Reloader;
use crate::shell::{Connections, Shell, is_live};
use crate::tape::thread::OVERLAY_FILE;
use crate::tls::acme::{self, AcmeStore};
use crate::tls::certificates::with_http2;
use crate::tls::{self, Certificates, TlsError, expiry};
use crate::{descriptors, desk, front, gate, stage_door};

/// How long a stop may take: requests under way finish, tapes are made safe.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// An overlay has at most 128 trims of 60 bytes.
const OVERLAY_BYTES_MAX: u64 = 64 * 1024;

/// Why the server could not start: one sentence with the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address.
    #[error("the {door} door cannot listen on {address}: {}", explain(.error, .door))]
    Listen {
        /// Which door.
        door: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A thread.
    #[error("a thread cannot be started: {0}; check the limit on processes (ulimit -u) and the memory")]
    Thread(io::Error),
}

/// What to do about an address that cannot be had.
pub(crate) fn explain(error: &io::Error, door: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "the port is in use; stop the program that has it, or choose another with --{door} or {door}.listen"
        ),
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need permission; choose a higher one, or give the program CAP_NET_BIND_SERVICE"
                .into()
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no such address; set {door}.listen to one of its own")
        }
        _ => error.to_string(),
    }
}

/// Where the doors really listen; ports are never 0.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Listeners.
    pub front: SocketAddr,
    /// Speakers and hosts.
    pub stage: SocketAddr,
    /// Their sound, UDP and TCP.
    pub media: SocketAddr,
    /// The operator.
    pub desk: SocketAddr,
}

/// A server whose sockets are bound and whose shows are taken up; [`Self::run`] opens its doors.
pub struct Server {
    shell: Arc<Shell>,
    reloader: Reloader,
    addresses: Addresses,
    desk_url: String,
    front: FrontDoor,
    stage: TcpListener,
    desk: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    /// The desk on this machine alone may do without TLS.
    desk_needs_tls: bool,
    renewal: Option<Renewal>,
    key: TokenKey,
    front_connections_max: usize,
    serving: Serving,
}

/// What it takes to ask for certificates while the server runs.
struct Renewal {
    acme: Acme,
    store: AcmeStore,
    certificates: Arc<Certificates>,
}

impl Server {
    /// Opens the data folder, binds every socket and takes up the shows that are in the folder.
    pub fn open(config: Config, clock: Clock, notices: Arc<Notices>) -> Result<Self, StartError> {
        let descriptors = descriptors::raise();
        for text in few_descriptors(descriptors).into_iter().chain(config.warnings()) {
            notices.tell(clock.now(), &Notice::ConfigOdd { text });
        }
        let data = Arc::new(DataFolder::open(&config.data.dir)?);
        data.set_reserve_bytes(config.data.reserve_bytes);
        let tls = config.tls.as_ref().map(|tls| tls::open(tls, data.dir(), clock.wall())).transpose()?;
        if let Some(text) = tls.as_ref().and_then(|tls| tls.warning.clone()) {
            notices.tell(clock.now(), &Notice::CertificateOdd { text });
        }
        let front = front::shard::listen(config.front.listen, config.serving.threads)
            .map_err(|error| StartError::Listen { door: "front", address: config.front.listen, error })?;
        let stage = listen("stage", config.stage.listen)?;
        let desk = listen("desk", config.desk.listen)?;
        let sockets = MediaSockets::open(config.media.listen, &config.media.advertise)
            .map_err(|error| StartError::Listen { door: "media", address: config.media.listen, error })?;
        let bound = |listener: &TcpListener, wanted| listener.local_addr().unwrap_or(wanted);
        let addresses = Addresses {
            front: front[0].local_addr().unwrap_or(config.front.listen),
            stage: bound(&stage, config.stage.listen),
            media: SocketAddr::new(config.media.listen.ip(), sockets.port()),
            desk: bound(&desk, config.desk.listen),
        };
        let urls = door_urls(&config, addresses, tls.as_ref().map(|tls| &*tls.certificates));
        let desk_url = BaseUrl::of_address(addresses.desk, config.desk_needs_tls()).as_str().to_owned();
        let key = TokenKey::from_secret(data.secret());
        let node = Node::new(NodeConfig { key: key.clone(), shows_max: config.shows.max, urls });
        let metrics = Arc::new(Metrics::default());
        let front_connections_max = door::front_connections_max(descriptors);
        let seats = gate::seats(&config.serving, front_connections_max);
        let shell = Shell::new(clock, node, data, notices, metrics, config.serving.interval, seats);
        let gauges = Arc::clone(&shell.metrics().media);
        let front = FrontDoor::new(front, &shell).map_err(StartError::Thread)?;
        let media = media::spawn(sockets, clock, gauges, Connections(Arc::clone(&shell)));
        shell.set_media(media.map_err(StartError::Thread)?);
        let data = shell.data().dir().display().to_string();
        shell.note(Notice::ServerStarted { version: env!("CARGO_PKG_VERSION"), data });
        take_up_shows(&shell)?;
        let desk_needs_tls = config.desk_needs_tls();
        let (tls, certificates, files, renewal) = tls.map_or((None, None, None, None), |tls| {
            expiry::tell(&shell, &tls.certificates);
            let doors = tls.certificates.server_config(tls.authority.is_some());
            let certificates = Arc::clone(&tls.certificates);
            let renewal = tls.authority.map(|(acme, store)| Renewal { acme, store, certificates });
            (Some(doors), Some(tls.certificates), tls.files, renewal)
        });
        let serving = config.serving.clone();
        let reloader = Reloader::new(Arc::clone(&shell), config, certificates, files);
        Ok(Self {
            shell,
            reloader,
            addresses,
            desk_url,
            front,
            stage,
            desk,
            tls,
            desk_needs_tls,
            renewal,
            key,
            front_connections_max,
            serving,
        })
    }

    /// Where the doors listen.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The way to what may change while the server runs.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// What all doors and threads share.
    pub fn shell(&self) -> &Arc<Shell> {
        &self.shell
    }

    /// The operator's page with the key in the fragment.
    pub fn operator_url(&self) -> String {
        format!("{}/operator#key={}", self.desk_url, self.shell.data().operator_key())
    }

    /// Where the desk is reached.
    pub fn desk_url(&self) -> &str {
        &self.desk_url
    }

    /// Opens the doors and serves until `shutdown` is done. Then streams end, requests under way finish, and
    /// tapes are made safe, all within [`STOP_DEADLINE`].
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let (stop, stopping) = watch::channel(false);
        let (shell, metrics) = (Arc::clone(&self.shell), Arc::clone(self.shell.metrics()));
        let mut at_work = JoinSet::new();
        at_work.spawn(Arc::clone(&shell).keep_time());
        at_work.spawn(self.reloader.clone().keep_looking());
        at_work.spawn(gate::keep(Arc::clone(&shell)));
        if let Some(Renewal { acme, store, certificates }) = self.renewal.take() {
            let (clock, telling, shown) = (*shell.clock(), Arc::clone(&shell), Arc::clone(&certificates));
            let tell = move |notice| {
                let is_new = matches!(notice, Notice::CertificateGranted { .. });
                telling.note(notice);
                if is_new {
                    expiry::tell(&telling, &shown);
                }
            };
            at_work.spawn(acme::keep_certified(acme, store, certificates, move || clock.wall(), tell));
        }
        let mut doors = self.open_doors(&stopping);
        shutdown.await;
        shell.note(Notice::StopBegun { deadline_s: STOP_DEADLINE.as_secs() });
        let gates = gate::close(&shell);
        stop.send_replace(true);
        shell.stop_streams();
        at_work.abort_all();
        let goodbye = async {
            shell.media().stop().await;
            // At once, since a listener who reads nothing holds up the doors, and nobody the tapes.
            let doors_closed = async { while doors.join_next().await.is_some() {} };
            tokio::join!(doors_closed, shell.stop_shows(), gate::write_last(&shell, gates));
        };
        let in_time = tokio::time::timeout(STOP_DEADLINE, goodbye).await.is_ok();
        let cut_off = if in_time { 0 } else { metrics.connections() };
        shell.note(Notice::StopDone { cut_off });
        shell.notices().flush(Duration::from_secs(1));
    }

    fn open_doors(self, stopping: &watch::Receiver<bool>) -> JoinSet<()> {
        let Self { shell, reloader, addresses, desk_url, front, stage, desk, tls, .. } = self;
        let (urls, metrics) = (shell.look(|node, _| node.urls().clone()), Arc::clone(shell.metrics()));
        let wire = tls.clone().map_or(Wire::Plain, Wire::Tls);
        let desk_wire = match tls.clone() {
            Some(tls) if !self.desk_needs_tls => Wire::Either(tls),
            _ => wire.clone(),
        };
        let mut doors = JoinSet::new();
        let told = Arc::clone(&shell);
        let tell = move |door, address: SocketAddr, url: &str| {
            let (address, url) = (address.to_string(), url.to_owned());
            told.note(Notice::DoorOpened { door, address, url });
        };
        let router = front::router(Arc::clone(&shell), reloader.pages());
        let router = door::counting_refusals(router, "front", Arc::clone(&shell));
        let connections_max = self.front_connections_max;
        let at_front = AtFront {
            tls: tls.clone().map(|tls| if self.serving.http2 { with_http2(&tls) } else { tls }),
            trusted_proxies: Arc::new(self.serving.trusted_proxies),
            proxies_announce: self.serving.proxy_protocol,
            connections_max,
        };
        doors.spawn(front.run(Arc::clone(&shell), at_front, router, stopping.clone()));
        tell("front", addresses.front, &urls.front);
        let mut open = |name,
                        listener,
                        wire,
                        router: Router,
                        connections_max,
                        gauges,
                        url: &str,
                        address: SocketAddr| {
            let router = door::counting_refusals(router, name, Arc::clone(&shell));
            let door = Door::new(listener, wire, router, connections_max, gauges);
            doors.spawn(door.run(stopping.clone()));
            tell(name, address, url);
        };
        let router = stage_door::router(Arc::clone(&shell), &urls.front);
        let (gauges, max) = (Arc::clone(&metrics.stage), door::STAGE_CONNECTIONS_MAX);
        open("stage", stage, wire, router, max, gauges, &urls.stage, addresses.stage);
        let router = desk::router(Arc::clone(&shell), self.key);
        let (gauges, max) = (Arc::clone(&metrics.desk), door::DESK_CONNECTIONS_MAX);
        open("desk", desk, desk_wire, router, max, gauges, &desk_url, addresses.desk);
        doors
    }
}

/// What to do about a process that may open too little.
fn few_descriptors(descriptors: u64) -> Option<String> {
    (descriptors < descriptors::ENOUGH).then(|| {
        format!(
            "This process may open {descriptors} files and connections; {} are the least for an audience. Raise the hard \
             limit (LimitNOFILE= of systemd, or ulimit -Hn).",
            descriptors::ENOUGH,
        )
    })
}

fn listen(door: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    door::listen(address).map_err(|error| StartError::Listen { door, address, error })
}

/// What links to the doors begin with.
fn door_urls(config: &Config, addresses: Addresses, certificates: Option<&Certificates>) -> DoorUrls {
    let certified = certificates.and_then(Certificates::shown);
    let certified = certified.as_ref().map_or(&[][..], |pair| &pair.names);
    let [front, stage] = [(&config.front, addresses.front), (&config.stage, addresses.stage)]
        .map(|(door, bound)| door.url_at(bound, config.tls.as_ref(), certified).as_str().to_owned());
    DoorUrls { front, stage }
}

/// Takes up every show in the data folder. One that cannot be read is reported and left alone; it takes
/// nobody else with it.
fn take_up_shows(shell: &Arc<Shell>) -> Result<(), StartError> {
    let found = shell.data().shows()?;
    for path in found.odd {
        let error = "it is no show of this program".to_owned();
        shell.note(Notice::ShowUnusable { folder: path.display().to_string(), error });
    }
    for id in found.shows {
        if let Err(error) = take_up(shell, &id) {
            let folder = shell.data().show_dir(&id).display().to_string();
            shell.note(Notice::ShowUnusable { folder, error });
        }
    }
    Ok(())
}

fn take_up(shell: &Arc<Shell>, id: &ShowId) -> Result<(), String> {
    let doc = shell.data().read_show(id).map_err(|error| error.to_string())?;
    let doc = ShowDoc::from_json(&doc).map_err(|error| error.to_string())?;
    if doc.spec.id != *id {
        return Err(format!("its document is of the show {}; was the folder renamed?", doc.spec.id));
    }
    let recording = recording(shell, id)?;
    let phase = doc.life.phase().to_string();
    let ended = doc.life.phase() == Phase::Ended;
    shell.show_found(id);
    if let Err(error) = shell.ask(|node, now| node.restore(now, doc, recording)) {
        shell.forget(id);
        return Err(error.to_string());
    }
    take_up_gate(shell, id);
    if !ended {
        shell.note(Notice::ShowResumed { show: id.clone(), phase });
    }
    Ok(())
}

/// Who waited and who was inside goes on from where they were. A gate that cannot be used keeps no show from going on.
fn take_up_gate(shell: &Arc<Shell>, id: &ShowId) {
    let (Ok(show), Some(seats)) = (shell.show(id), shell.seats()) else { return };
    // An end may have become final while nobody was here.
    let Ok(phase) = shell.look(|node, _| node.show(id).map(|show| show.stage().phase())) else { return };
    if phase == Phase::Ended {
        return;
    }
    if let Err(error) = show.gate.find(&shell.data().show_dir(id), seats) {
        shell.note(Notice::GateUnusable { show: id.clone(), error });
    }
    if is_live(phase) {
        show.gate.open_doors();
    }
}

/// What the overlay says, if there is one. One that is not understood is never written over: it may be of a newer version,
/// or say what is to be left out.
fn recording(shell: &Shell, id: &ShowId) -> Result<Option<(MediaTime, MediaTime)>, String> {
    let path = shell.data().show_dir(id).join(OVERLAY_FILE);
    let length = match std::fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(|error| format!("{OVERLAY_FILE} cannot be read: {error}"))?.len(),
    };
    if length > OVERLAY_BYTES_MAX {
        return Err(format!("{OVERLAY_FILE} is longer than {OVERLAY_BYTES_MAX} bytes"));
    }
    let json = std::fs::read(&path).map_err(|error| format!("{OVERLAY_FILE} cannot be read: {error}"))?;
    let overlay = Overlay::parse(&json).map_err(|error| format!("{OVERLAY_FILE}: {error}"))?;
    if !overlay.trims.is_empty() {
        return Err(format!("{OVERLAY_FILE} leaves parts out, which this version cannot do yet"));
    }
    Ok(overlay.end_samples.map(|end| (overlay.start_samples, end)))
}
