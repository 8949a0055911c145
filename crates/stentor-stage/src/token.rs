//! Keys and device tokens: self-contained, authenticated, with show, role and expiry inside.
//!
//! 51 bytes, written as 68 characters of base64url without padding. 51 is divisible by three, so no
//! bit of the text is without meaning, and a token has exactly one spelling:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version, 1 |
//! | 1 | purpose: 1 link, 2 device, 3 desk |
//! | 2 | role: 0 none, 1 host, 2 co-host, 3 speaker |
//! | 3–10 | link id, big-endian |
//! | 11–18 | device id, big-endian |
//! | 19–26 | scope: the first 8 bytes of blake3 of the show's name (desk: of the operator's key) |
//! | 27–34 | expiry, Unix seconds, big-endian |
//! | 35–50 | blake3, keyed, over bytes 0–34, its first 16 bytes |

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stentor_types::{LinkId, Reason, ShowId, Wall};

use crate::spec::Role;

/// The first byte of every token.
const VERSION: u8 = 1;

/// Bytes under the MAC.
const BODY_BYTES: usize = 35;

/// 128 bits: forging one needs 2^127 tries at a door that answers some thousand a second.
const MAC_BYTES: usize = 16;

/// A whole token; divisible by three (see above).
const TOKEN_BYTES: usize = BODY_BYTES + MAC_BYTES;
const _: () = assert!(TOKEN_BYTES.is_multiple_of(3));

/// Characters of every token's text.
pub const TOKEN_CHARS: usize = TOKEN_BYTES / 3 * 4;

/// How long the operator's page stays signed in on a device: a week of preparing a show.
pub const DESK_SESSION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a key or token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The key of a link: opens WHIP, and is exchanged for a device token.
    Link,
    /// What one browser got for a link's key.
    Device,
}

/// The key under which tokens are authenticated. Made from the data folder's secret; whoever has it
/// can make any token, so it is never printed.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) grant: Grant,
    pub(crate) scope: Scope,
    pub(crate) expires_at: ExpirySecs,
}

/// Whom a token lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Link { link: LinkId, role: Role },
    Device { link: LinkId, role: Role, device: u64 },
    Desk { device: u64 },
}

/// Where a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope([u8; 8]);

impl Scope {
    pub(crate) fn of_show(show: &ShowId) -> Self {
        Self::of(b"show", show.as_str())
    }

    fn of_operator(operator_key: &str) -> Self {
        Self::of(b"desk", operator_key)
    }

    fn of(kind: &[u8; 4], name: &str) -> Self {
        let hash = blake3::Hasher::new().update(kind).update(name.as_bytes()).finalize();
        Self(first(hash.as_bytes()))
    }
}

/// An expiry in whole Unix seconds, the grain of tokens. A token is valid before it, not at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExpirySecs(u64);

impl ExpirySecs {
    /// Rounded up, so that a token never expires before its link.
    pub(crate) fn of(at: Wall) -> Self {
        Self(u64::try_from(at.0).unwrap_or(0).div_ceil(1000))
    }

    fn is_over(self, now: Wall) -> bool {
        i128::from(now.0) >= i128::from(self.0) * 1000
    }
}

