use std::fs;

use super::*;
use crate::notice::{Format, Level};

fn parse(text: &str) -> Result<Config, ConfigError> {
    RawConfig::parse(Path::new("stentor.toml"), text).and_then(Config::check)
}

fn refusal(text: &str) -> String {
    parse(text).expect_err("this is wrong").to_string()
}

/// The example with its options switched on, but for the comments in prose.
fn with_options_on(example: &str) -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(option) if !option.starts_with(' ') => option.to_owned(),
        _ => line.to_owned(),
    };
    example.lines().map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_is_a_configuration() {
    let config = parse("").expect("everything has a default");
    assert_eq!(config.front.listen.to_string(), "[::]:8080");
    assert_eq!(config.stage.listen.to_string(), "[::]:8081");
    assert_eq!(config.media.listen.to_string(), "[::]:8082");
    assert_eq!(config.desk.listen.to_string(), "127.0.0.1:8083");
    assert_eq!(config.data, Data { dir: "stentor-data".into(), reserve_bytes: 512 << 20 });
    assert_eq!(config.log, Log { level: Level::Info, format: Format::Text });
    assert_eq!((config.tls.clone(), config.shows.max), (None, 8));
    assert!(config.serving.threads >= 1);
    assert_eq!(config.warnings(), [""; 0]);
}

#[test]
fn the_front_door_has_a_bounded_number_of_threads() {
    assert_eq!(parse("[front]\nthreads = 3").expect("a number").serving.threads, 3);
    for wrong in [0, 257] {
        let error = parse(&format!("[front]\nthreads = {wrong}")).expect_err("it is out of bounds");
        assert!(error.to_string().contains("from 1 to 256"), "{error}");
    }
}

#[test]
fn the_example_says_the_defaults() {
    let example = Config::example();
    assert_eq!(parse(&example).expect("comments and headings"), parse("").expect("defaults"));
    let on = with_options_on(&example);
    let raw = RawConfig::parse(Path::new("stentor.toml"), &on).expect("every option is known");
    let count = on.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count();
    assert_eq!(count, SECTIONS.iter().map(|section| section.options.len()).sum::<usize>());
    let mut config = Config::check(raw).expect("every example can be used");
    // What has no default stands there with an example.
    assert!(config.tls.take().is_some() && config.pages.imprint_url.is_some());
    (config.front.url, config.stage.url, config.pages) = (None, None, Pages::default());
    config.written = RawConfig::default();
    let defaults = parse("").expect("defaults");
    config.serving = defaults.serving.clone();
    assert_eq!(config, defaults);
}

#[test]
fn the_reference_has_every_option_and_examples_can_be_used() {
    let page = reference_markdown();
    for section in SECTIONS {
        assert!(page.contains(&format!("## `[{}]`", section.name)));
        // A certificate comes from files or by ACME: one or the other.
        let of_acme = |option: &&OptionSpec| option.name.starts_with("acme");
        for together in [false, true] {
            let chosen = section.options.iter().filter(|option| of_acme(option) == together);
            let examples = chosen.map(|option| format!("{} = {}\n", option.name, option.example));
            let text = format!("[{}]\n{}", section.name, examples.collect::<String>());
            assert!(parse(&text).is_ok(), "{text}");
        }
        for option in section.options {
            assert!(page.contains(&format!("| `{}` |", option.name)));
        }
    }
}

#[test]
fn unknown_keys_get_a_suggestion_and_their_line() {
    let text = "# a comment\n[front]\nlisten = \"[::]:80\"\nlistn = \"[::]:81\"\n[zzz]\n";
    assert_eq!(refusal(text), "stentor.toml:4: unknown key `listn` in [front]; did you mean `listen`?");
    assert_eq!(refusal("[fronz]\n"), "stentor.toml:1: unknown section [fronz]; did you mean `front`?");
    assert_eq!(
        refusal("[media]\ncolour = 1"),
        "stentor.toml:2: unknown key `colour` in [media]; keys here are listen, advertise"
    );
    let listen = refusal("listen = \"[::]:80\"");
    let advice = "write it under [front] or [stage] or [media] or [desk]";
    assert_eq!(listen, format!("stentor.toml:1: unknown key `listen` outside of a section; {advice}"));
    assert_eq!(
        refusal("tls.crt = \"a\""),
        "stentor.toml:1: unknown key `crt` in [tls]; did you mean `cert`?"
    );
}

