// Where somebody stands at the gate, worked out from what everybody is shown. The arithmetic is that of `board.rs`, `wait.rs` and
// `draw.rs` in crates/stentor-gate, so that a page and the gate mean the same by a turn. Pure.

import type { Gate, GateLane, Turn } from '../shared/documents.js';

/** What a ticket says. Whether it is good only the gate can tell. */
export interface Ticket {
  lane: number;
  serial: number;
  cohort: number;
  /** What the draw ranks by. */
  signature: Uint8Array;
}

/** open: a stream needs no ticket. unticketed: it needs one, and the page has none. undrawn: the order is drawn when the doors open. */
export type Standing =
  | { kind: 'open' | 'unticketed' | 'undrawn' | 'called' }
  /** How many are before, about, and the wait in seconds; `null` where it is not known. */
  | { kind: 'waiting'; before: number | null; wait_s: [number, number] | null };

const TICKET = /^[\w-]{48}$/;
/** Where the signature begins, in the bytes of a ticket. */
const SIGNATURE_AT = 20;
/** How many ranks there are. */
const RANKS = 2 ** 32;
/** How long a seat is kept for somebody who left. */
const GRACE_S = 120;
/** The smallest share that is not none: what Rust calls `f64::MIN_POSITIVE`. */
const SHARE_MIN = 2 ** -1022;

/** What the text of a ticket says; `null` when it is none. */
export function readTicket(text: string): Ticket | null {
  if (!TICKET.test(text)) return null;
  const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return { lane: bytes[1]!, serial: view.getUint32(8), cohort: view.getUint32(12), signature: bytes.slice(SIGNATURE_AT) };
}

/** The turn that the draw gives a ticket: its rank is the first 4 bytes of SHA-256 of the draw's key and its signature. */
export async function turnOf({ lane, serial, cohort, signature }: Ticket, key: string): Promise<Turn> {
  const drawn = (key.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.of(...drawn, ...signature));
  return { lane, cohort, rank: new DataView(digest).getUint32(0), serial };
}

/** Whether a crash has perhaps lost this ticket: then the gate has to be asked for its turn. */
export function isLost(gate: Gate, { lane, serial }: Ticket): boolean {
  return gate.lanes[lane]?.lost.some((first) => serial >= first && serial < first + gate.lost_serials) ?? false;
}

/** Where a page stands with this ticket and this turn, if it has them. */
export function standingOf(gate: Gate, ticket: Ticket | null, turn: Turn | null): Standing {
  const { open } = gate;
  if (!ticket) return { kind: open ? 'open' : 'unticketed' };
  // A draw that no disk has kept yet is not shown, and keeps nobody from what is open.
  if (!gate.draw) return { kind: open ? 'open' : 'undrawn' };
  // Whoever has yet to learn their turn need not know it while there is room for everybody.
  if (!turn) return open ? { kind: 'open' } : { kind: 'waiting', before: null, wait_s: null };
  const lane = gate.lanes[turn.lane];
  if (!lane || isEarlier(turn, lane.bound)) return { kind: 'called' };
  const ahead = gate.lanes.slice(0, turn.lane).reduce((sum, { late, groups }) => sum + late + waitingIn(groups), 0);
  const before = ahead + beforeIn(lane, turn);
  return { kind: 'waiting', before, wait_s: waitOf(gate, before) };
}

function isEarlier(turn: Turn, bound: GateLane['bound']): boolean {
  return (turn.cohort - bound.cohort || turn.rank - bound.rank || turn.serial - bound.serial) < 0;
}

function waitingIn(groups: GateLane['groups']): number {
  return groups.reduce((sum, [, , waiting]) => sum + waiting, 0);
}

/** How many of a lane, about, have a turn before this one. */
function beforeIn({ bound, groups, late }: GateLane, turn: Turn): number {
  const whole = groups.filter(([, last]) => last < turn.cohort);
  const own = groups.find(([first, last]) => first <= turn.cohort && turn.cohort <= last);
  return late + waitingIn(whole) + (own ? beforeInGroup(own, bound, turn) : 0);
}

function beforeInGroup([first, last, waiting]: [number, number, number], bound: GateLane['bound'], turn: Turn): number {
  const share = ({ cohort, rank }: GateLane['bound']): number => {
    const inside = Math.min(last, Math.max(first, cohort));
    return (inside - first + (inside === cohort ? rank / RANKS : 0)) / (last - first + 1);
  };
  // Those of the first cohort with a rank below the bound are called, and the others spread evenly over what is left.
  const called = bound.cohort >= first ? share(bound) : 0;
  const left = Math.max(SHARE_MIN, 1 - called);
  return Math.trunc(waiting * Math.min(1, Math.max(0, (share(turn) - called) / left)));
}

/** How long somebody waits with so many before them: for a seat that is kept, or for one whose holder has yet to leave. */
function waitOf({ over, frees, frees_step_s, leave_per_s }: Gate, before: number): [number, number] | null {
  let left = before + over;
  for (const [step, freed] of frees.entries()) {
    if (left < freed) return around(frees_step_s * (step + 0.5));
    left -= freed;
  }
  const leave_in_s = leave_per_s === null ? Infinity : (left + 1) / leave_per_s;
  return Number.isFinite(leave_in_s) ? around(GRACE_S + leave_in_s) : null;
}

function around(middle_s: number): [number, number] {
  return [middle_s / Math.SQRT2, middle_s * Math.SQRT2];
}
