// A button whose press is asked about once more, in its own place.

import { make, show } from '../shared/dom.js';
import type { Texts } from '../shared/language.js';

/** The button and its question, one of the two visible at a time. */
export function confirmed(
  texts: Texts,
  label: string,
  question: string,
  kind: string,
  pressed: () => void,
): HTMLElement {
  const t = texts.operator;
  const setAsking = (asking: boolean): void => {
    show(button, !asking);
    show(asked, asking);
    (asking ? no : button).focus();
  };
  const answered = (): void => {
    setAsking(false);
    pressed();
  };
  const button = make('button', { type: 'button', class: kind, onclick: () => setAsking(true) }, label);
  const yes = make('button', { type: 'button', class: 'primary', onclick: () => answered() }, t.yes);
  const no = make('button', { type: 'button', onclick: () => setAsking(false) }, t.cancel);
  const asked = make('span', { class: 'asked', role: 'alert' }, make('span', {}, question), yes, no);
  asked.hidden = true;
  return make('span', { class: 'confirm' }, button, asked);
}
