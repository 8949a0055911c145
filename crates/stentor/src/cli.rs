//! What can be typed. Its reference page is made from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use stentor_server::config::{RawConfig, RawData, RawDesk, RawFront, RawMedia, RawStage, RawTls};

/// Live audio shows that do not fall over.
#[derive(Debug, Parser)]
#[command(name = "stentor", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Run the server with a throw-away data folder and a show "demo" on air: two voices in conversation
    Demo(ServeArgs),
    /// Announce shows, put them on air, end them: talks to a running server's desk
    Show(ShowArgs),
    /// Play a file into a stage, as a speaker
    Publish(PublishArgs),
    /// Measure a server on this machine with a crowd of listeners; prints what they met as JSON
    Crowd(CrowdArgs),
    /// Look at recordings without a server
    #[command(subcommand)]
    Tape(TapeCommand),
    /// Make a certificate for a local network
    Cert(CertArgs),
    /// Say what would go wrong tonight, with the flags of serve: ports, names, certificate, disk, clock
    Check(CheckArgs),
    /// Write the reference pages into a folder
    #[command(hide = true)]
    Reference {
        /// The folder
        dir: PathBuf,
    },
}

/// Flags override the configuration file, the file overrides the defaults.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of everything that is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port for listeners
    #[arg(long, value_name = "ADDR")]
    front: Option<String>,
    /// Address and port for speakers and hosts
    #[arg(long, value_name = "ADDR")]
    stage: Option<String>,
    /// Address and port for the sound of speakers, UDP and TCP
    #[arg(long, value_name = "ADDR")]
    media: Option<String>,
    /// Address and port for the operator
    #[arg(long, value_name = "ADDR")]
    desk: Option<String>,
    /// Certificate of the doors, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A name to get a certificate for by ACME; port 443 of it has to reach a door. Can be given again
    #[arg(long, value_name = "DOMAIN", conflicts_with_all = ["tls_cert", "tls_key"])]
    acme: Vec<String>,
    /// Write where the doors are to this file (JSON) once they are open
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) ready_file: Option<PathBuf>,
}

