//! A whole server on loopback, with a data folder of its own, and the operator's hand.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stentor_server::clock::Clock;
use stentor_server::config::{Config, RawConfig};
use stentor_server::data_folder::{self, FolderState};
use stentor_server::notice::{Format, Level, Notices};
use stentor_server::shell::Shell;
use stentor_server::{Addresses, Reloader, Server, StartError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http::{Answer, Request};

/// When a test gives up on an event. A loaded machine may need much of it; a pass needs little.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(90);

/// How often a condition is looked at that has no event of its own.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A server that runs.
pub(crate) struct House {
    pub(crate) at: Addresses,
    pub(crate) notices: Arc<Notices>,
    pub(crate) reloader: Reloader,
    pub(crate) shell: Arc<Shell>,
    pub(crate) operator_key: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// Ports are chosen by the system, and nothing is in reserve: a test's disk is what it is.
pub(crate) fn config(data: &Path) -> RawConfig {
    let mut raw = RawConfig::default();
    let any = || Some("127.0.0.1:0".to_owned());
    (raw.front.listen, raw.stage.listen) = (any(), any());
    (raw.media.listen, raw.desk.listen) = (any(), any());
    (raw.data.dir, raw.data.reserve_mib) = (Some(data.into()), Some(0));
    raw
}

/// Opens a server, or says in one sentence why there is none.
pub(crate) fn open(raw: RawConfig) -> Result<(Server, Arc<Notices>), StartError> {
    open_from(Config::load(None, raw).expect("a configuration that can be used"))
}

fn open_from(config: Config) -> Result<(Server, Arc<Notices>), StartError> {
    open_with_log(config, Notices::start(Level::Error, Format::Text, std::io::sink()))
}

fn open_with_log(config: Config, notices: Arc<Notices>) -> Result<(Server, Arc<Notices>), StartError> {
    Ok((Server::open(config, Clock::start(), Arc::clone(&notices))?, notices))
}

impl House {
    /// A server with this data folder.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(config(data))
    }

    pub(crate) fn start_with(raw: RawConfig) -> Self {
        Self::run(open(raw))
    }

    pub(crate) fn start_from(config: Config) -> Self {
        Self::run(open_from(config))
    }

    pub(crate) fn start_with_log(raw: RawConfig, notices: Arc<Notices>) -> Self {
        let config = Config::load(None, raw).expect("a configuration that can be used");
        Self::run(open_with_log(config, notices))
    }

    fn run(opened: Result<(Server, Arc<Notices>), StartError>) -> Self {
        let (server, notices) = opened.unwrap_or_else(|error| panic!("{error}"));
        let (reloader, shell) = (server.reloader(), Arc::clone(server.shell()));
        let at = server.addresses();
        let url = server.operator_url();
        let operator_key = url.split_once("#key=").expect("the key is in the fragment").1.to_owned();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { at, notices, reloader, shell, operator_key, stop, running }
    }

    /// Tells the server to stop, and waits until it has and another one can have its folder: the last threads of a
    /// process end after everything is safe.
    pub(crate) async fn stop(self) {
        let Self { shell, reloader, stop, running, .. } = self;
        let _ = stop.send(());
        within("the server stops", running).await.expect("it stops without a panic");
        let dir = shell.data().dir().to_owned();
        drop((shell, reloader));
        until("its folder is free", || async {
            let state = data_folder::inspect(&dir).expect("it was in use until now");
            (state == FolderState::Free).then_some(())
        })
        .await;
    }

    /// Waits until so many notices of a kind were told.
    pub(crate) async fn notices_when(&self, name: &str, at_least: u64) {
        until(name, || async { (self.notices.count(name) >= at_least).then_some(()) }).await;
    }

    /// A request at the desk, with the operator's key.
    pub(crate) async fn desk(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::new(method, &format!("/api/v1{path}")).bearer(&self.operator_key);
        match body {
            Some(body) => request.json(&body).send(self.at.desk).await,
            None => request.send(self.at.desk).await,
        }
    }

    /// Announces a show whose doors open at once. Gives its document with the links.
    pub(crate) async fn create(&self, show: &str) -> Value {
        let answer = self.desk("POST", "/shows", Some(json!({ "id": show }))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Announces a show, puts it on air and waits for its first sound.
    pub(crate) async fn on_air(&self, show: &str) -> Value {
        let view = self.create(show).await;
        self.command(show, "live").await;
        self.status_when(show, "there is sound", |status| status["slot"].is_u64()).await;
        view
    }

    /// `live`, `end` or `undo`.
    pub(crate) async fn command(&self, show: &str, command: &str) -> Value {
        let answer = self.desk("POST", &format!("/shows/{show}/{command}"), None).await;
        assert_eq!(answer.status, 200, "{command}: {}", answer.text());
        answer.json()
    }

    /// The key of a new link.
    pub(crate) async fn invite(&self, show: &str, role: &str, label: &str) -> Value {
        let body = json!({ "role": role, "label": label });
        let answer = self.desk("POST", &format!("/shows/{show}/links"), Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// What a browser does with a link: agrees to the notice and gets its token.
    pub(crate) async fn device_token(&self, show: &str, key: &str, name: &str) -> String {
        let body = json!({ "name": name, "consent": stentor_stage::CONSENT_NOTICE_VERSION });
        let request = Request::new("POST", &format!("/{show}/session")).bearer(key).json(&body);
        let answer = request.send(self.at.stage).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        text_of(&answer.json()["token"])
    }

    pub(crate) async fn front(&self, path: &str) -> Answer {
        Request::new("GET", path).send(self.at.front).await
    }

    /// A number at the desk's `/metrics`, by its name with its labels.
    pub(crate) async fn metric(&self, sample: &str) -> f64 {
        let page = Request::new("GET", "/metrics").send(self.at.desk).await.text();
        let value = page.lines().find_map(|line| line.strip_prefix(sample));
        let value = value.unwrap_or_else(|| panic!("no {sample} in {page}"));
        value.trim().parse().expect("a number")
    }

    /// The status document, once it says so.
    pub(crate) async fn status_when(&self, show: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(what, || async {
            let answer = self.front(&format!("/{show}/status")).await;
            Some(answer.json()).filter(|status| answer.status == 200 && is(status))
        })
        .await
    }
}

/// The key of the show's link for this role.
pub(crate) fn key_of(view: &Value, role: &str) -> String {
    let links = view["links"].as_array().expect("a show has links");
    let link = links.iter().find(|link| link["role"] == role).expect("there is a link for the role");
    text_of(&link["key"])
}

pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Waits for an event.
pub(crate) async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(GIVE_UP, event).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// Looks until there is something.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    within(what, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            // What is looked at is behind a socket, as it is for everybody else, and says nothing by itself.
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
    .await
}

/// The four TCP ports.
pub(crate) fn tcp_ports(at: Addresses) -> [(&'static str, SocketAddr); 4] {
    [("front", at.front), ("stage", at.stage), ("desk", at.desk), ("media", at.media)]
}
