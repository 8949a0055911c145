// Words to all: to the stage, or to everybody who listens.

import { make, setText, show } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { clearTyped } from '../shared/typed.js';
import { runsTheShow } from './rights.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

/** As the stage takes them. */
const MESSAGE_CHARS_MAX = 200;

type Hearers = 'stage' | 'everyone';

export function messagePart(texts: Texts, stage: Stage): Step {
  const t = texts.message;
  const field = make('input', { type: 'text', id: 'message', maxlength: MESSAGE_CHARS_MAX, autocomplete: 'off' });
  const to = make('select', { id: 'message-to' }, make('option', { value: 'stage' }, t.toStage), make('option', { value: 'everyone' }, t.toEveryone));
  const sent = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = field.value.trim();
    if (text === '') return;
    if ((await stage.order({ command: 'say', to: to.value as Hearers, text })) !== null) clearTyped(field.id, text);
  };
  const form = make(
    'form',
    { onsubmit: (event: Event) => void sent(event) },
    make('div', { class: 'field' }, make('label', { for: 'message' }, t.label), field),
    make('div', { class: 'field' }, make('label', { for: 'message-to' }, t.to), to),
    make('button', { type: 'submit' }, t.send),
  );
  const root = make('section', { class: 'part', 'aria-labelledby': 'messages' }, make('h2', { id: 'messages' }, t.title), form);
  return { root, update: () => undefined };
}

/** What was said, until it is taken down by somebody who may say something. */
export function saying(texts: Texts, stage: Stage, to: Hearers): Step {
  const t = texts.message;
  const text = make('p', { role: 'status' });
  const label = to === 'stage' ? t.clearStage : t.clearEveryone;
  const clear = make('button', { type: 'button', class: 'quiet', 'aria-label': label, onclick: () => void stage.order({ command: 'say', to, text: '' }) }, t.clear);
  const root = make('div', { class: 'saying' }, text, clear);
  const update = (): void => {
    const message = stage.document?.message[to] ?? '';
    setText(text, to === 'stage' || message === '' ? message : t.toAll(message));
    const field = (): HTMLElement | undefined => document.getElementById('message') ?? undefined;
    keepFocus(root, () => show(root, message !== ''), () => [field()]);
    show(clear, runsTheShow(stage.session.role));
  };
  update();
  return { root, update };
}
