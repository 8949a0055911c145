// What the page loads only when it is wanted: the hand, the chapters, the answer to "why can't I hear?". Playing needs
// none of it, so a part that cannot be loaded is told and nothing else.

import type { Subject } from './probe.js';
import type { ReplayState } from './replaystate.js';
import type { StentorChapters } from './stentor-chapters.js';
import type { StentorHand } from './stentor-hand.js';
import type { StentorWhy } from './stentor-why.js';
import type { StatusPoll } from './statuspoll.js';
import { loadAllTexts } from './texts.js';
import type { View } from './view.js';

export interface ExtrasActions {
  listen(): void;
  scrub(show_s: number): void;
  changed(): void;
}

export class Extras {
  handRaised = false;
  #why: StentorWhy | null = null;
  #hand: StentorHand | null = null;
  #chapters: StentorChapters | null = null;
  #chaptersAsked = false;
  #view: View | null = null;

  constructor(
    readonly subject: Subject,
    readonly actions: ExtrasActions,
  ) {}

  get whyOpen(): boolean {
    return this.#why !== null;
  }

  /** The page was built anew, in another language. */
  moveTo(view: View): void {
    this.#view = view;
    if (this.#hand) {
      view.extras.hand.append(this.#hand);
      const hand = this.#hand;
      void this.#load(view, () => loadAllTexts(view.texts)).then((texts) => texts && hand.speak(texts));
    }
    if (this.#chapters) view.extras.chapters.append(this.#chapters);
    this.#why = null;
  }

  async toggleWhy(view: View): Promise<void> {
    if (this.#why) return this.#closeWhy(view);
    const loaded = await this.#load(view, () => Promise.all([import('./stentor-why.js'), loadAllTexts(view.texts)]));
    if (!loaded || this.#why) return;
    const [module, texts] = loaded;
    this.#why = new module.StentorWhy();
    view.extras.why.replaceChildren(this.#why);
    const closed = (): void => this.#closeWhy(view);
    this.#why.ask(this.subject, { listen: () => this.actions.listen(), closed }, texts);
    this.actions.changed();
  }

  async openHand(view: View): Promise<void> {
    const loaded = await this.#load(view, () => Promise.all([import('./stentor-hand.js'), loadAllTexts(view.texts)]));
    if (!loaded) return;
    const [module, texts] = loaded;
    if (!this.#hand) {
      this.#hand = new module.StentorHand();
      view.extras.hand.append(this.#hand);
    }
    const changed = (raised: boolean): void => {
      this.handRaised = raised;
      this.actions.changed();
    };
    this.#hand.open(this.subject.show, { changed, lowered: () => requestAnimationFrame(() => this.#view?.focusHand()) }, texts);
  }

  /** Shows the chapters of a recording, once they are loaded. */
  showChapters(view: View, poll: StatusPoll, replay: ReplayState): void {
    if (!this.#chaptersAsked) {
      this.#chaptersAsked = true;
      void this.#load(view, () => import('./stentor-chapters.js')).then((module) => {
        if (!module) return;
        this.#chapters = new module.StentorChapters();
        view.extras.chapters.append(this.#chapters);
        this.actions.changed();
      });
    }
    const on_air_at_s = poll.status?.on_air_at_s ?? 0;
    this.#chapters?.update(poll.marks.all, on_air_at_s, replay.duration_s, view.texts, (show_s) => this.actions.scrub(show_s));
    this.#chapters?.heard(replay.position_s);
  }

  #closeWhy(view: View): void {
    this.#why = null;
    view.extras.why.replaceChildren();
    view.focusWhy();
    this.actions.changed();
  }

  async #load<T>(view: View, load: () => Promise<T>): Promise<T | null> {
    try {
      return await load();
    } catch {
      view.told(view.texts.listener.partMissing, null);
      return null;
    }
  }
}
