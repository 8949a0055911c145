// The listener's page as elements: built once a language, then only updated. It decides nothing.

import { icon, make, setAttribute, setText, show } from '../shared/dom.js';
import type { Texts } from './texts.js';
import { clockText } from '../shared/timetext.js';
import { Settings } from './settings.js';
import { StentorScrub } from './stentor-scrub.js';
import type { Said } from './situation.js';
import type { Waiting } from './waitingwords.js';

const PLAY = 'M8 5v14l11-7z';
const STOP = 'M7 7h10v10H7z';
const PAUSE = 'M7 5h4v14H7zm6 0h4v14h-4z';
// Each has its seconds under it: the arrows tell the direction, the figure how far.
const BACK = 'M12 6v12L3 12zm9 0v12l-9-6z';
const FORWARD = 'M12 6v12l9-6zM3 6v12l9-6z';

export interface Actions {
  toggle(): void;
  /** What the system's buttons ask for: to go on, and to pause without losing the place. */
  play(): void;
  pause(): void;
  jump(seconds: number): void;
  scrub(show_s: number): void;
  toLive(): void;
  setClose(close: boolean): void;
  setQuality(kbps: number): void;
  setSpeed(speed: number): void;
  /** Copies the link to the moment that is heard. */
  share(): void;
  askWhy(): void;
  raiseHand(): void;
}

export interface Model extends Said {
  title: string;
  badge: string;
  onAir: boolean;
  speaking: string[];
  button: { label: string; kind: 'play' | 'stop' | 'pause'; busy: boolean; shown: boolean };
  /** The host's words to everybody. */
  message: string;
  start: { when: string; left: string } | null;
  waiting: Waiting | null;
  /** Where this page is, and the recording will be, as people write it. */
  address: string;
  /** Seconds of the show; `null` while there is nothing to move in. */
  place: { value_s: number; max_s: number; left: string; right: string; spoken: string } | null;
  behind: string;
  canMove: boolean;
  /** There is a live to go to, and the listener is behind it. */
  canBeLive: boolean;
  close: boolean;
  canClose: boolean;
  /** The steady distance to live, where it is longer than usual. */
  steady_s: number | null;
  kbps: number;
  /** Kilobits a second to choose from. */
  qualities: number[];
  replay: boolean;
  speed: number;
  /** Addresses of the recording's files. */
  files: { m4a: string | null; opus: string } | null;
  handsOpen: boolean;
  listeners: string;
  pages: { imprint: string | null; privacy: string | null };
}

export class View {
  /** Where what is loaded on demand goes: the hand, the chapters, the answer to "why can't I hear?". */
  readonly extras = { hand: make('div'), chapters: make('div'), why: make('div') };
  #badge = make('span', { class: 'badge' });
  #count = make('span', { class: 'count' });
  #title = make('h1');
  #when = make('p', { class: 'when' });
  #left = make('p', { class: 'left', role: 'timer' });
  #label = make('span', { class: 'listen-label' });
  #sign = make('span', { class: 'listen-sign' });
  #listen: HTMLButtonElement;
  #speakingIs = make('span', { class: 'unseen' });
  #names = make('span');
  #speaking = make('p', { class: 'speaking' }, this.#speakingIs, this.#names);
  #sentence = make('p', { class: 'sentence', role: 'status' });
  #next = make('p', { class: 'next' });
  // Both change each second: whoever wants to know reads them, and they are not read out.
  #turn = make('p', { class: 'speaking' });
  #wait = make('p', { class: 'wait' });
  #later = make('span');
  #there = make('a', { href: location.pathname });
  #laterThere = make('p', { class: 'next' }, this.#later, ' ', this.#there);
  #message = make('p', { class: 'message' });
  #messages = make('div', { role: 'status' }, this.#message);
  #scrub = new StentorScrub();
  #from = make('span');
  #to = make('span');
  #place: HTMLElement;
  #back: HTMLButtonElement;
  #forward: HTMLButtonElement;
  #live: HTMLButtonElement;
  #moves: HTMLElement;
  #settings: Settings;
  #share: HTMLButtonElement;
  #shared = make('p', { class: 'shared', role: 'status' });
  #hand: HTMLButtonElement;
  #why: HTMLButtonElement;
  #m4a: HTMLAnchorElement;
  #opus: HTMLAnchorElement;
  #files: HTMLElement;
  #imprint: HTMLAnchorElement;
  #privacy: HTMLAnchorElement;
  #kind = '';
  #seeking = false;

