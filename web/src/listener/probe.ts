// Looks along the way of the sound, for "why can't I hear?": asks the server, takes a few seconds of a stream
// of its own, decodes them apart from the player, and measures what leaves the player.

import type { StatusDocument } from '../shared/documents.js';
import { patience } from '../shared/older.js';
import { ask, Problem, problemOf, unreachable } from '../shared/problem.js';
import type { PlayerState } from '../player/state.js';
import { Movement } from './movement.js';
import type { Findings } from './why.js';

export interface Subject {
  show: string;
  audio: HTMLAudioElement;
  player(): PlayerState;
  /** The page plays the recording. */
  replay(): boolean;
}

/** Sound that is listened to: two and a half flushes of 0.96 s, and the burst of a join before them. */
const LISTEN_MS = 3_000;
/** So that two of them come, though a server that has much to do sends one half an interval late: 2 ÷ 2.5 is enough. */
const INTERVALS_HEARD = 2.5;
const INTERVAL_USUAL_S = 0.96;
/** The burst of a join comes at once and tells nothing about the line; after this long it is over. */
const BURST_MS = 600;
/** A server that says nothing for this long is called silent. */
const ANSWER_MS_MAX = 6_000;
/** The answer, and then 3 s and two and a half intervals of 3.84 s that are longer by 2.88 s each. */
const STREAM_MS_MAX = 17_000;
/** The lifeboat: 16 kbit/s ÷ 8. A line that cannot carry this carries no sound. */
const DUE_BYTES_PER_S = 2_000;
/** Some seconds of a recording, as the server keeps it: 64 kB are 16 s of 32 kbit/s. */
const RECORDED_BYTES = 65_536;
/** A player that was just started needs its connection and its first sound; opening an output may take as long. */
const MOVE_MS = 4_000;
/** Speech has a word in each second. */
const WORD_MS = 1_000;

export function nothingFound(): Findings {
  return {
    online: true, server: null, status: null, sounds: true, gate: null, stream: null, decoded: null, player: null,
    volume: null, leaving_dbfs: null, output: null,
  };
}

/** Looks, and tells each finding as it comes. Call it in the handler of a press: outputs open only there. */
export async function look(subject: Subject, tell: (found: Findings) => void, signal: AbortSignal): Promise<void> {
  const found = nothingFound();
  const told = (news: Partial<Findings>): void => {
    Object.assign(found, news);
    if (!signal.aborted) tell(found);
  };
  const { audio } = subject;
  told({ online: navigator.onLine, volume: { muted: audio.muted, level: audio.volume } });
  const context = new AudioContext();
  const near = outputOf(context).then(async (output) => {
    told({ output });
    told({ player: await playerOf(subject) });
    told({ leaving_dbfs: await leavingOf(audio, context) });
  });
  const far = serverOf(subject.show, signal).then(async ({ server, status }) => {
    const gate = status && gateOf(status, subject);
    told({ server, status, gate, sounds: status === null || soundsNow(status) });
    if (status === null || gate || !soundsNow(status)) return;
    const bytes = await streamOf(status, signal, (stream) => told({ stream }));
    if (bytes) told({ decoded: await decodedOf(bytes) });
  });
  await Promise.all([near, far]).finally(() => void context.close());
}

function soundsNow(status: StatusDocument): boolean {
  return status.phase === 'ended' ? status.recording.ready : status.phase !== 'announced';
}

/** While seats are short a check takes none, and not the player's own either. */
function gateOf({ gate, phase }: StatusDocument, { player }: Subject): Findings['gate'] {
  if (!gate || gate.open || phase === 'announced' || phase === 'ended') return null;
  return ['stopped', 'in_line'].includes(player().phase) ? 'waiting' : 'inside';
}

async function serverOf(show: string, signal: AbortSignal): Promise<Pick<Findings, 'server' | 'status'>> {
  const asked_ms = performance.now();
  try {
    // What is true now, and not what was a second ago.
    const status = await ask<StatusDocument>(`/${show}/status`, { cache: 'no-store', signal: patience(ANSWER_MS_MAX, signal) });
    return { server: { answered_ms: performance.now() - asked_ms }, status };
  } catch (error) {
    return { server: { problem: error instanceof Problem ? error : unreachable() }, status: null };
  }
}

