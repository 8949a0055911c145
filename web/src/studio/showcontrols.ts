// Go on air, dump, end with a second press, undo with a countdown. For hosts and co-hosts.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { Armed } from './armed.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

export function showControls(texts: Texts, stage: Stage): Step {
  const t = texts.control;
  const live = make('button', { type: 'button', class: 'primary big', onclick: () => void stage.order({ command: 'live' }) }, t.goLive);
  const undo = make('button', { type: 'button', class: 'primary big', onclick: () => void stage.order({ command: 'undo' }) });
  const ending = endControl(texts, stage);
  const dump = dumpControl(texts, stage);
  const root = make('div', { class: 'host' }, live, dump.root, ending.root, undo);
  const draw = (): void => {
    const { document } = stage;
    const phase = document?.phase;
    const left_s = document?.undo_until == null ? 0 : Math.max(0, Math.ceil((document.undo_until - stage.now) / 1000));
    show(root, phase !== undefined && phase !== 'ended');
    show(live, phase === 'announced' || phase === 'doors');
    show(undo, phase === 'ending' && left_s > 0);
    setText(undo, t.undo(left_s));
    ending.update();
    dump.update();
  };
  // What a press leads to takes the place of what was pressed; never the dump, which an eager key would fire.
  const update = (): void => keepFocus(root, draw, () => [undo, ending.end, live]);
  update();
  return { root, update };
}

/** Ending asks once more in its own place; it can be undone for a while on top of that. */
function endControl(texts: Texts, stage: Stage): Step & { end: HTMLElement } {
  const t = texts.control;
  const end = make('button', { type: 'button', class: 'danger big', onclick: () => setAsking(true) }, t.end);
  const yes = make('button', { type: 'button', class: 'primary', onclick: () => confirm() }, t.endYes);
  const cancel = make('button', { type: 'button', onclick: () => setAsking(false) }, texts.cancel);
  const question = make('div', { class: 'question', role: 'alert' }, make('p', {}, t.endSure), make('div', { class: 'row' }, yes, cancel));
  const root = make('div', {}, end, question);
  let asking = false;
  const setAsking = (value: boolean): void => {
    asking = value;
    update();
    (value ? cancel : end).focus();
  };
  const confirm = (): void => {
    setAsking(false);
    void stage.order({ command: 'end' });
  };
  const update = (): void => {
    const airs = stage.document?.phase === 'on_air';
    if (!airs) asking = false;
    show(end, airs && !asking);
    show(question, asking);
  };
  return { root, end, update };
}

/**
 * Dump: there only with a broadcast delay. It cannot be taken back and cannot wait, so it asks nothing that has to
 * be read: two presses on the same spot, and the button says what the second will do.
 */
function dumpControl(texts: Texts, stage: Stage): Step {
  const t = texts.control;
  const armed = new Armed();
  const button = make('button', { type: 'button', class: 'danger big dump', 'aria-describedby': 'dump-hint', onclick: () => pressed() });
  const hint = make('p', { id: 'dump-hint', class: 'soft small' });
  const done = make('p', { class: 'small', role: 'status' });
  const root = make('div', {}, button, hint, done);
  let dumped_at = 0;
  const pressed = (): void => {
    if (armed.press(performance.now())) void dump();
    update();
  };
  const dump = async (): Promise<void> => {
    if ((await stage.order({ command: 'dump' })) !== null) dumped_at = stage.now;
    update();
  };
  const update = (): void => {
    const delay_s = stage.document?.delay_s ?? 0;
    const is_armed = armed.isArmed(performance.now());
    show(root, delay_s > 0 && stage.document?.phase === 'on_air');
    setText(button, is_armed ? t.dumpArmed(delay_s) : t.dump(delay_s));
    button.classList.toggle('armed', is_armed);
    setAttribute(button, 'aria-live', is_armed ? 'assertive' : null);
    setText(hint, t.dumpHint(delay_s));
    setText(done, dumped_at > 0 && stage.now - dumped_at < delay_s * 1000 ? t.dumped(delay_s) : '');
  };
  return { root, update };
}
