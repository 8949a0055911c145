// How good a voice comes out of a microphone, from its samples: level, noise behind it, clipping.

import { quantile, type Verdict } from './verdict.js';

export type MicrophoneFinding = 'clear' | 'dead' | 'quiet' | 'too_quiet' | 'loud' | 'clipping' | 'some_noise' | 'noise';

/** Levels are taken over 20 ms, about a syllable's onset. */
const FRAME_S = 0.02;
/** The newest 8 s are judged: whoever turns a knob sees it in the verdict. 8 ÷ 0.02. */
const FRAMES_MAX = 400;
/** Nobody is told that the microphone is dead before it was silent for 2 s. */
const DEAD_FRAMES = 100;
/** Digital silence: below half a step of 16 bits (−96 dBFS). An open microphone is never as quiet. */
const DEAD_DBFS = -95;
/** The tenth of the frames that is quietest is what there is between words. */
const NOISE_SHARE = 0.1;
/** Voice stands out of the noise by this much, and is never as quiet as this. */
const VOICE_OVER_NOISE_DB = 12;
const VOICE_DBFS_MIN = -62;
/** Half a second of voice is a sentence's beginning: enough to judge. */
const VOICE_FRAMES_MIN = 25;
/** The mixer lifts a voice towards −19 LUFS; below the first it lifts noise with it, below the second it cannot. */
const QUIET_DBFS = -38;
const TOO_QUIET_DBFS = -50;
/** Room noise this far below the voice is not noticed; nearer than the second it tires whoever listens. */
const CLEAN_DB = 25;
const NOISY_DB = 17;
/** Full scale is 1; converters that clip stay at it or a step of 8 bits below. A limiter's top is far lower. */
const CLIP = 0.997;
/** Three samples on end at full scale are a flat top: the peak of a full-scale tone of 500 Hz has two. */
const CLIP_RUN = 3;
/** Shares of the voiced frames that clip: now and then, and audibly all the time. */
const LOUD_SHARE = 0.01;
const CLIPPING_SHARE = 0.08;

interface Frame {
  dbfs: number;
  clips: boolean;
}

export interface MicrophoneFacts {
  /** Level of the frames with voice; `null` as long as there is too little of it. */
  voice_dbfs: number | null;
  noise_dbfs: number;
  /** Share of the frames with voice that clip. */
  clipped: number;
  dead: boolean;
}

/** Takes samples as they come and knows the facts of the last seconds. */
export class MicrophoneMeter {
  #frames: Frame[] = [];
  #length: number;
  #power = 0;
  #count = 0;
  #run = 0;
  #clips = false;

  constructor(rate_hz: number) {
    this.#length = Math.round(rate_hz * FRAME_S);
  }

  push(samples: Float32Array): void {
    for (const sample of samples) {
      this.#power += sample * sample;
      this.#run = Math.abs(sample) >= CLIP ? this.#run + 1 : 0;
      this.#clips ||= this.#run >= CLIP_RUN;
      this.#count += 1;
      if (this.#count === this.#length) this.#close();
    }
  }

  /** `null` until there is enough to say anything. */
  facts(): MicrophoneFacts | null {
    const frames = this.#frames;
    if (frames.length < VOICE_FRAMES_MIN) return null;
    const noise_dbfs = quantile(frames.map((frame) => frame.dbfs), NOISE_SHARE);
    const threshold_dbfs = Math.max(noise_dbfs + VOICE_OVER_NOISE_DB, VOICE_DBFS_MIN);
    const voiced = frames.filter((frame) => frame.dbfs >= threshold_dbfs);
    const enough = voiced.length >= VOICE_FRAMES_MIN;
    const power = voiced.reduce((sum, { dbfs }) => sum + 10 ** (dbfs / 10), 0) / Math.max(1, voiced.length);
    return {
      voice_dbfs: enough ? 10 * Math.log10(power) : null,
      noise_dbfs,
      clipped: enough ? voiced.filter((frame) => frame.clips).length / voiced.length : 0,
      dead: frames.length >= DEAD_FRAMES && frames.every((frame) => frame.dbfs < DEAD_DBFS),
    };
  }

  #close(): void {
    const dbfs = 10 * Math.log10(Math.max(this.#power / this.#length, 1e-12));
    this.#frames.push({ dbfs, clips: this.#clips });
    if (this.#frames.length > FRAMES_MAX) this.#frames.shift();
    this.#power = 0;
    this.#count = 0;
    this.#clips = false;
  }
}

/** The worst that is wrong; `null` as long as nobody has spoken. */
export function gradeMicrophone(facts: MicrophoneFacts | null): Verdict<MicrophoneFinding> | null {
  if (!facts) return null;
  if (facts.dead) return { grade: 'bad', finding: 'dead' };
  const { voice_dbfs, noise_dbfs, clipped } = facts;
  if (voice_dbfs === null) return null;
  const clean_db = voice_dbfs - noise_dbfs;
  if (clipped >= CLIPPING_SHARE) return { grade: 'bad', finding: 'clipping' };
  if (voice_dbfs < TOO_QUIET_DBFS) return { grade: 'bad', finding: 'too_quiet' };
  if (clean_db < NOISY_DB) return { grade: 'bad', finding: 'noise' };
  if (clipped >= LOUD_SHARE) return { grade: 'usable', finding: 'loud' };
  if (voice_dbfs < QUIET_DBFS) return { grade: 'usable', finding: 'quiet' };
  if (clean_db < CLEAN_DB) return { grade: 'usable', finding: 'some_noise' };
  return { grade: 'good', finding: 'clear' };
}
