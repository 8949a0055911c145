//! Reads an SDP offer and answers it.
//!
//! Of an offer only what one Opus track needs is kept, checked part by part, and str0m sees a small
//! offer written anew from that ([`Offer::to_str0m`]): a hostile description meets this reader only.

use std::fmt::Write as _;

use stentor_types::{Channels, Reason};
use str0m::IceCreds;

use crate::sdp::{self, Section};

/// The longest offer that is read. Chrome's with audio, video and data is about 7 kB, Firefox's 8 kB;
/// four times that leaves room for candidates of many interfaces.
pub const OFFER_BYTES_MAX: usize = 32 * 1024;

/// SSRCs kept of an offer: one for sound, and room for clients that list more.
const SSRCS_MAX: usize = 4;

/// Characters of a media identification tag: what str0m compares. Browsers use 1, OBS 1.
const MID_CHARS_MAX: usize = 16;

/// The offer cannot be answered. The peer's fault; the same offer will be refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Longer than [`OFFER_BYTES_MAX`].
    #[error("the offer has {0} bytes; {OFFER_BYTES_MAX} are the most")]
    TooLarge(usize),
    /// Not a description, or one that lacks what WebRTC demands.
    #[error("the offer is malformed: {0}")]
    Malformed(&'static str),
    /// No audio that the peer would send: add an audio track that is `sendrecv` or `sendonly`.
    #[error("the offer has no audio track that is sent; offer one with sendrecv or sendonly")]
    WithoutAudio,
    /// The audio has no `opus/48000/2` (RFC 7587 §7).
    #[error("the offer's audio has no Opus; offer opus/48000/2")]
    WithoutOpus,
}

impl OfferError {
    /// The code for problem+json and metrics.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TooLarge(_) => Reason::TooLarge,
            Self::Malformed(_) => Reason::OfferMalformed,
            Self::WithoutAudio => Reason::OfferWithoutAudio,
            Self::WithoutOpus => Reason::OfferWithoutOpus,
        }
    }
}

/// What is used of an offer.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The peer's ICE credentials.
    pub(crate) ice: IceCreds,
    /// Whether the peer wants to hear us as well.
    pub(crate) wants_sound: bool,
    /// The payload type of Opus, chosen by the peer.
    pub(crate) payload_type: u8,
    /// The payload type of packets that carry copies of earlier ones beside their own Opus (RFC 2198), if the peer can
    /// send such.
    pub(crate) redundant_type: Option<u8>,
    /// The media identification tag of the audio.
    pub(crate) mid: String,
    /// SHA-256 of the peer's certificate, as hexadecimal pairs with colons.
    fingerprint: String,
    setup: Setup,
    level_ext_id: Option<u8>,
    mid_ext_id: Option<u8>,
    ssrcs: Vec<u32>,
    /// The media sections in their order: ours, or the `m=` line and tag of one that is rejected.
    sections: Vec<AnswerSection>,
}

/// Who begins the DTLS handshake, as the peer says (RFC 8842 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setup {
    ActPass,
    Active,
    Passive,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AnswerSection {
    Audio,
    Rejected { media: String, mid: Option<String> },
}

/// What an answer says of us.
pub(crate) struct Ours<'a> {
    pub(crate) ice: &'a IceCreds,
    /// `sha-256 AB:CD…`.
    pub(crate) fingerprint: String,
    /// What follows `a=` for each candidate.
    pub(crate) candidates: &'a [String],
    /// The SSRC and CNAME of what we send, if we send.
    pub(crate) sends: Option<(u32, String)>,
    pub(crate) channels: Channels,
}