  constructor(
    root: HTMLElement,
    readonly texts: Texts,
    actions: Actions,
    audio: HTMLAudioElement,
    languageSwitch: HTMLElement,
  ) {
    const t = texts.listener;
    const press = (label: string, pressed: () => void): HTMLButtonElement => make('button', { type: 'button', class: 'tool', onclick: pressed }, label);
    this.#listen = make('button', { type: 'button', class: 'listen', onclick: () => actions.toggle() }, this.#sign, this.#label);
    const move = (label: string, path: string, by_s: number): HTMLButtonElement =>
      make('button', { type: 'button', class: 'round', 'aria-label': label, onclick: () => actions.jump(by_s) }, icon(path), make('small', { 'aria-hidden': 'true' }, '15'));
    this.#back = move(t.back, BACK, -15);
    this.#forward = move(t.forward, FORWARD, 15);
    this.#live = make('button', { type: 'button', class: 'to-live', onclick: () => actions.toLive() }, t.toLive);
    this.#moves = make('div', { class: 'moves' }, this.#back, this.#live, this.#forward);
    this.#place = make('div', { class: 'place' }, this.#scrub, make('div', { class: 'times' }, this.#from, this.#to));
    this.#settings = new Settings(texts, actions, audio);
    this.#share = press(t.share, () => actions.share());
    this.#hand = press(t.hand, () => actions.raiseHand());
    this.#why = press(t.why, () => actions.askWhy());
    this.#m4a = make('a', { download: '' }, 'M4A (AAC)');
    this.#opus = make('a', { download: '' }, 'Ogg (Opus)');
    this.#files = make('p', { class: 'files' }, `${t.download}: `, this.#m4a, ' ', this.#opus);
    this.#imprint = make('a', { rel: 'noopener' }, t.imprint);
    this.#privacy = make('a', { rel: 'noopener' }, t.privacy);
    this.#listenToScrub(actions);
    root.replaceChildren(...this.#layout(languageSwitch));
  }

  #layout(languageSwitch: HTMLElement): HTMLElement[] {
    const { hand, chapters, why } = this.extras;
    const head = make('div', { class: 'head' }, this.#title, this.#when, this.#left);
    const words = make('div', { class: 'words' }, this.#turn, this.#wait, this.#speaking, this.#sentence, this.#next, this.#laterThere);
    const tools = make('div', { class: 'tools' }, this.#hand, this.#share, this.#why);
    return [
      make('header', {}, make('p', { class: 'state' }, this.#badge, this.#count), languageSwitch),
      make(
        'main',
        {},
        head,
        this.#messages,
        make('div', { class: 'stage' }, this.#listen, words),
        hand,
        this.#place,
        this.#moves,
        this.#settings.root,
        this.#files,
        tools,
        this.#shared,
        why,
        chapters,
      ),
      make('footer', {}, this.#imprint, this.#privacy),
    ];
  }

  #listenToScrub(actions: Actions): void {
    this.#scrub.addEventListener('seeking', (event) => {
      this.#seeking = true;
      setText(this.#from, clockText((event as CustomEvent<number>).detail));
    });
    this.#scrub.addEventListener('scrub', (event) => {
      this.#seeking = false;
      actions.scrub((event as CustomEvent<number>).detail);
    });
    this.#scrub.addEventListener('end', () => (this.#live.hidden ? actions.scrub(Infinity) : actions.toLive()));
  }

  update(model: Model): void {
    const t = this.texts.listener;
    setText(this.#badge, model.badge);
    show(this.#badge, model.badge !== '');
    this.#badge.classList.toggle('on', model.onAir);
    setText(this.#count, model.listeners);
    setText(this.#title, model.title);
    setText(this.#when, model.start?.when ?? '');
    setText(this.#left, model.start?.left ?? '');
    show(this.#when, model.start !== null);
    show(this.#left, model.start !== null && model.start.left !== '');
    setText(this.#message, model.message);
    show(this.#message, model.message !== '');
    this.#updateButton(model.button);
    setText(this.#speakingIs, `${t.speaking}: `);
    setText(this.#names, model.speaking.join(', '));
    show(this.#speaking, model.speaking.length > 0);
    setText(this.#sentence, model.sentence);
    setText(this.#next, model.next);
    this.#updateWaiting(model);
    this.#updatePlace(model);
    this.#settings.update(model);
    show(this.#files, model.files !== null);
    link(this.#m4a, model.files?.m4a ?? null);
    link(this.#opus, model.files?.opus ?? null);
    link(this.#imprint, model.pages.imprint);
    link(this.#privacy, model.pages.privacy);
  }

  /** What pressing one of the tools led to: the hand has its own place, the answer is open. */
  updateTools(model: Model, handRaised: boolean, whyOpen: boolean): void {
    show(this.#hand, model.handsOpen && !handRaised);
    show(this.#share, model.place !== null);
    setAttribute(this.#why, 'aria-expanded', String(whyOpen));
  }

  focusHand(): void {
    this.#hand.focus();
  }

  focusWhy(): void {
    this.#why.focus();
  }

  /** Says that the link to a moment was copied, or shows it where copying is not allowed. */
  told(words: string, address: string | null): void {
    if (address === null) return this.#shared.replaceChildren(words);
    const field = make('input', { type: 'text', readonly: true, value: address, 'aria-label': words });
    this.#shared.replaceChildren(words, field);
    field.select();
  }

  #updateButton({ label, kind, busy, shown }: Model['button']): void {
    show(this.#listen, shown);
    setText(this.#label, label);
    if (this.#kind !== kind) {
      this.#kind = kind;
      this.#sign.replaceChildren(icon(kind === 'play' ? PLAY : kind === 'stop' ? STOP : PAUSE));
    }
    this.#listen.classList.toggle('active', kind !== 'play' && !busy);
    this.#listen.classList.toggle('busy', busy);
  }

  #updateWaiting({ waiting, address }: Model): void {
    const { place, wait, later } = waiting ?? { place: '', wait: '', later: '' };
    setText(this.#turn, place);
    setText(this.#wait, wait);
    setText(this.#later, later);
    show(this.#turn, place !== '');
    show(this.#wait, wait !== '');
    show(this.#laterThere, later !== '');
    setText(this.#there, address);
  }

  #updatePlace(model: Model): void {
    show(this.#place, model.place !== null);
    show(this.#moves, model.place !== null);
    show(this.#live, !model.replay);
    if (!model.place) return;
    const { value_s, max_s, left, right, spoken } = model.place;
    this.#scrub.update({ value_s, max_s, enabled: model.canMove, label: this.texts.listener.place, spoken });
    if (!this.#seeking) setText(this.#from, left);
    setText(this.#to, right);
    this.#back.disabled = !model.canMove;
    this.#forward.disabled = !model.canMove || (!model.replay && model.behind === '');
    this.#live.disabled = !model.canMove || !model.canBeLive;
  }
}

function link(anchor: HTMLAnchorElement, url: string | null): void {
  show(anchor, url !== null);
  setAttribute(anchor, 'href', url);
}
