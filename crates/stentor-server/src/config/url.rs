//! Web addresses in the configuration.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use http::Uri;

use super::HTTPS_PORT;

/// Characters of an address: what fits on one line of a document.
const URL_CHARS_MAX: usize = 500;

/// What links begin with: scheme, host and perhaps port, without a path and without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Any web address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(String);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no web address.
    #[error("write a whole address, such as \"https://listen.example.org\"")]
    NoUrl,
    /// It has a path.
    #[error(
        "write scheme and host only, such as \"https://listen.example.org\"; links put the show behind it"
    )]
    WithPath,
}

impl BaseUrl {
    /// The address of a socket. One that listens on every address is called `localhost`, since
    /// nothing here knows by which of them others reach it.
    pub fn of_address(address: SocketAddr, has_tls: bool) -> Self {
        let (scheme, default_port) = if has_tls { ("https", HTTPS_PORT) } else { ("http", 80) };
        let host = match address {
            any if any.ip().is_unspecified() => "localhost".to_owned(),
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        };
        match address.port() {
            port if port == default_port => Self(format!("{scheme}://{host}")),
            port => Self(format!("{scheme}://{host}:{port}")),
        }
    }

    /// A host name, or an address, behind TLS on this port.
    pub(super) fn of_name(name: &str, port: u16) -> Self {
        // RFC 3986 §3.2.2: an IPv6 address stands in brackets.
        let host = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        match port {
            HTTPS_PORT => Self(format!("https://{host}")),
            port => Self(format!("https://{host}:{port}")),
        }
    }

    /// The name or address in it, without brackets and port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => authority.split_once(':').map_or(authority, |(host, _)| host),
        }
    }

    /// The address as text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers give a microphone to pages there: to secure contexts only.
    pub fn allows_microphone(&self) -> bool {
        let Some(rest) = self.0.strip_prefix("http://") else { return true };
        let host =
            rest.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(rest, |(host, _)| host);
        host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.")
    }
}

impl WebUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let uri = web(text)?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(UrlError::WithPath);
        }
        Ok(Self(text.strip_suffix('/').unwrap_or(text).to_owned()))
    }
}

impl FromStr for WebUrl {
    type Err = UrlError;
    fn from_str(text: &str) -> Result<Self, UrlError> {
        web(text).map(|_| Self(text.to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn web(text: &str) -> Result<Uri, UrlError> {
    let uri: Uri = text.parse().map_err(|_| UrlError::NoUrl)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = uri.host().unwrap_or_default();
    // A name and password before the host would go to everybody who gets a link.
    let is_plain = !text.contains('@') && text.is_ascii() && text.len() <= URL_CHARS_MAX;
    if is_web && is_plain && !host.is_empty() { Ok(uri) } else { Err(UrlError::NoUrl) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_one_spelling() {
        for (text, base) in [
            ("https://listen.example.org", "https://listen.example.org"),
            ("https://listen.example.org/", "https://listen.example.org"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().map(|url| url.to_string()), Ok(base.to_owned()));
        }
        for odd in
            ["", "listen.example.org", "ftp://example.org", "https://", "https:///x", "https://a b", "/x"]
        {
            assert_eq!(odd.parse::<BaseUrl>(), Err(UrlError::NoUrl), "{odd:?}");
        }
        assert_eq!("https://user:pw@example.org".parse::<BaseUrl>(), Err(UrlError::NoUrl));
        assert_eq!("https://example.org/live".parse::<BaseUrl>(), Err(UrlError::WithPath));
        assert_eq!("https://example.org/?a".parse::<BaseUrl>(), Err(UrlError::WithPath));
        assert!("https://example.org/imprint?lang=de".parse::<WebUrl>().is_ok());
        assert!("javascript:alert(1)".parse::<WebUrl>().is_err());
    }

    #[test]
    fn an_address_becomes_a_link_that_works() {
        let of =
            |address: &str, tls| BaseUrl::of_address(address.parse().expect("an address"), tls).to_string();
        assert_eq!(of("[::]:8080", false), "http://localhost:8080");
        assert_eq!(of("0.0.0.0:443", true), "https://localhost");
        assert_eq!(of("192.0.2.5:80", true), "https://192.0.2.5:80");
        assert_eq!(of("[2001:db8::1]:80", false), "http://[2001:db8::1]");
        let named = |port| BaseUrl::of_name("a.org", port).to_string();
        assert_eq!([named(443), named(8080)], ["https://a.org", "https://a.org:8080"]);
    }

    #[test]
    fn an_address_has_a_host() {
        for (text, host) in [
            ("https://a.org", "a.org"),
            ("https://a.org:8080", "a.org"),
            ("http://[2001:db8::1]:80", "2001:db8::1"),
            ("http://192.0.2.5", "192.0.2.5"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().expect("an address").host(), host);
        }
    }

    #[test]
    fn browsers_give_microphones_to_secure_contexts_only() {
        let allows = |text: &str| text.parse::<BaseUrl>().expect("an address").allows_microphone();
        for secure in [
            "https://a.org",
            "http://localhost:8081",
            "http://127.0.0.1",
            "http://[::1]:8081",
            "http://[::1]",
        ] {
            assert!(allows(secure), "{secure}");
        }
        for insecure in ["http://a.org", "http://192.168.1.5:8081", "http://localhost.example.org"] {
            assert!(!allows(insecure), "{insecure}");
        }
    }
}
