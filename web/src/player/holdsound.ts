// Quiet hold sound while the gate has not called yet: made here, because nothing is fetched then. It keeps the one <audio> playing, so
// that the system lets the page go on behind a locked screen, and lets the show begin in it without another press. It sounds like
// the server's own (crates/stentor-audio/src/slate.rs): two soft chords that breathe into each other.

import type { Hold } from './state.js';

/** Enough for tones up to 880 Hz; a loop is 205 kB. */
const RATE_HZ = 8_000;
/** Slow enough not to be a rhythm. Every tone makes a whole number of turns in it, so that there is no seam. */
const LOOP_S = 12.8;
/** F major ninth without its fourth, and D minor ninth. */
const CHORDS_HZ = [
  [174.61, 261.63, 329.63, 392, 440],
  [146.83, 220, 261.63, 329.63, 349.23],
];
const LEVEL_DBFS = -29.3;
const SAMPLES = RATE_HZ * LOOP_S;
const TURN = 2 * Math.PI;
/** RIFF, its format and the head of its data. */
const HEAD_BYTES = 44;

export class HoldSound implements Hold {
  #url = '';
  #sounds = false;

  constructor(readonly audio: HTMLAudioElement) {}

  /** Makes the sound, which takes a phone a moment that is not to be taken at a press. */
  prepare(): void {
    this.#url ||= URL.createObjectURL(new Blob([wav(loop())], { type: 'audio/wav' }));
  }

  begin(): void {
    if (this.#sounds) return;
    this.prepare();
    this.#sounds = true;
    this.audio.loop = true;
    this.audio.playbackRate = 1;
    this.audio.src = this.#url;
    // Whoever is refused the sound waits without it.
    this.audio.play().catch(() => undefined);
  }

  /** Without a pause between, in which the system could take the sound away. */
  end(): void {
    this.#sounds = false;
    this.audio.loop = false;
  }

  stop(): void {
    if (!this.#sounds) return;
    this.end();
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.audio.load();
  }
}

function loop(): Float32Array {
  const sound = new Float32Array(SAMPLES);
  for (const [chord, notes] of CHORDS_HZ.entries()) {
    for (const [voice, hz] of notes.entries()) {
      const turns = Math.round(hz * LOOP_S);
      const weight = Math.sqrt(220 / hz);
      for (let i = 0; i < SAMPLES; i += 1) {
        const part = i / SAMPLES;
        // Each voice a little in its own time.
        const swell = 0.5 - 0.5 * Math.cos(TURN * (part - voice * 0.03 - chord * 0.5));
        const tone = Math.sin(TURN * part * turns) + 0.22 * Math.sin(TURN * part * turns * 2);
        sound[i]! += weight * (0.15 + 0.85 * swell) * tone;
      }
    }
  }
  const power = sound.reduce((sum, x) => sum + x * x, 0) / SAMPLES;
  const scale = 10 ** (LEVEL_DBFS / 20) / Math.sqrt(power);
  return sound.map((x) => x * scale);
}

/** One channel of 16 bits, in the only container that every browser plays as it is. */
function wav(sound: Float32Array): ArrayBuffer {
  const bytes = sound.length * 2;
  const view = new DataView(new ArrayBuffer(HEAD_BYTES + bytes));
  const word = (at: number, text: string): void => [...text].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  word(0, 'RIFF');
  view.setUint32(4, HEAD_BYTES - 8 + bytes, true);
  word(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, 'data');
  view.setUint32(40, bytes, true);
  sound.forEach((x, i) => view.setInt16(HEAD_BYTES + 2 * i, x * 32_767, true));
  return view.buffer;
}