impl Offer {
    pub(crate) fn parse(text: &str) -> Result<Self, OfferError> {
        use OfferError::Malformed;
        if text.len() > OFFER_BYTES_MAX {
            return Err(OfferError::TooLarge(text.len()));
        }
        if !text.starts_with("v=0") {
            return Err(Malformed("it does not begin with v=0"));
        }
        let (session, media) =
            sdp::sections(text).map_err(|sdp::NotLines| Malformed("its lines are not SDP, or too many"))?;
        let bundle: Vec<&str> = session
            .values("group")
            .find_map(|group| group.strip_prefix("BUNDLE"))
            .map(|mids| mids.split_ascii_whitespace().collect())
            .unwrap_or_default();
        let lines = media.iter().map(MediaLine::parse).collect::<Option<Vec<_>>>();
        let lines = lines.ok_or(Malformed("an m= line is not one"))?;

        let chosen = (0..media.len())
            .find(|&i| lines[i].is_live_audio(&media[i], &bundle) && sends(&media[i], &session))
            .ok_or(OfferError::WithoutAudio)?;
        let audio = &media[chosen];
        if !lines[chosen].protocol.ends_with("RTP/SAVPF") {
            return Err(Malformed("its audio is not sent over DTLS-SRTP (RFC 8827 §6.5)"));
        }
        let payload_type = lines[chosen].opus(audio).ok_or(OfferError::WithoutOpus)?;
        if !audio.flag("rtcp-mux") {
            return Err(Malformed("its audio has no a=rtcp-mux (RFC 9725 §4.4.1)"));
        }
        let mid = audio.value("mid").filter(|mid| is_mid(mid)).ok_or(Malformed("its audio has no a=mid"))?;

        // A bundled section may leave its transport to the section that the group names first
        // (RFC 9143 §7.3.3).
        let tagged = bundle.first().and_then(|first| media.iter().find(|m| m.value("mid") == Some(first)));
        let places = [Some(audio), Some(&session), tagged];
        let places = || places.into_iter().flatten();
        let ice = places().find_map(Section::ice).ok_or(Malformed("it has no ICE user name and password"))?;
        let fingerprint = places()
            .find_map(fingerprint)
            .ok_or(Malformed("it has no a=fingerprint with sha-256 (RFC 8122 §5)"))?;
        let setup = places().find_map(|s| s.value("setup")).map_or(Some(Setup::ActPass), Setup::parse);
        let setup = setup.ok_or(Malformed("its a=setup is none of actpass, active, passive"))?;

        let sections = (0..media.len()).map(|i| match i == chosen {
            true => AnswerSection::Audio,
            false => AnswerSection::rejecting(&media[i]),
        });
        let ext = |uri| ext_id(audio, uri).or_else(|| ext_id(&session, uri));
        Ok(Self {
            ice,
            wants_sound: direction(audio, &session) == "sendrecv",
            payload_type,
            redundant_type: lines[chosen].redundant(audio, payload_type),
            mid: mid.to_owned(),
            fingerprint: fingerprint.to_owned(),
            setup,
            level_ext_id: ext(AUDIO_LEVEL),
            mid_ext_id: ext(MID).filter(|&id| Some(id) != ext(AUDIO_LEVEL)),
            ssrcs: ssrcs(audio),
            sections: sections.collect(),
        })
    }

