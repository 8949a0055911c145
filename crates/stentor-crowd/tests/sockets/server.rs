//! Tiny servers, sound and faulty, one thread a connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::made::Made;

/// What a server does with a connection whose request it has read.
pub(crate) type Serve = fn(&mut Connection) -> io::Result<()>;

/// A listener's connection, plain or by TLS.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    tcp: TcpStream,
    pub(crate) request: String,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// Serves every connection until the test is over.
pub(crate) fn start(serve: Serve) -> SocketAddr {
    start_with(serve, None)
}

pub(crate) fn start_with(serve: Serve, tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let (tcp, tls) = (tcp.expect("a connection"), tls.clone());
            // A connection that breaks is the crowd's to notice.
            thread::spawn(move || accept(tcp, tls).and_then(|mut connection| connection.serve(serve)));
        }
    });
    address
}

fn accept(tcp: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Connection> {
    let other = tcp.try_clone()?;
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(tcp),
        Some(config) => {
            let session = ServerConnection::new(config).map_err(io::Error::other)?;
            Box::new(StreamOwned::new(session, tcp))
        }
    };
    Ok(Connection { stream, tcp: other, request: String::new() })
}

impl Connection {
    /// Request after request, until one is not answered.
    fn serve(&mut self, serve: Serve) -> io::Result<()> {
        loop {
            self.request.clear();
            while !self.request.ends_with("\r\n\r\n") {
                let mut byte = [0];
                self.stream.read_exact(&mut byte)?;
                self.request.push(char::from(byte[0]));
            }
            serve(self)?;
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.request.split(' ').nth(1).expect("a path")
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// The head of a chunked answer and the head of the stream.
    pub(crate) fn begin(&mut self, made: &Made) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: ";
        self.say(format!("{head}{}\r\n\r\n", made.content_type).as_bytes())?;
        if made.head.is_empty() { Ok(()) } else { self.chunk(&made.head) }
    }

    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.say(&[format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
    }

    /// Says nothing more until the listener has gone.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        while self.stream.read(&mut [0; 64])? > 0 {}
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Waits for so long, or until the listener has gone.
    pub(crate) fn pause(&mut self, pause: Duration) -> io::Result<()> {
        self.tcp.set_read_timeout(Some(pause))?;
        let heard = self.tcp.peek(&mut [0]);
        self.tcp.set_read_timeout(None)?;
        match heard {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Ok(())
            }
            Err(error) => Err(error),
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Closes the connection.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Closes it so that the listener gets a reset.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO))?;
        self.close()
    }
}
