// A hand that asks to speak: raised, waiting, answered. The server forgets a hand whose page stops asking.

import type { HandAnswer, RaisedHand } from '../shared/documents.js';
import { addressOf } from '../shared/older.js';
import { ask, Problem } from '../shared/problem.js';

/** A sixth of the time after which the server takes a hand for gone. */
const POLL_MS = 5_000;

export type HandState =
  | { step: 'down' }
  | { step: 'raising' }
  /** Refused or not answered; the form is shown again with the reason. */
  | { step: 'refused'; problem: Problem }
  | { step: 'waiting'; place: number }
  | { step: 'accepted'; studio_url: string }
  | { step: 'declined' }
  /** The server knows the hand no more: the show ended, hands were closed, or nobody asked for long. */
  | { step: 'gone' };

export class Hand {
  #state: HandState = { step: 'down' };
  #token = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `hands` is the address hands are sent to. */
  constructor(
    readonly hands: string,
    readonly changed: () => void,
    readonly poll_ms: number = POLL_MS,
  ) {}

  get state(): HandState {
    return this.#state;
  }

  async raise(name: string, note: string): Promise<void> {
    const raising: HandState = { step: 'raising' };
    this.#become(raising);
    try {
      const json = note === '' ? { name } : { name, note };
      const { token, place } = await ask<RaisedHand>(this.hands, { method: 'POST', json });
      // Taken back before it was up: then it is taken down where it stands.
      if (this.#state !== raising) return this.#takeDown(token);
      this.#token = token;
      this.#become({ step: 'waiting', place });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.#state === raising) this.#become({ step: 'refused', problem: error });
    }
  }

  /** Takes the hand down, also one that is on its way, thanks for the host's yes, or forgets what became of it. */
  lower(): void {
    const { step } = this.#state;
    // A hand whose page only stops asking would stay before the host's eyes for half a minute, and a link that nobody
    // follows would be open for ten.
    if (step === 'waiting' || step === 'accepted') this.#takeDown(this.#token);
    this.#become({ step: 'down' });
  }

  #takeDown(token: string): void {
    ask(this.#address(token), { method: 'DELETE' }).catch(() => undefined);
  }

  #address(token: string): string {
    return `${this.hands}/${encodeURIComponent(token)}`;
  }

  #become(state: HandState): void {
    clearTimeout(this.#timer);
    this.#state = state;
    if (state.step === 'waiting') this.#timer = setTimeout(() => void this.#poll(), this.poll_ms);
    this.changed();
  }

  async #poll(): Promise<void> {
    const before = this.#state;
    const next = await this.#answer(before);
    // Lowered, or raised anew, while the answer was on its way.
    if (this.#state === before) this.#become(next);
  }

  async #answer(before: HandState): Promise<HandState> {
    try {
      const answer = await ask<HandAnswer>(this.#address(this.#token));
      if (answer.state === 'waiting') return { step: 'waiting', place: answer.place };
      if (answer.state === 'declined') return { step: 'declined' };
      return isPage(answer.studio_url) ? { step: 'accepted', studio_url: answer.studio_url } : { step: 'gone' };
    } catch (error) {
      const gone = error instanceof Problem && error.status === 404;
      // A network that is lost for a moment takes no hand down: it is asked again.
      return gone ? { step: 'gone' } : { ...before };
    }
  }
}

/** Only an address that opens a page is ever made a link. */
function isPage(url: string): boolean {
  return /^https?:$/.test(addressOf(url)?.protocol ?? '');
}