impl TokenKey {
    /// The key made from the 32 random bytes of the data folder's secret.
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("Stentor 2026-11 stage and desk tokens", secret))
    }

    /// A token for one browser of the operator, valid for [`DESK_SESSION_LIFETIME`] and as long as
    /// the operator's key stays the same. `device` is random.
    pub fn desk_token(&self, now: Wall, operator_key: &str, device: u64) -> (String, Wall) {
        let expires_at = now.plus(DESK_SESSION_LIFETIME);
        let claims = Claims {
            grant: Grant::Desk { device },
            scope: Scope::of_operator(operator_key),
            expires_at: ExpirySecs::of(expires_at),
        };
        (self.seal(&claims), expires_at)
    }

    /// Whether `token` is a desk token that is valid now. A token made under another operator's
    /// key is [`Reason::KeyRevoked`].
    pub fn admit_desk(&self, now: Wall, operator_key: &str, token: &str) -> Result<(), Reason> {
        let claims = self.open(token)?;
        match claims.grant {
            Grant::Desk { .. } if claims.scope != Scope::of_operator(operator_key) => Err(Reason::KeyRevoked),
            Grant::Desk { .. } if claims.expires_at.is_over(now) => Err(Reason::KeyExpired),
            Grant::Desk { .. } => Ok(()),
            Grant::Link { .. } | Grant::Device { .. } => Err(Reason::KeyForeign),
        }
    }

    /// Writes a token.
    pub(crate) fn seal(&self, claims: &Claims) -> String {
        let (purpose, role, link, device) = match claims.grant {
            Grant::Link { link, role } => (1, role_byte(role), link.0, 0),
            Grant::Device { link, role, device } => (2, role_byte(role), link.0, device),
            Grant::Desk { device } => (3, 0, 0, device),
        };
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend([VERSION, purpose, role]);
        bytes.extend(link.to_be_bytes());
        bytes.extend(device.to_be_bytes());
        bytes.extend(claims.scope.0);
        bytes.extend(claims.expires_at.0.to_be_bytes());
        assert_eq!(bytes.len(), BODY_BYTES, "the layout is the one in the module's head");
        bytes.extend(self.mac(&bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token that we wrote: [`Reason::KeyMissing`] for nothing, [`Reason::KeyInvalid`] for
    /// everything that is not ours. Whether it is expired, foreign or revoked is for the caller.
    pub(crate) fn open(&self, text: &str) -> Result<Claims, Reason> {
        if text.is_empty() {
            return Err(Reason::KeyMissing);
        }
        if text.len() != TOKEN_CHARS {
            return Err(Reason::KeyInvalid);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Reason::KeyInvalid)?;
        let (body, mac) = bytes.split_at_checked(BODY_BYTES).ok_or(Reason::KeyInvalid)?;
        if !is_equal_in_constant_time(&self.mac(body), mac) {
            return Err(Reason::KeyInvalid);
        }
        parse_body(body).ok_or(Reason::KeyInvalid)
    }

    fn mac(&self, body: &[u8]) -> [u8; MAC_BYTES] {
        first(blake3::keyed_hash(&self.0, body).as_bytes())
    }
}

impl Claims {
    /// Checks that the token belongs to this show.
    pub(crate) fn check(&self, show: Scope) -> Result<(), Reason> {
        if matches!(self.grant, Grant::Desk { .. }) || self.scope != show {
            return Err(Reason::KeyForeign);
        }
        Ok(())
    }

    /// Whether the token's time is over.
    pub(crate) fn is_expired(&self, now: Wall) -> bool {
        self.expires_at.is_over(now)
    }
}

/// Reads what the MAC has vouched for. `None` means a later version of ours wrote it.
fn parse_body(body: &[u8]) -> Option<Claims> {
    let number = |at: usize| u64::from_be_bytes(first(&body[at..]));
    let (link, device) = (LinkId(number(3)), number(11));
    let role = || Role::ALL.into_iter().find(|&role| role_byte(role) == body[2]);
    let grant = match (body[0], body[1]) {
        (VERSION, 1) => Grant::Link { link, role: role()? },
        (VERSION, 2) => Grant::Device { link, role: role()?, device },
        (VERSION, 3) => Grant::Desk { device },
        _ => return None,
    };
    Some(Claims { grant, scope: Scope(first(&body[19..])), expires_at: ExpirySecs(number(27)) })
}

const fn role_byte(role: Role) -> u8 {
    match role {
        Role::Host => 1,
        Role::CoHost => 2,
        Role::Speaker => 3,
    }
}

/// The first `N` bytes of something longer.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("the layout leaves room")
}

/// Compares without telling by its duration where the first difference is.
fn is_equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |sum, (a, b)| std::hint::black_box(sum | (a ^ b)));
    a.len() == b.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> TokenKey {
        TokenKey::from_secret(&[7; 32])
    }

    fn grants() -> impl Strategy<Value = Grant> {
        (any::<u64>(), any::<u64>(), 0..3usize, 0..3u8).prop_map(|(link, device, role, purpose)| {
            let (link, role) = (LinkId(link), Role::ALL[role]);
            match purpose {
                0 => Grant::Link { link, role },
                1 => Grant::Device { link, role, device },
                _ => Grant::Desk { device },
            }
        })
    }

    proptest! {
        #[test]
        fn a_token_says_what_was_sealed_and_only_under_its_key(
            grant in grants(), scope: [u8; 8], expires: u64, flip in 0..TOKEN_BYTES * 8, other: [u8; 32],
        ) {
            let claims = Claims { grant, scope: Scope(scope), expires_at: ExpirySecs(expires) };
            let text = key().seal(&claims);
            prop_assert_eq!(text.len(), TOKEN_CHARS);
            prop_assert_eq!(key().open(&text), Ok(claims));
            if other != [7; 32] {
                prop_assert_eq!(TokenKey::from_secret(&other).open(&text), Err(Reason::KeyInvalid));
            }
            let mut bytes = URL_SAFE_NO_PAD.decode(&text).expect("our own");
            bytes[flip / 8] ^= 1 << (flip % 8);
            prop_assert_eq!(key().open(&URL_SAFE_NO_PAD.encode(bytes)), Err(Reason::KeyInvalid));
        }

        #[test]
        fn no_other_text_opens(text in "\\PC{0,80}") {
            let expected = if text.is_empty() { Reason::KeyMissing } else { Reason::KeyInvalid };
            prop_assert_eq!(key().open(&text), Err(expected));
        }
    }

    #[test]
    fn a_desk_token_dies_with_the_operators_key_and_with_time() {
        let (now, device) = (Wall(1_790_000_000_000), 5);
        let (token, expires_at) = key().desk_token(now, "operator", device);
        assert_eq!(expires_at, now.plus(DESK_SESSION_LIFETIME));
        assert_eq!(key().admit_desk(now, "operator", &token), Ok(()));
        assert_eq!(key().admit_desk(now, "changed", &token), Err(Reason::KeyRevoked));
        assert_eq!(key().admit_desk(expires_at, "operator", &token), Err(Reason::KeyExpired));
        let scope = Scope::of_show(&"demo".parse().expect("a valid id"));
        let grant = Grant::Link { link: LinkId(1), role: Role::Host };
        let link = key().seal(&Claims { grant, scope, expires_at: ExpirySecs::of(expires_at) });
        assert_eq!(key().admit_desk(now, "operator", &link), Err(Reason::KeyForeign));
        assert_eq!(key().open(&token).and_then(|claims| claims.check(scope)), Err(Reason::KeyForeign));
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", TokenKey([0xAB; 32])), "TokenKey(…)");
    }
}
