//! The crowd's processes, as the system sees them.

use std::io::{self, Read as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Far longer than it takes; a test that hangs says nothing.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_crowd_that_is_killed_leaves_nobody_behind() -> io::Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/show/live.ogg", server.local_addr()?);
    let mut crowd = Command::new(env!("CARGO_BIN_EXE_stentor"))
        .args(["crowd", &url, "--listeners", "2", "--processes", "2", "--seconds", "600"])
        .stdout(Stdio::null())
        .spawn()?;
    let listeners = [server.accept()?.0, server.accept()?.0];
    crowd.kill()?;
    crowd.wait()?;
    for mut listener in listeners {
        listener.set_read_timeout(Some(PATIENCE))?;
        // To the end, which comes when the process that held the connection is gone; or an error after a long time.
        match listener.read_to_end(&mut Vec::new()) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
