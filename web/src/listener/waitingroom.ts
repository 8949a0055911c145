// The waiting room: the page's ticket, the hold sound and the words, loaded where there is something to wait for. With room to spare no
// page needs it.

import type { Gate } from '../shared/documents.js';
import { HoldSound } from '../player/holdsound.js';
import type { Entry, PlayerState } from '../player/state.js';
import type { Facts, Room, Stage } from './situation.js';
import type { WaitingTexts } from './texts.js';
import { TicketHolder } from './ticket.js';
import { waitingOf, waitingSentence, type Waited, type Waiting } from './waitingwords.js';

export interface WaitingActions {
  changed(): void;
  /** Nothing is to be heard here any more. */
  stop(): void;
}

export class WaitingRoom implements Room {
  readonly #holder: TicketHolder;
  readonly #hold: HoldSound;
  #texts: WaitingTexts;
  #elsewhere = false;

  constructor(show: string, audio: HTMLAudioElement, readonly actions: WaitingActions, texts: WaitingTexts) {
    this.#texts = texts;
    this.#hold = new HoldSound(audio);
    // Not before what there is to say is shown.
    setTimeout(() => this.#hold.prepare());
    this.#holder = new TicketHolder(show, () => actions.changed(), () => this.#onMoved());
  }

  get entry(): Entry {
    return { ...this.#holder.entry, hold: this.#hold };
  }

  get standing(): TicketHolder['standing'] {
    return this.#holder.standing;
  }

  /** In another language from now on. */
  speak(texts: WaitingTexts): void {
    this.#texts = texts;
    this.actions.changed();
  }

  /** A status came or is missing, or the player is in another state. */
  update(gate: Gate | null, player: Readonly<PlayerState>, silent: boolean): void {
    if (player.phase !== 'stopped') this.#elsewhere = false;
    this.#holder.update(gate, player, silent);
  }

  sentence(facts: Facts, stage: Stage): string | null {
    return waitingSentence(this.#waited, facts, stage, this.#texts);
  }

  waiting(facts: Facts, stage: Stage): Waiting | null {
    return waitingOf(this.#waited, facts, stage, this.#texts);
  }

  get kept(): string {
    const kind = this.standing?.kind;
    return kind === 'waiting' || kind === 'undrawn' ? this.#texts.kept : '';
  }

  get #waited(): Waited {
    return { standing: this.standing, elsewhere: this.#elsewhere };
  }

  /** Another tab or window hears with this ticket: two would take the stream from each other for ever. */
  #onMoved(): void {
    this.actions.stop();
    this.#elsewhere = true;
  }
}
