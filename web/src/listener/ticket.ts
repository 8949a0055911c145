// The page's ticket: taken when one is needed, kept on this device, claimed with when the board does not tell enough, and dropped
// when it is no longer good. Whether the page may ask for a stream follows from it.

import { Backoff } from '../shared/backoff.js';
import type { ClaimAnswer, Gate, TakenTicket, Turn } from '../shared/documents.js';
import { forget, recall, remember } from '../shared/memory.js';
import { ask, Problem } from '../shared/problem.js';
import type { Entry, PlayerState } from '../player/state.js';
import { isLost, readTicket, standingOf, turnOf, type Standing, type Ticket } from './gate.js';

/** A crowd that sees the same board in the same second does not act on it in the same second. */
const SPREAD_MS = 5_000;
/** Whoever is among the next is to ask again before their seat is given on: it is kept for 20 s. */
const CLAIM_S_MAX = 8;
const TAKE_S_MAX = 30;
/** An element does not say that it was refused: after so many tries in vain, in about 8 s, it is taken for that. */
const RETURNS_MAX = 4;

/** What of a ticket is kept. */
interface Kept {
  text: string;
  /** Of the gate that gave it: a show of the same name may have another. */
  commitment: string;
  /** When a stream was last asked for with it, so that another page of this browser learns of it. */
  used_at?: number;
}

export class TicketHolder {
  #kept: Kept | null = null;
  #ticket: Ticket | null = null;
  #turn: Turn | null = null;
  #gate: Gate | null = null;
  /** The server does not answer: then a question is in vain, and a stream that breaks is no refusal. */
  #silent = false;
  /** Sound is wanted; it comes. */
  #wanted = false;
  #heard = false;
  /** It came until the stream broke, and nobody has said since that the seat is gone. */
  #returns = false;
  /** Tries of an element since then. */
  #tries = 0;
  /** A stream was refused: for want of a ticket, or for a turn that has not come. */
  #full = false;
  #denied = false;
  /** A stream broke, and nobody said why. */
  #doubts = false;
  /** The gate itself has called. */
  #called = false;
  /** How many losses the board told of when the gate was last asked. */
  #losses = 0;
  #refusal: Problem | null = null;
  #reconnects = 0;
  /** Something is to be asked, or is being asked. */
  #busy = false;
  /** Before the next question, after one that was in vain. */
  #pause_s: number | null = null;
  readonly #takes = new Backoff(1, TAKE_S_MAX);
  readonly #claims = new Backoff(1, CLAIM_S_MAX);