#[test]
fn wrong_values_are_sentences_with_the_fix() {
    for (text, said) in [
        ("[front]\nlisten = \"8090\"", "such as \"[::]:8090\""),
        ("[front]\nlisten = \":8090\"", "front.listen (--front) = \":8090\" cannot be used"),
        ("[desk]\nlisten = \"localhost\"", "\"127.0.0.1:8083\""),
        ("[front]\nurl = \"example.org\"", "write a whole address"),
        ("[front]\ninterval_ms = 320", "write 960, 1920 or 3840"),
        ("[stage]\nurl = \"https://example.org/stage\"", "scheme and host only"),
        ("[media]\nadvertise = [\"203.0.113.5:8082\"]", "without a port"),
        ("[media]\nadvertise = [\"0.0.0.0\"]", "that others can send to"),
        ("[tls]\ncert = \"a.pem\"", "set tls.key (--tls-key) too"),
        ("[tls]\nkey = \"a.pem\"", "set tls.cert (--tls-cert) too"),
        ("[tls]\ncert = \"a.pem\"\nacme = [\"a.org\"]", "from files or by ACME"),
        ("[tls]\nacme = [\"192.0.2.5\"]", "a name that the internet knows"),
        ("[tls]\nacme = [\"localhost\"]", "a name that the internet knows"),
        ("[tls]\nacme = [\"a.org\"]\nacme_contact = \"Ada\"", "one address of mail"),
        ("[tls]\nacme_directory = \"a.org\"", "write a whole address"),
        ("[shows]\nmax = 0", "from 1 to 64"),
        ("[data]\nreserve_mib = 99999999999", "counted in MiB"),
        ("[log]\nlevel = \"loud\"", "write error, warn, info or debug"),
        ("[pages]\nimprint_url = \"javascript:alert(1)\"", "pages.imprint_url"),
        ("[front]\nlisten = \"[::]:8081\"", "front.listen and stage.listen both listen on port 8081"),
        ("[front]\nlisten = \"10.0.0.1:8082\"", "front.listen and media.listen"),
        ("\n[front]\nlisten = 8080", "stentor.toml:3: invalid type"),
        ("[front]\nlisten = \"a\"\nlisten = \"b\"", "stentor.toml:3: duplicate key"),
        ("front = 1", "stentor.toml:1: invalid type"),
        ("[front", "stentor.toml:1: "),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(said) && !refusal.contains('\n'), "{text:?}: {refusal}");
    }
}

#[test]
fn ports_that_do_not_collide_may_be_equal() {
    let text = "[front]\nlisten = \"127.0.0.1:80\"\n[desk]\nlisten = \"127.0.0.2:80\"\n";
    assert!(parse(text).is_ok());
    let any = "[front]\nlisten = \"[::]:0\"\n[stage]\nlisten = \"[::]:0\"\n";
    assert!(parse(any).is_ok(), "port 0 is any free one");
}

#[test]
fn flags_override_the_file_and_paths_start_where_they_are_written() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("stentor.toml");
    let text = "[data]\ndir = \"kept\"\n[tls]\ncert = \"c.pem\"\nkey = \"/etc/k.pem\"\n[shows]\nmax = 3\n";
    fs::write(&file, text).expect("a writable folder");
    let mut flags = RawConfig::default();
    flags.tls.cert = Some("flag.pem".into());
    flags.front.listen = Some("127.0.0.1:9000".into());
    let config = Config::load(Some(&file), flags.clone()).expect("a good file");
    assert_eq!(config.data.dir, dir.path().join("kept"));
    let files = TlsFiles { cert: "flag.pem".into(), key: "/etc/k.pem".into() };
    assert_eq!(config.tls, Some(Tls::Files(files)));
    assert_eq!((config.front.listen.port(), config.shows.max), (9000, 3));

    let missing = Config::load(Some(&dir.path().join("no.toml")), flags).expect_err("there is none");
    assert!(missing.to_string().contains("--config"), "{missing}");
    let folder = Config::load(Some(dir.path()), RawConfig::default());
    assert!(matches!(folder, Err(ConfigError::Unreadable { .. })));
}

