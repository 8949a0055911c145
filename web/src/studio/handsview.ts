// The hands of listeners who want to speak: open or closed, and an answer to each.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import type { StageHand } from './documents.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

/** When a row is gone, the next one stands under the finger: what comes so soon was meant for the first. */
const ANSWER_AFTER_MS = 500;

export function handsPart(texts: Texts, stage: Stage): Step {
  const t = texts.hands;
  const isOpen = (): boolean => stage.document?.hands_open ?? false;
  const toggle = make('button', { type: 'button', role: 'switch', class: 'switch', onclick: () => void stage.order({ command: 'hands', open: !isOpen() }) }, make('span', {}, t.open));
  const text = make('p', { class: 'soft small' });
  const count = make('p', { class: 'unseen', role: 'status' });
  const list = make('ul', { class: 'hands' });
  const root = make('section', { class: 'part', 'aria-labelledby': 'hands' }, make('div', { class: 'part-head' }, make('h2', { id: 'hands' }, t.title), toggle), text, count, list);
  const rows = new Map<number, HTMLElement>();
  let guard = 0;
  const answerable = (): boolean => guard === 0;
  const say = (): void => list.querySelectorAll('button').forEach((button) => setAttribute(button, 'aria-disabled', answerable() ? null : 'true'));
  const moved = (): void => {
    clearTimeout(guard);
    guard = setTimeout(() => {
      guard = 0;
      say();
    }, ANSWER_AFTER_MS);
    say();
  };
  // A key that is held down presses again and again.
  list.addEventListener('keydown', (event) => {
    if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
  });
  const drawRows = (hands: StageHand[]): void => {
    for (const [id, row] of rows) {
      if (hands.some((hand) => hand.id === id)) continue;
      row.remove();
      rows.delete(id);
      moved();
    }
    for (const hand of hands) {
      const row = rows.get(hand.id) ?? handItem(texts, stage, hand, answerable);
      if (!rows.has(hand.id)) list.append(row);
      rows.set(hand.id, row);
      setText(row.querySelector('.waited')!, t.waited(hand.waited_s));
    }
  };
  const update = (): void => {
    const phase = stage.document?.phase;
    const hands = stage.document?.hands ?? [];
    show(root, phase === 'doors' || phase === 'on_air');
    setAttribute(toggle, 'aria-checked', String(isOpen()));
    setText(text, isOpen() ? (hands.length === 0 ? t.none : t.hint) : t.closed);
    setText(count, isOpen() ? t.count(hands.length) : '');
    const next = answersAfter(list, document.activeElement);
    keepFocus(list, () => drawRows(hands), () => [...next, toggle]);
  };
  update();
  return { root, update };
}

/** The same answer in the rows below the one with the focus, then in those above it, the nearest first. */
function answersAfter(list: HTMLElement, focused: Element | null): HTMLElement[] {
  const row = focused?.closest('li');
  if (!row || !list.contains(row)) return [];
  const answer = [...row.querySelectorAll('button')].indexOf(focused as HTMLButtonElement);
  const rows = [...list.children];
  const at = rows.indexOf(row);
  return [...rows.slice(at + 1), ...rows.slice(0, at).reverse()].map((other) => other.querySelectorAll('button')[answer]!);
}

function handItem(texts: Texts, stage: Stage, hand: StageHand, answerable: () => boolean): HTMLElement {
  const t = texts.hands;
  const answer = (answer: 'yes' | 'no'): void => {
    if (answerable()) void stage.order({ command: 'hand', hand: hand.id, answer });
  };
  const yes = make('button', { type: 'button', class: 'primary', 'aria-label': t.yesTo(hand.name), onclick: () => answer('yes') }, t.yes);
  const no = make('button', { type: 'button', 'aria-label': t.noTo(hand.name), onclick: () => answer('no') }, t.no);
  const words = make('div', { class: 'names' }, make('p', { class: 'who' }, hand.name), make('p', { class: 'role waited' }));
  if (hand.note) words.append(make('p', {}, hand.note));
  return make('li', {}, words, make('div', { class: 'row' }, yes, no));
}
