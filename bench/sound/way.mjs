// One direction of a bad network: when a packet comes out of it again, or why it never does. Decides, and sends nothing.

/** Jitter further out than this many standard deviations is rarer than 1 in 700, and would only be an outage by another name. */
const NORMAL_REACH = 3;
/** The tail of `tailed` ends at this many means: 1 in 150. */
const TAIL_REACH = 5;

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Way {
  #network;
  #random;
  #in_burst = false;
  #last_due_ms = 0;
  #began_ms = null;

  /** `network` as in `networks.mjs`. */
  constructor(network, random) {
    this.#network = network;
    this.#random = random;
  }

  /** What happens to a packet that comes at `now_ms`: `{ due_ms }`, or `{ lost: 'outage' | 'burst' }`. Times do not fall. */
  take(now_ms) {
    this.#began_ms ??= now_ms;
    if (this.#isOut(now_ms)) return { lost: 'outage' };
    if (this.#isInBurst()) return { lost: 'burst' };
    const { delay_ms = 0, overtaking = 0 } = this.#network;
    const due_ms = now_ms + Math.max(0, delay_ms + this.#jitter_ms());
    if (this.#random() < overtaking) return { due_ms: now_ms + delay_ms / 2 };
    this.#last_due_ms = Math.max(this.#last_due_ms, due_ms);
    return { due_ms: this.#last_due_ms };
  }

  /** The first outage comes after one whole period. */
  #isOut(now_ms) {
    const { outages } = this.#network;
    if (!outages) return false;
    const at_s = (now_ms - this.#began_ms) / 1000;
    return at_s >= outages.every_s && at_s % outages.every_s < outages.lasts_s;
  }

  /** Two states, one of which loses everything (Gilbert's model): `share` of all packets, `packets_mean` in a row. */
  #isInBurst() {
    const { bursts } = this.#network;
    if (!bursts) return false;
    const ends = 1 / bursts.packets_mean;
    const begins = (ends * bursts.share) / (1 - bursts.share);
    this.#in_burst = this.#random() < (this.#in_burst ? 1 - ends : begins);
    return this.#in_burst;
  }

  #jitter_ms() {
    const { jitter } = this.#network;
    if (!jitter) return 0;
    // Above 0, so that its logarithm is finite.
    const exponential = -Math.log(1 - this.#random());
    if (jitter.kind === 'tailed') return jitter.ms * Math.min(TAIL_REACH, exponential);
    // Box and Muller's transform.
    const normal = Math.sqrt(2 * exponential) * Math.cos(2 * Math.PI * this.#random());
    return jitter.ms * Math.max(-NORMAL_REACH, Math.min(NORMAL_REACH, normal));
  }
}