    /// The offer as str0m gets it: one audio section and nothing that is not used.
    pub(crate) fn to_str0m(&self) -> String {
        let Self { mid, ice, fingerprint, setup, .. } = self;
        let mut out = format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mid}\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{}\r\n\
             a=mid:{mid}\r\n",
            ice.ufrag,
            ice.pass,
            setup.name(),
            formats = self.formats(),
        );
        self.write_extensions(&mut out);
        let direction = if self.wants_sound { "sendrecv" } else { "sendonly" };
        let _ = write!(out, "a={direction}\r\na=rtcp-mux\r\n");
        self.write_codecs(&mut out, "");
        for ssrc in &self.ssrcs {
            let _ = write!(out, "a=ssrc:{ssrc} cname:peer\r\n");
        }
        out
    }

    /// The answer (RFC 8829 §5.3.1): the audio accepted, every other section rejected by port 0.
    pub(crate) fn answer(&self, ours: &Ours<'_>) -> String {
        let mut out = format!(
            "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=ice-lite\r\n",
            self.mid
        );
        for section in &self.sections {
            match section {
                AnswerSection::Audio => self.write_audio(&mut out, ours),
                AnswerSection::Rejected { media, mid } => {
                    let _ = write!(out, "m={media}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
                    if let Some(mid) = mid {
                        let _ = write!(out, "a=mid:{mid}\r\n");
                    }
                }
            }
        }
        out
    }

    fn write_audio(&self, out: &mut String, ours: &Ours<'_>) {
        let (formats, mid) = (self.formats(), &self.mid);
        let _ = write!(out, "m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n");
        sdp::write_ice(out, ours.ice, ours.candidates);
        let (setup, stereo) = (self.setup.answered().name(), ours.channels == Channels::Stereo);
        let _ =
            write!(out, "a=ice-options:trickle\r\na=fingerprint:{}\r\na=setup:{setup}\r\n", ours.fingerprint);
        self.write_extensions(out);
        let direction = if ours.sends.is_some() { "sendrecv" } else { "recvonly" };
        let stereo = if stereo {
            format!(";maxaveragebitrate={UPLINK_STEREO_BPS};stereo=1;sprop-stereo=1")
        } else {
            format!(";maxaveragebitrate={UPLINK_MONO_BPS}")
        };
        let _ = write!(out, "a={direction}\r\na=rtcp-mux\r\n");
        self.write_codecs(out, &stereo);
        if let Some((ssrc, cname)) = &ours.sends {
            let _ = write!(out, "a=msid:stentor stage\r\na=ssrc:{ssrc} cname:{cname}\r\n");
        }
    }

    /// The formats of the `m=` line. The first is what the peer sends, so copies come whenever it can send them.
    pub(crate) fn formats(&self) -> String {
        let opus = self.payload_type;
        self.redundant_type.map_or(opus.to_string(), |redundant| format!("{redundant} {opus}"))
    }

    /// What the formats are. `more` is what else is asked of Opus, each parameter after a semicolon.
    fn write_codecs(&self, out: &mut String, more: &str) {
        let opus = self.payload_type;
        let _ =
            write!(out, "a=rtpmap:{opus} opus/48000/2\r\na=fmtp:{opus} minptime=10;useinbandfec=1{more}\r\n");
        if let Some(redundant) = self.redundant_type {
            // RFC 2198 §5: the packet's own format, then that of its copy.
            let _ = write!(out, "a=rtpmap:{redundant} red/48000/2\r\na=fmtp:{redundant} {opus}/{opus}\r\n");
        }
    }

    fn write_extensions(&self, out: &mut String) {
        for (id, uri) in [(self.level_ext_id, AUDIO_LEVEL), (self.mid_ext_id, MID)] {
            if let Some(id) = id {
                let _ = write!(out, "a=extmap:{id} {uri}\r\n");
            }
        }
    }
}

/// What a speaker is asked to send (`maxaveragebitrate`, RFC 7587 §6.1). A browser would send 32 kbit/s of which
/// FEC takes its part, and everything that listeners hear is encoded from it once more. By PESQ-WB at opus-32 two
/// voices had 3.85 from 64 kbit/s, 3.90 from 80, 3.94 from 96 and no more from 256.
const UPLINK_MONO_BPS: u32 = 96_000;
/// The same for two channels.
const UPLINK_STEREO_BPS: u32 = 128_000;

/// RFC 6464 §4: how loud each packet is, without decoding it.
const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// RFC 9143 §15.2: which section a packet belongs to.
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

impl Setup {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "actpass" => Some(Self::ActPass),
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ActPass => "actpass",
            Self::Active => "active",
            Self::Passive => "passive",
        }
    }

    /// Our side of it. Where we may choose, the peer begins: its ICE check shows that it is there.
    fn answered(self) -> Self {
        match self {
            Self::ActPass | Self::Active => Self::Passive,
            Self::Passive => Self::Active,
        }
    }
}

impl AnswerSection {
    /// The section with port 0 and the offered formats, which RFC 3264 §6 wants repeated.
    fn rejecting(section: &Section<'_>) -> Self {
        let mut words = section.media.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default();
        let rest = words.skip(1).collect::<Vec<_>>().join(" ");
        let mid = section.value("mid").filter(|mid| is_mid(mid)).map(str::to_owned);
        Self::Rejected { media: format!("{kind} 0 {rest}"), mid }
    }
}

/// `kind port protocol formats…` (RFC 8866 §5.14).
struct MediaLine<'a> {
    kind: &'a str,
    port: u16,
    protocol: &'a str,
    formats: Vec<&'a str>,
}

impl<'a> MediaLine<'a> {
    fn parse(section: &Section<'a>) -> Option<Self> {
        if !section.media.is_ascii() {
            return None;
        }
        let mut words = section.media.split_ascii_whitespace();
        let (kind, port, protocol) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        let formats: Vec<_> = words.collect();
        (!formats.is_empty()).then_some(Self { kind, port, protocol, formats })
    }

