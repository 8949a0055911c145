//! The front door: its threads, and the ordinary HTTP stack behind them.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};

use super::caller::Home;
use super::handed::Ordinary;
use super::{Shard, Shared, handed};
use crate::bell::Bell;
use crate::config::Proxies;
use crate::shell::Shell;

/// What the front door is given.
pub(crate) struct AtFront {
    /// What it speaks beneath HTTP, if not TCP alone.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Whose word for who calls is taken.
    pub(crate) trusted_proxies: Arc<Proxies>,
    /// They say it by the PROXY protocol, and not in headers.
    pub(crate) proxies_announce: bool,
    /// How many may be connected.
    pub(crate) connections_max: usize,
}

/// A front door whose sockets are open; [`Self::run`] lets people in.
pub(crate) struct FrontDoor {
    listeners: Vec<TcpListener>,
    bells: Vec<Arc<Bell>>,
}

impl FrontDoor {
    /// A door with a thread for each of these sockets.
    ///
    /// # Errors
    /// No descriptor is left.
    pub(crate) fn new(listeners: Vec<TcpListener>, shell: &Shell) -> io::Result<Self> {
        let bells = listeners.iter().map(|_| Bell::new().map(Arc::new)).collect::<io::Result<Vec<_>>>()?;
        shell.bells().hang(bells.clone());
        Ok(Self { listeners, bells })
    }

    /// Takes connections until `stop` becomes true, then lets requests in progress finish. The caller bounds how
    /// long it waits.
    pub(crate) async fn run(
        self,
        shell: Arc<Shell>,
        AtFront { tls, trusted_proxies, proxies_announce, connections_max }: AtFront,
        router: Router,
        mut stop: watch::Receiver<bool>,
    ) {
        let places = Arc::new(Semaphore::new(connections_max));
        let (to_stack, mut for_stack) = mpsc::unbounded_channel();
        let count = self.bells.len();
        let shards = self.listeners.into_iter().zip(&self.bells).enumerate().map(|(n, (listener, bell))| {
            let (inbox, brought) = channel();
            let shared = Shared {
                shell: Arc::clone(&shell),
                tls: tls.clone(),
                trusted_proxies: Arc::clone(&trusted_proxies),
                proxies_announce,
                shards: count,
                places: Arc::clone(&places),
                home: Arc::new(Home { inbox, bell: Arc::clone(bell) }),
                to_stack: to_stack.clone(),
                runtime: Handle::current(),
                stop: stop.clone(),
            };
            let serve = move || Shard::new(shared, listener, brought).expect("there is a descriptor").run();
            std::thread::Builder::new()
                .name(format!("front {n}"))
                .spawn(serve)
                .expect("a thread can be started")
        });
        let shards: Vec<_> = shards.collect();
        // The channel ends when all threads have.
        drop(to_stack);
        // An announcement is all that a proxy says.
        let proxies = if proxies_announce { Proxies::default() } else { (*trusted_proxies).clone() };
        let ordinary = Arc::new(Ordinary::new(proxies));
        let graceful = GracefulShutdown::new();
        let mut told = false;
        loop {
            tokio::select! {
                moved = for_stack.recv() => match moved {
                    Some(moved) => {
                        let router = router.clone();
                        tokio::spawn(handed::serve(moved, router, Arc::clone(&ordinary), graceful.watcher()));
                    }
                    None => break,
                },
                _ = stop.wait_for(|stop| *stop), if !told => {
                    told = true;
                    self.bells.iter().for_each(|bell| bell.ring());
                }
            }
        }
        graceful.shutdown().await;
        let joined = tokio::task::spawn_blocking(move || {
            shards.into_iter().for_each(|shard| {
                let _ = shard.join();
            })
        });
        let _ = joined.await;
    }
}
