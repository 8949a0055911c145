//! `stentor show`: the operator's hand, by the desk's API.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value, json};
use stentor_server::data_folder;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::cli::{ShowArgs, ShowCommand};
use crate::say::say;

/// A desk answers from memory, after one write to its disk.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

pub(crate) fn show(args: ShowArgs) -> anyhow::Result<()> {
    let desk = Desk::new(&args)?;
    let of = |show: &str, rest: &str| format!("/api/v1/shows/{show}{rest}");
    let answer = match &args.command {
        ShowCommand::Create { show, title, start, doors_before, language, stereo, delay, own_tracks } => {
            let mut new = Map::from_iter([("id".to_owned(), json!(show))]);
            let starts_at = start.as_deref().map(unix_ms).transpose()?;
            let fields = [
                ("title", title.as_ref().map(|title| json!(title))),
                ("starts_at", starts_at.map(|at| json!(at))),
                ("doors_before_s", doors_before.map(|minutes| json!(minutes * 60))),
                ("language", language.as_ref().map(|language| json!(language))),
                ("channels", stereo.then(|| json!("stereo"))),
                ("delay_s", delay.map(|seconds| json!(seconds))),
                ("own_tracks", own_tracks.then(|| json!(true))),
            ];
            new.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            desk.post("/api/v1/shows", Some(&Value::Object(new)))?
        }
        ShowCommand::List => desk.get("/api/v1/shows")?,
        ShowCommand::Info { show } => desk.get(&of(show, ""))?,
        ShowCommand::Live { show } => desk.post(&of(show, "/live"), None)?,
        ShowCommand::End { show } => desk.post(&of(show, "/end"), None)?,
        ShowCommand::Undo { show } => desk.post(&of(show, "/undo"), None)?,
        ShowCommand::Dump { show } => {
            desk.post(&of(show, "/command"), Some(&json!({ "command": "dump" })))?
        }
        ShowCommand::Say { show, text, stage } => {
            let to = if *stage { "stage" } else { "everyone" };
            let text = text.as_deref().unwrap_or_default();
            desk.post(&of(show, "/command"), Some(&json!({ "command": "say", "to": to, "text": text })))?
        }
        ShowCommand::Invite { show, role, label, backstage } => {
            let mut link = json!({ "role": role.word() });
            if *backstage {
                link["enters"] = json!("backstage");
            }
            if let Some(label) = label {
                link["label"] = json!(label);
            }
            desk.post(&of(show, "/links"), Some(&link))?
        }
        ShowCommand::Revoke { show, link } => desk.delete(&of(show, &format!("/links/{link}")))?,
        ShowCommand::Delete { show } => desk.delete(&of(show, ""))?,
    };
    if args.json {
        say(format_args!("{answer:#}"));
    } else {
        print(&answer);
    }
    Ok(())
}

struct Desk {
    agent: Agent,
    url: String,
    key: String,
}

impl Desk {
    fn new(args: &ShowArgs) -> anyhow::Result<Self> {
        let key = match &args.key {
            Some(key) => key.clone(),
            None => data_folder::operator_key(&args.data).context(
                "the operator's key is needed: give it with --key, or the data folder with --data",
            )?,
        };
        let trusted: Vec<CertificateDer<'_>> = match &args.ca {
            Some(file) => {
                let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
                CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect()
            }
            // What cannot be read there is not trusted; who needs it is told that the desk's certificate is not.
            None => rustls_native_certs::load_native_certs().certs,
        };
        let trusted: Vec<_> =
            trusted.iter().map(|der| Certificate::from_der(der.as_ref()).to_owned()).collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .root_certs(RootCerts::from(trusted));
        // No proxy of the environment: the operator's key is for the desk alone.
        let agent = Agent::config_builder()
            .proxy(None)
            .tls_config(tls.build())
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .build()
            .new_agent();
        Ok(Self { agent, url: args.desk.trim_end_matches('/').to_owned(), key })
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.agent.get(format!("{}{path}", self.url));
        self.answer(request.header("Authorization", self.bearer()).call())
    }

    fn post(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        self.answer(match body {
            Some(body) => request.send_json(body),
            None => request.send_empty(),
        })
    }

    fn delete(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.agent.delete(format!("{}{path}", self.url));
        self.answer(request.header("Authorization", self.bearer()).call())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The answer's document; of a refusal, its own words.
    fn answer(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Value> {
        let mut answer = answer.map_err(|error| {
            anyhow!(
                "the desk at {} does not answer: {error}; is the server running, and is --desk right?",
                self.url
            )
        })?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().context("the desk's answer broke off")?;
        if status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        match (problem["title"].as_str(), problem["detail"].as_str()) {
            (Some(title), Some(detail)) => bail!("{title}. {detail}"),
            _ => bail!("the desk answered {status}; is {} the desk of a Stentor?", self.url),
        }
    }
}

fn unix_ms(text: &str) -> anyhow::Result<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| anyhow!("--start {text:?} is no time; write it like 2026-12-24T20:15:00+01:00"))?;
    Ok(at.unix_timestamp() * 1000)
}

fn print(answer: &Value) {
    match answer {
        Value::Null => say(format_args!("done")),
        show if show.get("shows").is_some() => {
            for show in show["shows"].as_array().into_iter().flatten() {
                say(format_args!(
                    "{:24} {:10} {}",
                    text(&show["id"]),
                    text(&show["phase"]),
                    text(&show["title"])
                ));
            }
            for warning in answer["warnings"].as_array().into_iter().flatten() {
                eprintln!("stentor: {}", text(&warning["text"]));
            }
        }
        link if link.get("key").is_some() => print_link(link),
        done if done.get("id").is_none() => say(format_args!("done")),
        show => {
            say(format_args!("{}: {}, {}", text(&show["id"]), text(&show["title"]), text(&show["phase"])));
            say(format_args!("  listen   {}", text(&show["listen_url"])));
            for link in show["links"].as_array().into_iter().flatten() {
                print_link(link);
            }
        }
    }
}

fn print_link(link: &Value) {
    let revoked = if link["revoked"] == true { " (taken back)" } else { "" };
    say(format_args!("  {:8} {}{revoked}", text(&link["role"]), text(&link["url"])));
    say(format_args!("           id {}, for {}", text(&link["id"]), text(&link["label"])));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}
