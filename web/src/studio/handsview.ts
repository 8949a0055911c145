// The hands of listeners who want to speak: open or closed, and an answer to each.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import type { StageHand } from './documents.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

export function handsPart(texts: Texts, stage: Stage): Step {
  const t = texts.hands;
  const isOpen = (): boolean => stage.document?.hands_open ?? false;
  const toggle = make('button', { type: 'button', role: 'switch', class: 'switch', onclick: () => void stage.order({ command: 'hands', open: !isOpen() }) }, make('span', {}, t.open));
  const text = make('p', { class: 'soft small' });
  const count = make('p', { class: 'unseen', role: 'status' });
  const list = make('ul', { class: 'hands' });
  const root = make('section', { class: 'part', 'aria-labelledby': 'hands' }, make('div', { class: 'part-head' }, make('h2', { id: 'hands' }, t.title), toggle), text, count, list);
  let drawn = '';
  const update = (): void => {
    const phase = stage.document?.phase;
    const hands = stage.document?.hands ?? [];
    show(root, phase === 'doors' || phase === 'on_air');
    setAttribute(toggle, 'aria-checked', String(isOpen()));
    setText(text, isOpen() ? (hands.length === 0 ? t.none : t.hint) : t.closed);
    setText(count, isOpen() ? t.count(hands.length) : '');
    // Redrawn only when somebody comes or goes, so that no button moves away under a finger.
    const names = JSON.stringify(hands.map((hand) => hand.id));
    if (names !== drawn) {
      drawn = names;
      list.replaceChildren(...hands.map((hand) => handItem(texts, stage, hand)));
    }
    hands.forEach((hand, i) => setText(list.children[i]!.querySelector('.waited')!, t.waited(hand.waited_s)));
  };
  update();
  return { root, update };
}

function handItem(texts: Texts, stage: Stage, hand: StageHand): HTMLElement {
  const t = texts.hands;
  const answer = (answer: 'yes' | 'no'): void => void stage.order({ command: 'hand', hand: hand.id, answer });
  const yes = make('button', { type: 'button', class: 'primary', 'aria-label': t.yesTo(hand.name), onclick: () => answer('yes') }, t.yes);
  const no = make('button', { type: 'button', 'aria-label': t.noTo(hand.name), onclick: () => answer('no') }, t.no);
  const words = make('div', { class: 'names' }, make('p', { class: 'who' }, hand.name), make('p', { class: 'role waited' }));
  if (hand.note) words.append(make('p', {}, hand.note));
  return make('li', {}, words, make('div', { class: 'row' }, yes, no));
}
