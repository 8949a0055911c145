// What a page plays, as samples. The listener's and the studio's own code is not asked: media elements and
// peer connections are noted as the browser makes them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from './child.mjs';
import { readRaw } from '../sound/tones.mjs';
import { until } from './until.mjs';

/** Runs in the page before its own scripts. */
export function listenIn() {
  const ears = { elements: new Set(), peers: [] };
  Object.defineProperty(window, 'ears', { value: ears });

  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function noted() {
    ears.elements.add(this);
    return play.call(this);
  };
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      ears.peers.push(this);
    }
  };

  // A stream that comes from a peer is somebody else's voice; anything else is the programme.
  const isPlaying = (element) => !element.paused && element.currentTime > 0 && element.readyState >= 2;
  ears.programme = () => [...ears.elements].find((element) => isPlaying(element) && !element.srcObject);
  ears.connected = () => ears.peers.filter((peer) => peer.connectionState === 'connected').at(-1);
  const sources = {
    programme: () => {
      const element = ears.programme();
      return element?.captureStream ? element.captureStream() : element?.mozCaptureStream();
    },
    stage: () => {
      const tracks = (ears.connected()?.getReceivers() ?? []).map((receiver) => receiver.track);
      return new MediaStream(tracks.filter((track) => track.kind === 'audio'));
    },
  };

  /** Settles when the programme's element does not play straight on at speed 1. */
  ears.swerves = () => {
    const element = ears.programme();
    if (element?.playbackRate !== 1) return Promise.resolve();
    const events = ['ratechange', 'seeking', 'waiting', 'pause'];
    return Promise.race(events.map((name) => new Promise((resolve) => element.addEventListener(name, resolve, { once: true }))));
  };

  /** Records a source for some seconds; what MediaRecorder made of it, as base64. */
  ears.record = async (source, seconds, steadily) => {
    const stream = sources[source]();
    if (!stream || stream.getAudioTracks().length === 0) throw new Error(`there is no ${source} to hear`);
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 128_000 });
    const parts = [];
    recorder.addEventListener('dataavailable', (event) => parts.push(event.data));
    const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
    recorder.start(250);
    // How much is recorded, not a wait for anything.
    const enough = new Promise((resolve) => setTimeout(resolve, 1000 * seconds, true));
    const whole = await Promise.race([enough, ...(steadily ? [ears.swerves()] : [])]);
    recorder.stop();
    await stopped;
    if (!whole) throw new Error('the page caught up or stalled meanwhile');
    const reader = new FileReader();
    reader.readAsDataURL(new Blob(parts));
    await new Promise((resolve) => reader.addEventListener('load', resolve));
    return reader.result.split(',')[1];
  };
}

/** Seconds of the programme that the page's media element plays, once it plays. */
export async function hearProgramme(page, seconds) {
  await until('the page plays the programme', () => page.evaluate(() => Boolean(window.ears.programme())));
  return record(page, 'programme', seconds);
}

/**
 * Seconds of the programme that the page plays in one go and at its own speed: while the player wins time
 * back by playing faster, sound does not last as long as it did in the speaker's mouth.
 */
export async function hearProgrammeSteadily(page, seconds) {
  const hear = () => record(page, 'programme', seconds, true);
  return until(`the page plays ${seconds} s on end`, hear, { patience_s: 120 });
}

/** Waits until the page plays what is at this place of the media clock, in seconds. */
export async function untilHeard(page, media_s) {
  const place = () => page.evaluate(() => window.ears.programme()?.currentTime ?? 0);
  await until(`the page plays ${media_s} s of the tape`, async () => (await place()) > media_s);
}

/** Seconds of what a speaker hears of the others, once connected. */
export async function hearStage(page, seconds) {
  await until('the studio is connected', () => page.evaluate(() => Boolean(window.ears.connected())));
  return record(page, 'stage', seconds);
}

async function record(page, source, seconds, steadily = false) {
  const base64 = await page.evaluate((args) => window.ears.record(...args), [source, seconds, steadily]);
  const folder = mkdtempSync(join(tmpdir(), 'stentor-ears-'));
  try {
    const recorded = join(folder, 'recorded.webm');
    writeFileSync(recorded, Buffer.from(base64, 'base64'));
    return await decode(recorded, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Samples (mono, 48 kHz) of whatever ffmpeg can read: a file or a URL, the first seconds of it or all. */
export async function decode(source, folder, { seconds = null, flags = [], filter = null } = {}) {
  const raw = join(folder, `${process.hrtime.bigint()}.f32`);
  const limit = seconds === null ? [] : ['-t', String(seconds)];
  const filters = filter === null ? [] : ['-af', filter];
  const output = [...limit, ...filters, '-ac', '1', '-ar', '48000', '-f', 'f32le', raw];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...flags, '-i', source, ...output]);
  return readRaw(raw);
}