  /** `moved`: another page of this browser hears with this ticket now, and the gate lets only the newest hear. */
  constructor(
    readonly show: string,
    readonly changed: () => void,
    readonly moved: () => void,
    readonly spread_ms: number = SPREAD_MS,
  ) {
    window.addEventListener('storage', ({ key }) => key === `stentor.${this.#name}` && this.#onOtherPage());
  }

  /** `null` where there is no gate. */
  get standing(): Standing | null {
    if (!this.#gate) return null;
    const standing: Standing = this.#called ? { kind: 'called' } : standingOf(this.#gate, this.#ticket, this.#turn);
    // Whoever comes late for their seat is among the next.
    return this.#denied && standing.kind === 'called' ? { kind: 'waiting', before: 0, wait_s: null } : standing;
  }

  /** Where there is no gate, everybody is let in. */
  get entry(): Omit<Entry, 'hold'> {
    const kind = this.standing?.kind ?? 'open';
    const refused = this.#gate !== null && (this.#denied || (this.#full && !this.#kept));
    // After a restart the gate keeps a seat for whoever was let in without a ticket; they only have to ask.
    const returns = kind === 'unticketed' && this.#returns;
    return { ticket: this.#kept?.text ?? null, held: refused || !(returns || kind === 'open' || kind === 'called') };
  }

  /** A status came or is missing, or the player is in another state. */
  update(gate: Gate | null, player: Readonly<PlayerState>, silent: boolean): void {
    this.#gate = gate;
    this.#silent = silent;
    if (gate && this.#kept?.commitment !== gate.commitment) this.#takeUp(recall<Kept>(this.#name));
    this.#hear(player);
    if (!gate) return;
    if (gate.draw && this.#ticket && !this.#turn && canRank()) void this.#rank(this.#ticket, gate.draw.key);
    this.#plan();
  }

  get #name(): string {
    return `ticket.${this.show}`;
  }

  /** What the player met tells of the gate as well. */
  #hear({ phase, refusal, reconnects, retry_at, mode, first_sound_ms }: Readonly<PlayerState>): void {
    this.#wanted = !['stopped', 'ended', 'failed', 'paused'].includes(phase);
    const heard = (phase === 'playing' || phase === 'buffering') && retry_at === null;
    const isElement = mode === 'hls' || mode === 'progressive';
    if (heard) {
      this.#tries = 0;
      this.#full = this.#denied = this.#doubts = false;
      this.#takes.reset();
      this.#claims.reset();
      if (!this.#heard && this.#kept) remember(this.#name, (this.#kept = { ...this.#kept, used_at: Date.now() }));
    }
    this.#heard = heard;
    // An element does not say why it broke.
    if (reconnects > this.#reconnects && isElement) {
      this.#doubts = true;
      if (!this.#silent) this.#tries += 1;
    }
    this.#reconnects = reconnects;
    if (refusal && refusal !== this.#refusal) {
      this.#refusal = refusal;
      this.#onRefusal(refusal);
    }
    this.#returns = this.#wanted && !heard && first_sound_ms !== null && !this.#full && this.#tries <= RETURNS_MAX;
  }

  #onRefusal({ reason, retry_after_s }: Problem): void {
    // Only who asks without a ticket is told that it is full. With one that was found meanwhile they are to ask again.
    if (reason === 'full') this.#full = !this.#kept;
    else if (reason === 'not_your_turn') {
      this.#denied = true;
      this.#called = false;
      this.#pause_s = this.#claims.next(retry_after_s);
    }
    this.#dropIf(reason);
  }

  #dropIf(reason: string): boolean {
    const is = reason === 'ticket_invalid' || reason === 'ticket_spent';
    if (!is) return false;
    if (recall<Kept>(this.#name)?.text === this.#kept?.text) forget(this.#name);
    this.#takeUp(null);
    this.#pause_s = this.#takes.next();
    return true;
  }

  /** Goes by this ticket from now on, if it is one of this gate. */
  #takeUp(kept: Kept | null): void {
    const ticket = kept && kept.commitment === this.#gate?.commitment ? readTicket(kept.text) : null;
    this.#kept = ticket && kept;
    this.#ticket = ticket;
    this.#turn = null;
    this.#losses = 0;
    this.#called = this.#denied = this.#doubts = false;
  }

  #onOtherPage(): void {
    const kept = recall<Kept>(this.#name);
    // One that was dropped there is dropped here when the gate says so.
    if (!kept) return;
    if (kept.text !== this.#kept?.text) {
      if (!this.#heard) this.#takeUp(kept);
    } else if ((kept.used_at ?? 0) > (this.#kept.used_at ?? 0)) {
      // Of two that were let in at once the later one goes on, and not neither.
      this.#kept = kept;
      if (this.#wanted) this.moved();
    }
    this.changed();
  }

  async #rank(ticket: Ticket, key: string): Promise<void> {
    const turn = await turnOf(ticket, key);
    if (this.#ticket !== ticket || this.#turn) return;
    this.#turn = turn;
    this.changed();
  }

  // ---- what is asked

  #wish(): 'ticket' | 'claim' | null {
    const gate = this.#gate;
    const ticket = this.#ticket;
    if (!gate || this.#silent) return null;
    if (!ticket) {
      // Before the doors everybody who is here takes part in the draw.
      const isHere = this.#wanted || document.visibilityState === 'visible';
      const isNeeded = this.#wanted && !this.#heard && !this.#returns && (!gate.open || this.#full);
      return (gate.draw || gate.open ? isNeeded : isHere) ? 'ticket' : null;
    }
    const losses = gate.lanes[ticket.lane]?.lost.length ?? 0;
    const unknown = gate.draw !== null && !this.#turn && !this.#called && !canRank();
    const claims = unknown || this.#denied || this.#doubts || (losses > this.#losses && isLost(gate, ticket));
    return claims ? 'claim' : null;
  }

  #plan(): void {
    const wish = this.#wish();
    if (this.#busy || !wish) return;
    this.#busy = true;
    // Who presses Listen comes at a moment of their own; who sees something on the board does not.
    const own = wish === 'ticket' && this.#gate?.draw;
    const wait_ms = this.#pause_s !== null ? this.#pause_s * 1000 : own ? 0 : this.spread_ms * Math.random();
    this.#pause_s = null;
    setTimeout(() => void this.#ask(), wait_ms);
  }

  async #ask(): Promise<void> {
    const wish = this.#wish();
    try {
      if (wish === 'ticket') await this.#take();
      else if (wish === 'claim' && this.#kept) await this.#claim(this.#kept.text);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const backoff = wish === 'claim' ? this.#claims : this.#takes;
      if (!this.#dropIf(error.reason)) this.#pause_s = backoff.next(error.retry_after_s);
    } finally {
      this.#busy = false;
    }
    this.changed();
  }

  async #take(): Promise<void> {
    const commitment = this.#gate?.commitment ?? '';
    // Another page of this browser may have taken one meanwhile.
    this.#takeUp(recall<Kept>(this.#name));
    if (this.#ticket) return;
    const { ticket: text } = await ask<TakenTicket>(`/${this.show}/ticket`, { method: 'POST' });
    this.#takeUp({ text, commitment });
    if (this.#kept) remember(this.#name, this.#kept);
    else this.#pause_s = this.#takes.next();
  }

  async #claim(text: string): Promise<void> {
    const losses = this.#gate?.lanes[this.#ticket?.lane ?? 0]?.lost.length ?? 0;
    const answer = await ask<ClaimAnswer>(`/${this.show}/claim`, { method: 'POST', token: text });
    if (text !== this.#kept?.text) return;
    this.#losses = losses;
    this.#denied = this.#doubts = false;
    this.#called = answer.state === 'called';
    if (answer.state === 'called') return;
    if (answer.turn) this.#turn = answer.turn;
    else this.#pause_s = this.#claims.next();
  }
}

/** Browsers keep SHA-256 from pages over plain HTTP. */
function canRank(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}
