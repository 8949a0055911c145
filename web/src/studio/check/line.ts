// How good the line to the stage is: from round trips before one has joined, from the connection's own counts
// (W3C webrtc-stats) afterwards.

import { quantile, worse, type Grade, type Verdict } from './verdict.js';

export type LineFinding = 'good' | 'far' | 'uneven' | 'lossy' | 'dead';

/** Most of a conversation's delay is not the line: up to this nobody notices (ITU-T G.114 grants 150 ms one way). */
const ROUND_TRIP_GOOD_MS = 150;
/** Beyond this people begin to talk into each other's sentences. */
const ROUND_TRIP_USABLE_MS = 400;
/** The jitter buffer takes the first without a word and the second with more delay. */
const JITTER_GOOD_MS = 30;
const JITTER_USABLE_MS = 100;
/** The same borders by which the mixer judges a line: 1 % is mended unheard, 5 % is heard. */
const LOSS_GOOD = 0.01;
const LOSS_USABLE = 0.05;
/** Of eight requests one may fail for reasons of its own; two are the line's. */
const FAILED_MIN = 2;
/** A request waits for more than the line, so requests may be this much more uneven than packets. */
const REQUEST_JITTER_FACTOR = 3;

/** What is known of a line. `null` is unknown, and is held against nobody. */
export interface LineFacts {
  round_trip_ms: number | null;
  jitter_ms: number | null;
  /** Share of the packets that was lost, both ways, the worse one. */
  loss: number | null;
}

export function gradeLine({ round_trip_ms, jitter_ms, loss }: LineFacts): Verdict<LineFinding> {
  const far = gradeOf(round_trip_ms, ROUND_TRIP_GOOD_MS, ROUND_TRIP_USABLE_MS);
  const uneven = gradeOf(jitter_ms, JITTER_GOOD_MS, JITTER_USABLE_MS);
  const lossy = gradeOf(loss, LOSS_GOOD, LOSS_USABLE);
  const grade = worse(lossy, worse(uneven, far));
  if (grade === 'good') return { grade, finding: 'good' };
  // Of equals, what is heard most is named.
  if (lossy === grade) return { grade, finding: 'lossy' };
  return { grade, finding: uneven === grade ? 'uneven' : 'far' };
}

/** The line before joining, from how long requests took; `null` stands for one that failed. */
export function gradeRoundTrips(took_ms: readonly (number | null)[]): Verdict<LineFinding> | null {
  const answered = took_ms.filter((ms) => ms !== null);
  if (took_ms.length === 0) return null;
  if (answered.length === 0) return { grade: 'bad', finding: 'dead' };
  const round_trip_ms = quantile(answered, 0.5);
  const jitter_ms = (quantile(answered, 0.9) - round_trip_ms) / REQUEST_JITTER_FACTOR;
  const verdict = gradeLine({ round_trip_ms, jitter_ms, loss: null });
  // TCP hides losses; requests that fail altogether are worse than any.
  return took_ms.length - answered.length >= FAILED_MIN ? { grade: 'bad', finding: 'lossy' } : verdict;
}

/** A statistic as browsers report it, with what is read here. */
export interface Stat {
  type: string;
  kind?: string;
  nominated?: boolean;
  state?: string;
  currentRoundTripTime?: number;
  fractionLost?: number;
  jitter?: number;
  packetsLost?: number;
  packetsReceived?: number;
}

/** Packets from the stage, counted since the connection began. */
export interface Counted {
  lost: number;
  received: number;
}

/** The facts since `before`, and the counts to hand over next time. */
export function factsOf(stats: Iterable<Stat>, before: Counted): { facts: LineFacts; counted: Counted } {
  const facts: LineFacts = { round_trip_ms: null, jitter_ms: null, loss: null };
  let counted = before;
  for (const stat of stats) {
    if (stat.type === 'candidate-pair' && stat.state === 'succeeded' && stat.currentRoundTripTime !== undefined) {
      facts.round_trip_ms = stat.currentRoundTripTime * 1000;
    } else if (stat.type === 'remote-inbound-rtp') {
      facts.loss = greater(facts.loss, stat.fractionLost);
      facts.jitter_ms = greater(facts.jitter_ms, stat.jitter === undefined ? undefined : stat.jitter * 1000);
    } else if (stat.type === 'inbound-rtp') {
      facts.jitter_ms = greater(facts.jitter_ms, stat.jitter === undefined ? undefined : stat.jitter * 1000);
      counted = { lost: stat.packetsLost ?? 0, received: stat.packetsReceived ?? 0 };
      // Both may fall when late packets arrive after all, and begin anew with a connection.
      const lost = Math.max(0, counted.lost - before.lost);
      const received = counted.received - before.received;
      if (received > 0) facts.loss = greater(facts.loss, lost / (lost + received));
    }
  }
  return { facts, counted };
}

function gradeOf(value: number | null, good: number, usable: number): Grade {
  if (value === null || value <= good) return 'good';
  return value <= usable ? 'usable' : 'bad';
}

function greater(a: number | null, b: number | undefined): number | null {
  if (b === undefined) return a;
  return a === null ? b : Math.max(a, b);
}