impl ServeArgs {
    /// The flags as a configuration in which everything else is missing.
    pub(crate) fn flags(&self) -> RawConfig {
        RawConfig {
            front: RawFront { listen: self.front.clone(), ..RawFront::default() },
            stage: RawStage { listen: self.stage.clone(), url: None },
            media: RawMedia { listen: self.media.clone(), ..RawMedia::default() },
            desk: RawDesk { listen: self.desk.clone() },
            data: RawData { dir: self.data.clone(), ..RawData::default() },
            tls: RawTls {
                cert: self.tls_cert.clone(),
                key: self.tls_key.clone(),
                acme: (!self.acme.is_empty()).then(|| self.acme.clone()),
                ..RawTls::default()
            },
            ..RawConfig::default()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The desk of the server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8083", global = true)]
    pub(crate) desk: String,
    /// The operator's key; without it, it is read from DATA/operator.key
    // One in 64 begins with a hyphen.
    #[arg(
        long,
        value_name = "KEY",
        env = "STENTOR_KEY",
        hide_env_values = true,
        allow_hyphen_values = true,
        global = true
    )]
    pub(crate) key: Option<String>,
    /// The server's data folder, for the key
    #[arg(long, value_name = "DIR", default_value = "stentor-data", global = true)]
    pub(crate) data: PathBuf,
    /// Certificates to trust instead of the system's, PEM
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) ca: Option<PathBuf>,
    /// Print the server's answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: ShowCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShowCommand {
    /// Announce a show and print its links
    Create {
        /// Its name in links: a-z, 0-9 and -
        show: String,
        /// Its title
        #[arg(long)]
        title: Option<String>,
        /// When it begins, such as 2026-12-24T20:15:00+01:00; without it the doors open at once
        #[arg(long, value_name = "TIME")]
        start: Option<String>,
        /// How many minutes before the start the doors open
        #[arg(long, value_name = "MINUTES")]
        doors_before: Option<u64>,
        /// The language that is spoken
        #[arg(long)]
        language: Option<String>,
        /// Two channels, for music
        #[arg(long)]
        stereo: bool,
        /// Broadcast delay, 7 to 20: what was said so lately can be dumped
        #[arg(long, value_name = "SECONDS")]
        delay: Option<u64>,
        /// Record each speaker's own track beside the programme
        #[arg(long)]
        own_tracks: bool,
    },
    /// List all shows
    List,
    /// Print a show and its links
    Info {
        /// Its name
        show: String,
    },
    /// Put a show on air
    Live {
        /// Its name
        show: String,
    },
    /// End a show; it can be undone for 30 seconds
    End {
        /// Its name
        show: String,
    },
    /// Take an end back
    Undo {
        /// Its name
        show: String,
    },
    /// Take back what was said and is not heard yet, in a show with a broadcast delay
    Dump {
        /// Its name
        show: String,
    },
    /// Show a line of text to everyone; without a text the line goes away
    Say {
        /// The show's name
        show: String,
        /// The line, 200 characters at most
        text: Option<String>,
        /// Only to the people on the stage
        #[arg(long)]
        stage: bool,
    },
    /// Make another link to the stage
    Invite {
        /// The show's name
        show: String,
        /// What its person may do
        #[arg(long, value_enum, default_value_t = RoleArg::Speaker)]
        role: RoleArg,
        /// Who it is for
        #[arg(long)]
        label: Option<String>,
        /// Its person comes in backstage
        #[arg(long)]
        backstage: bool,
    },
    /// Take a link back
    Revoke {
        /// The show's name
        show: String,
        /// The link's id, as `info` prints it
        link: String,
    },
    /// Delete a show and its recording
    Delete {
        /// Its name
        show: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleArg {
    /// Runs the show
    Host,
    /// Helps to run it
    CoHost,
    /// Talks
    Speaker,
}

impl RoleArg {
    /// The word in the desk's API.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::CoHost => "co_host",
            Self::Speaker => "speaker",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// What to play: WAV, FLAC, MP3, M4A, Ogg
    pub(crate) file: PathBuf,
    /// The WHIP address: STAGE/SHOW/whip
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// The key of a speaker's link, as `show info` prints it
    #[arg(
        long,
        value_name = "KEY",
        env = "STENTOR_LINK_KEY",
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    pub(crate) key: String,
    /// Begin anew at the end, until interrupted
    #[arg(long)]
    pub(crate) repeat: bool,
    /// Send two channels
    #[arg(long)]
    pub(crate) stereo: bool,
    /// Leave out this many seconds of the beginning
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub(crate) start_at: f64,
    /// Send over TCP, for networks that block UDP
    #[arg(long)]
    pub(crate) tcp: bool,
    /// Certificates to trust besides the system's, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CrowdArgs {
    /// A stream in Ogg, MP4 or ADTS, or with --hls a playlist; the host is a loopback address or localhost
    pub(crate) url: String,
    /// Listeners that read everything
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) listeners: u32,
    /// How long it takes, from the first arrival on
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) seconds: u64,
    /// How they come
    #[arg(long, value_enum, default_value_t = ArrivalsArg::AtOnce)]
    pub(crate) arrivals: ArrivalsArg,
    /// How long it takes until all have come, unless they come at once
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) ramp: u64,
    /// Fetch the segments of a playlist
    #[arg(long, conflicts_with_all = ["slow", "silent"])]
    pub(crate) hls: bool,
    /// Slow readers besides
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) slow: u32,
    /// How much each of them reads
    #[arg(long, value_name = "B", default_value_t = 1_000)]
    pub(crate) slow_bytes_per_second: u32,
    /// Silent ones besides: they ask and read nothing
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) silent: u32,
    /// Processes to share the crowd; one holds as many connections as it may have descriptors
    #[arg(long, value_name = "P", default_value_t = 1)]
    pub(crate) processes: u32,
    /// The longest time between two sounds that is no fault; without it 1920, two intervals of 0.96 s
    #[arg(long, value_name = "MS")]
    pub(crate) gap_ms: Option<u32>,
    /// With https: trust what a certificate in this file vouches for, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_root: Option<PathBuf>,
    /// With https: trust anybody
    #[arg(long, conflicts_with = "tls_root")]
    pub(crate) tls_unverified: bool,
    /// Which of several processes this is
    #[arg(long, hide = true, requires = "begin_us")]
    pub(crate) process: Option<u32>,
    /// When all of them begin
    #[arg(long, hide = true, default_value_t = 0)]
    pub(crate) begin_us: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ArrivalsArg {
    /// All in the first moment
    AtOnce,
    /// More and more in each second
    Ramp,
    /// As many in each second
    Steady,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TapeCommand {
    /// Check every record of a recording and say what is wrong
    Verify {
        /// DATA/shows/SHOW
        folder: PathBuf,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a recording as one file
    Export {
        /// DATA/shows/SHOW
        folder: PathBuf,
        /// FILE.m4a or FILE.opus
        file: PathBuf,
        /// The whole tape, not only from on air to the end
        #[arg(long)]
        whole: bool,
        /// Write each speaker's own track into this folder as well, in time with FILE
        #[arg(long, value_name = "DIR")]
        tracks: Option<PathBuf>,
    },
    /// List the recordings of a data folder
    Ls {
        /// The data folder
        #[arg(default_value = "stentor-data")]
        data: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CertArgs {
    /// A name or address that the certificate is for; without any, this machine's own
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}
