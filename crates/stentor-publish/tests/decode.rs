//! Files of every kind, as other programs write them: are they as long and as high as they should be?

mod sounds;

use bytes::Bytes;
use sounds::{place, power, share_at, tones};
use stentor_publish::{Input, PublishError, Sound, duration};
use stentor_types::Channels;

fn all(input: &Input, channels: Channels) -> Vec<f32> {
    let mut sound = Sound::open(input, channels).expect("a sound");
    let mut samples = Vec::new();
    while let Some(frame) = sound.next_frame().expect("it decodes") {
        assert_eq!(frame.len(), 960 * channels.count());
        samples.extend(frame);
    }
    samples
}

#[test]
fn every_kind_of_file_keeps_its_pitch_and_its_length() {
    // Name, ffmpeg's options, and by how much the codec may lengthen 3 s of sound.
    let cases: [(&str, &[&str], f64); 8] = [
        ("wav-44100.wav", &["-ar", "44100", "-ac", "2"], 0.0),
        ("wav-48000.wav", &["-ar", "48000"], 0.0),
        ("wav-8000.wav", &["-ar", "8000"], 0.0),
        ("flac.flac", &["-ar", "96000", "-ac", "2"], 0.0),
        ("mp3.mp3", &["-ar", "44100", "-b:a", "128k"], 0.03),
        ("aac.m4a", &["-ar", "44100", "-b:a", "128k", "-ac", "2"], 0.05),
        ("vorbis.ogg", &["-ar", "44100", "-c:a", "libvorbis"], 0.01),
        ("opus.opus", &["-c:a", "libopus", "-b:a", "48k"], 0.01),
    ];
    for (name, options, longer_s) in cases {
        let input = Input::File(tones(name, &[(440.0, 1.5), (1000.0, 1.5)], options));
        let length_s = duration(&input).expect("a length").as_secs_f64();
        assert!((-0.001..=longer_s + 0.001).contains(&(length_s - 3.0)), "{name}: {length_s} s");
        let samples = all(&input, Channels::Mono);
        for (hz, from) in [(440.0, 9_600), (1000.0, 81_600)] {
            let part = &samples[from..from + 48_000];
            assert!(share_at(part, hz) > 0.98, "{name}: {} at {hz} Hz", share_at(part, hz));
            assert!(power(part) > 0.01, "{name} is too quiet");
        }
    }
}

#[test]
fn a_voice_is_as_long_as_its_file_says() {
    let path = place("voice.wav");
    let status = std::process::Command::new("espeak-ng").arg("-w").arg(&path).arg("This is a test.").status();
    assert!(status.expect("espeak-ng is installed").success());
    // espeak-ng writes 16 bits at 22,050 Hz behind a header of 44 bytes.
    let said_s = (std::fs::metadata(&path).expect("it was made").len() - 44) as f64 / 2.0 / 22_050.0;
    let input = Input::File(path);
    let length_s = duration(&input).expect("a length").as_secs_f64();
    assert!((length_s - said_s).abs() < 0.001 && said_s > 0.5, "{length_s} s of {said_s} s");
    assert!(power(&all(&input, Channels::Mono)) > 1e-4, "it is heard");
}

#[test]
fn stereo_stays_apart_and_mono_is_both() {
    let filter = "sine=frequency=500:duration=1[l];sine=frequency=1200:duration=1[r];[l][r]join=inputs=2:channel_layout=stereo";
    let path = place("stereo.flac");
    let status = std::process::Command::new("ffmpeg")
        .args(["-y", "-loglevel", "error", "-filter_complex", filter, "-ar", "48000"])
        .arg(&path)
        .status();
    assert!(status.expect("ffmpeg is installed").success());
    let both = all(&Input::File(path.clone()), Channels::Stereo);
    let (left, right): (Vec<_>, Vec<_>) = both.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    assert!(share_at(&left[4_800..43_200], 500.0) > 0.98 && share_at(&right[4_800..43_200], 1200.0) > 0.98);
    let mono = all(&Input::File(path), Channels::Mono);
    for hz in [500.0, 1200.0] {
        let share = share_at(&mono[4_800..43_200], hz);
        assert!((0.4..0.6).contains(&share), "{share} at {hz} Hz");
    }
}

#[test]
fn what_is_no_sound_is_refused_in_words() {
    let open = |input: &Input| Sound::open(input, Channels::Mono).expect_err("it is refused");
    let missing = open(&Input::File(place("is-not-there.wav")));
    assert!(matches!(missing, PublishError::Unreadable { .. }), "{missing}");
    let folder = open(&Input::File(place(".")));
    assert!(matches!(folder, PublishError::Unreadable { .. }), "{folder}");
    for bytes in [&b""[..], b"not a sound at all, only words", &[0; 100_000]] {
        let error = open(&Input::Bytes(Bytes::from_static(b"").slice(..0)));
        assert!(matches!(error, PublishError::NotSound { .. }), "{error}");
        let error = open(&Input::Bytes(Bytes::copy_from_slice(bytes)));
        assert!(matches!(error, PublishError::NotSound { .. }), "{error}");
        assert!(error.to_string().contains("ffmpeg"), "it says what to do");
    }
}

#[test]
fn a_file_that_was_cut_off_plays_to_the_cut() {
    for (name, options) in [
        ("cut.mp3", &["-b:a", "128k"][..]),
        ("cut.opus", &["-c:a", "libopus"]),
        ("cut.flac", &["-ar", "48000"]),
    ] {
        let whole = std::fs::read(tones(name, &[(440.0, 4.0)], options)).expect("it was made");
        let half = Input::Bytes(Bytes::copy_from_slice(&whole[..whole.len() / 2]));
        let length_s = all(&half, Channels::Mono).len() as f64 / 48_000.0;
        assert!((1.0..3.0).contains(&length_s), "{name}: {length_s} s");
    }
}