/** Takes some sound, tells how it came, and gives it when it can be decoded. */
async function streamOf(
  status: StatusDocument,
  signal: AbortSignal,
  tell: (stream: Findings['stream']) => void,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const recorded = status.phase === 'ended';
  const headers: HeadersInit = recorded ? { Range: `bytes=0-${RECORDED_BYTES - 1}` } : {};
  const url = recorded ? status.recording.opus : `${status.live.ogg}?kbps=16&close=1`;
  const stop = new AbortController();
  try {
    // The answer is waited for; what comes behind it takes as long as it is listened to.
    const late = setTimeout(() => stop.abort(), ANSWER_MS_MAX);
    const response = await fetch(url, { headers, cache: 'no-store', signal: patience(STREAM_MS_MAX, signal, stop.signal) });
    clearTimeout(late);
    if (!response.ok || !response.body) {
      tell({ problem: await problemOf(response) });
      return null;
    }
    const taken = await take(response.body.getReader(), LISTEN_MS + longer_ms(response.headers));
    tell({ bytes: taken.bytes.length, bytes_per_s: taken.bytes_per_s, due_bytes_per_s: DUE_BYTES_PER_S });
    return taken.bytes;
  } catch {
    tell({ problem: unreachable() });
    return null;
  } finally {
    stop.abort();
  }
}

/** Reads for a while, or to the end. The rate is that of what comes after the first burst. */
async function take(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  listen_ms: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; bytes_per_s: number }> {
  const began_ms = performance.now();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let later = 0;
  let ended_ms = 0;
  const enough = new Promise<{ done: true; value: undefined }>((resolve) => {
    setTimeout(() => resolve({ done: true, value: undefined }), listen_ms);
  });
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), enough]);
    ended_ms = performance.now() - began_ms;
    if (done || !value) break;
    parts.push(value);
    size += value.length;
    if (ended_ms > BURST_MS) later += value.length;
  }
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  // A recording is there at once and over before the burst would be.
  const bytes_per_s = ended_ms < listen_ms - BURST_MS ? (size * 1000) / ended_ms : (later * 1000) / (ended_ms - BURST_MS);
  return { bytes, bytes_per_s };
}

/** By how much longer than usual a server that is stretched waits between two flushes: in less time there may be none. */
function longer_ms(headers: Headers): number {
  return INTERVALS_HEARD * 1000 * Math.max(0, Number(headers.get('Stentor-Interval-S')) - INTERVAL_USUAL_S);
}

async function decodedOf(bytes: Uint8Array<ArrayBuffer>): Promise<Findings['decoded']> {
  try {
    const offline = new OfflineAudioContext(1, 1, 48_000);
    const sound = await offline.decodeAudioData(wholePages(bytes));
    return { level_dbfs: levelOf(sound.getChannelData(0)) };
  } catch {
    return 'failed';
  }
}

/** Without the last Ogg page, which may have come in part (RFC 3533 §6: each page begins with "OggS"). */
function wholePages(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const [O, g, S] = [0x4f, 0x67, 0x53];
  for (let i = bytes.length - 4; i > 0; i -= 1) {
    if (bytes[i] === O && bytes[i + 1] === g && bytes[i + 2] === g && bytes[i + 3] === S) return bytes.slice(0, i).buffer;
  }
  return bytes.buffer;
}

function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(Math.max(1e-10, sum / Math.max(1, samples.length)));
}

async function playerOf({ audio, player, replay }: Subject): Promise<Findings['player']> {
  const phaseNow = (): NonNullable<Findings['player']>['phase'] => (replay() ? (audio.paused ? 'paused' : 'playing') : player().phase);
  // What is not on is not waited for.
  const on = !['stopped', 'ended', 'failed', 'blocked', 'paused'].includes(phaseNow());
  const moves = on && (await moved(() => audio.currentTime));
  return { phase: phaseNow(), moves };
}

async function outputOf(context: AudioContext): Promise<Findings['output']> {
  void context.resume();
  return (await moved(() => context.currentTime)) ? 'runs' : 'stuck';
}

/** The loudest tenth of a second of what the element gives, within a second. */
async function leavingOf(audio: HTMLAudioElement & { captureStream?(): MediaStream }, context: AudioContext): Promise<number | 'unknown'> {
  // The prefixed form of Firefox would take the sound away from the loudspeaker.
  const stream = audio.paused ? undefined : audio.captureStream?.();
  if (!stream || stream.getAudioTracks().length === 0) return 'unknown';
  const analyser = new AnalyserNode(context, { fftSize: 4096 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest_dbfs = -Infinity;
  const until_ms = performance.now() + WORD_MS;
  while (performance.now() < until_ms) {
    await pause(100);
    analyser.getFloatTimeDomainData(samples);
    loudest_dbfs = Math.max(loudest_dbfs, levelOf(samples));
  }
  for (const track of stream.getTracks()) track.stop();
  return loudest_dbfs;
}

/** A clock goes on within `MOVE_MS`. */
async function moved(clock: () => number): Promise<boolean> {
  const movement = new Movement(clock(), performance.now());
  const until_ms = performance.now() + MOVE_MS;
  while (performance.now() < until_ms) {
    await pause(50);
    if (movement.read(clock(), performance.now())) return true;
  }
  return false;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