    /// Port 0 means rejected, except for a section that shares another's transport.
    fn is_live_audio(&self, section: &Section<'_>, bundle: &[&str]) -> bool {
        let bundled = || section.value("mid").is_some_and(|mid| bundle.contains(&mid));
        self.kind == "audio" && (self.port != 0 || bundled())
    }

    /// The first offered payload type that is Opus.
    fn opus(&self, section: &Section<'_>) -> Option<u8> {
        self.types_of(section, "opus/48000/2").next()
    }

    /// The first offered payload type for this Opus with copies of the same Opus.
    fn redundant(&self, section: &Section<'_>, opus: u8) -> Option<u8> {
        let of_opus = |&redundant: &u8| {
            section.values("fmtp").any(|line| {
                let (format, parameters) = line.split_once(' ').unwrap_or_default();
                let mut blocks = parameters.split('/').map(|block| block.parse() == Ok(opus));
                format.parse() == Ok(redundant) && blocks.clone().count() > 1 && blocks.all(|is_opus| is_opus)
            })
        };
        self.types_of(section, "red/48000/2").find(|&pt| pt != opus && of_opus(&pt))
    }

    /// The offered payload types of a codec, but for those that could be taken for RTCP (RFC 5761 §4).
    fn types_of(&self, section: &Section<'_>, codec: &str) -> impl Iterator<Item = u8> {
        let is_codec = |format: &str| {
            section.values("rtpmap").any(|map| {
                map.strip_prefix(format)
                    .and_then(|rest| rest.strip_prefix(' '))
                    .is_some_and(|name| name.eq_ignore_ascii_case(codec))
            })
        };
        self.formats
            .iter()
            .filter(move |format| is_codec(format))
            .filter_map(|format| format.parse().ok())
            .filter(|pt| matches!(pt, 35..=63 | 96..=127))
    }
}

/// RFC 8866 §6.7: `sendrecv` unless the section, or else the session, says another.
fn direction(section: &Section<'_>, session: &Section<'_>) -> &'static str {
    let named = |s: &Section<'_>| {
        ["sendrecv", "sendonly", "recvonly", "inactive"].into_iter().find(|direction| s.flag(direction))
    };
    named(section).or_else(|| named(session)).unwrap_or("sendrecv")
}

fn sends(section: &Section<'_>, session: &Section<'_>) -> bool {
    matches!(direction(section, session), "sendrecv" | "sendonly")
}

/// A token (RFC 8866 §9) that str0m can hold.
fn is_mid(text: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`{|}~".contains(c);
    (1..=MID_CHARS_MAX).contains(&text.len()) && text.chars().all(token)
}

/// The SHA-256 among the fingerprints, of which aiortc offers three.
fn fingerprint<'a>(section: &Section<'a>) -> Option<&'a str> {
    section.values("fingerprint").find_map(|value| {
        let (hash, digest) = value.split_once(' ')?;
        let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
        let whole = digest.split(':').count() == 32 && digest.split(':').all(pair);
        (hash.eq_ignore_ascii_case("sha-256") && whole).then_some(digest)
    })
}

/// The one-byte id (RFC 8285 §4.2) that the peer gave a header extension.
fn ext_id(section: &Section<'_>, uri: &str) -> Option<u8> {
    section.values("extmap").find_map(|value| {
        let (id, rest) = value.split_once(' ')?;
        let id = id.split('/').next()?.parse().ok().filter(|id| (1..=14).contains(id))?;
        (rest.split_ascii_whitespace().next() == Some(uri)).then_some(id)
    })
}

/// The SSRCs the peer announces, for peers that send no MID extension.
fn ssrcs(section: &Section<'_>) -> Vec<u32> {
    let mut ssrcs = Vec::new();
    for value in section.values("ssrc") {
        let number = value.split(' ').next().and_then(|number| number.parse().ok());
        match number {
            // 0 marks probes and never carries sound.
            Some(ssrc) if ssrc != 0 && ssrcs.len() < SSRCS_MAX && !ssrcs.contains(&ssrc) => ssrcs.push(ssrc),
            _ => {}
        }
    }
    ssrcs
}
