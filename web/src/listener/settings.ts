// How it sounds and how near to live it is: the choices of a listener, as elements.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import type { Texts } from './texts.js';
import { SPEEDS } from './replaystate.js';
import { StentorVolume } from './stentor-volume.js';
import type { Actions, Model } from './view.js';

/** 1 kbit/s for an hour: 1,000 bits × 3,600 s ÷ 8, in megabytes. */
const MB_PER_HOUR_AND_KBPS = 0.45;

export class Settings {
  readonly root: HTMLElement;
  #delay: HTMLElement;
  #close: HTMLInputElement;
  #steady: HTMLInputElement;
  #steadyWords = make('span');
  #quality: HTMLSelectElement;
  #qualityRow: HTMLElement;
  #qualities: readonly number[] = [];
  #speed: HTMLSelectElement;
  #speedRow: HTMLElement;

  constructor(
    readonly texts: Texts,
    actions: Actions,
    audio: HTMLAudioElement,
  ) {
    const t = texts.listener;
    const choice = (close: boolean): HTMLInputElement => make('input', { type: 'radio', name: 'delay', onchange: () => actions.setClose(close) });
    this.#steady = choice(false);
    this.#close = choice(true);
    setAttribute(this.#close, 'aria-label', t.delayClose);
    this.#delay = make(
      'fieldset',
      { class: 'delay' },
      make('legend', {}, t.delay),
      make('div', { class: 'choice' }, make('label', {}, this.#steady, this.#steadyWords), make('label', {}, this.#close, make('span', {}, t.delayClose))),
    );
    this.#quality = make('select', { onchange: () => actions.setQuality(Number(this.#quality.value)) });
    this.#qualityRow = make('label', { class: 'pick' }, make('span', {}, t.quality), this.#quality);
    this.#speed = make('select', { onchange: () => actions.setSpeed(Number(this.#speed.value)) });
    for (const speed of SPEEDS) this.#speed.append(make('option', { value: speed }, `${speed.toLocaleString(texts.language)} ×`));
    this.#speedRow = make('label', { class: 'pick' }, make('span', {}, t.speed), this.#speed);
    const volume = new StentorVolume();
    this.root = make('div', { class: 'settings' }, this.#delay, this.#qualityRow, this.#speedRow, volume);
    volume.attach(audio, texts);
  }

  update(model: Model): void {
    show(this.#delay, model.canClose);
    const steady = this.texts.listener.delayNormal(model.steady_s);
    setText(this.#steadyWords, steady);
    setAttribute(this.#steady, 'aria-label', steady);
    this.#close.checked = model.close;
    this.#steady.checked = !model.close;
    show(this.#qualityRow, model.qualities.length > 1);
    this.#updateQualities(model.qualities);
    choose(this.#quality, model.kbps);
    show(this.#speedRow, model.replay);
    choose(this.#speed, model.speed);
  }

  #updateQualities(qualities: readonly number[]): void {
    if (qualities.join() === this.#qualities.join()) return;
    this.#qualities = qualities;
    const options = qualities.map((kbps) => {
      const option = make('option', { value: kbps });
      const mb_per_hour = (kbps * MB_PER_HOUR_AND_KBPS).toLocaleString(this.texts.language, { maximumFractionDigits: 0 });
      setText(option, this.texts.listener.qualityOf(kbps, mb_per_hour));
      return option;
    });
    this.#quality.replaceChildren(...options);
  }
}

/** Shows a choice, unless somebody is just choosing. */
function choose(select: HTMLSelectElement, value: number): void {
  if (document.activeElement !== select) select.value = String(value);
}