#[test]
fn catches_are_told() {
    let open_desk = parse("[desk]\nlisten = \"0.0.0.0:8083\"").expect("allowed").warnings();
    assert!(open_desk.len() == 1 && open_desk[0].contains("operator's key"), "{open_desk:?}");
    let no_microphone = parse("[stage]\nurl = \"http://192.168.1.5:8081\"").expect("allowed").warnings();
    assert!(no_microphone.len() == 1 && no_microphone[0].contains("`stentor cert`"), "{no_microphone:?}");
}

#[test]
fn links_begin_with_the_url_or_the_address() {
    let door = Door { listen: "[::]:0".parse().expect("an address"), url: None };
    let bound = "[::]:4711".parse().expect("an address");
    let files = Tls::Files(TlsFiles { cert: "c".into(), key: "k".into() });
    assert_eq!(door.url_at(bound, Some(&files), &[]).as_str(), "https://localhost:4711");
    let certified = ["localhost", "127.0.0.1", "*.a.org", "192.168.1.20", "b.org"].map(str::to_owned);
    assert_eq!(door.url_at(bound, Some(&files), &certified).as_str(), "https://192.168.1.20:4711");
    assert_eq!(door.url_at(bound, Some(&files), &certified[..3]).as_str(), "https://localhost:4711");
    let v6 = ["fd00::2".to_owned()];
    assert_eq!(door.url_at(bound, Some(&files), &v6).as_str(), "https://[fd00::2]:4711");
    let here = "127.0.0.1:4711".parse().expect("an address");
    assert_eq!(door.url_at(here, Some(&files), &certified).as_str(), "https://127.0.0.1:4711");
    let acme = parse("[tls]\nacme = [\"A.org\"]").expect("a name").tls;
    assert_eq!(door.url_at(bound, acme.as_ref(), &certified).as_str(), "https://a.org:4711");
    let url = Some("https://a.org".parse().expect("an address"));
    assert_eq!(Door { url, ..door }.url_at(bound, None, &[]).as_str(), "https://a.org");
}

#[test]
fn what_differs_is_named_with_what_it_takes() {
    let old =
        parse("[log]\nlevel = \"info\"\n[data]\nreserve_mib = 512\n").expect("the defaults, said aloud");
    assert_eq!(parse("").expect("defaults").changes(&old), []);
    let new = "[log]\nlevel = \"debug\"\n[pages]\nimprint_url = \"https://a.org/\"\n[shows]\nmax = 9\n\
               [tls]\nacme = [\"a.org\"]\n";
    let changes = old.changes(&parse(new).expect("allowed"));
    let change = |option: &str, old: &str, new: &str, takes| Change {
        option: option.into(),
        old: old.into(),
        new: new.into(),
        takes,
    };
    let expected = [
        change("tls.acme", "[]", "[\"a.org\"]", Takes::Restart),
        change("pages.imprint_url", "not set", "\"https://a.org/\"", Takes::Reload),
        change("shows.max", "8", "9", Takes::Restart),
        change("log.level", "\"info\"", "\"debug\"", Takes::Reload),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn acme_needs_port_443() {
    let warned = |text: &str| {
        let warnings = parse(text).expect("allowed").warnings();
        warnings.iter().any(|warning| warning.contains("port 443"))
    };
    assert!(warned("[tls]\nacme = [\"a.org\"]"));
    assert!(!warned("[front]\nlisten = \"[::]:443\"\n[tls]\nacme = [\"a.org\"]"));
}
