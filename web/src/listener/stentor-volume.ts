// <stentor-volume>: mute and volume of one audio element, remembered on this device.

import { icon, make, setAttribute, show } from '../shared/dom.js';
import type { Texts } from './texts.js';
import { recall, remember } from '../shared/memory.js';

const SOUND = 'M4 9v6h4l5 4V5L8 9H4zm12.5 3a4 4 0 0 0-2-3.5v7a4 4 0 0 0 2-3.5zm-2-8v2a6.5 6.5 0 0 1 0 12v2a8.5 8.5 0 0 0 0-16z';
const SILENT = 'M4 9v6h4l5 4V5L8 9H4zm16.6 0L19.2 7.6 17 9.8l-2.2-2.2L13.4 9l2.2 2.2-2.2 2.2 1.4 1.4 2.2-2.2 2.2 2.2 1.4-1.4-2.2-2.2z';

export class StentorVolume extends HTMLElement {
  #audio: HTMLAudioElement | null = null;
  #texts: Texts | null = null;
  #mute = make('button', { type: 'button', class: 'round', onclick: () => this.#toggle() });
  #range = make('input', { type: 'range', min: 0, max: 100, step: 5 });

  connectedCallback(): void {
    this.append(this.#mute, this.#range);
    this.#range.addEventListener('input', () => {
      if (!this.#audio) return;
      this.#audio.volume = Number(this.#range.value) / 100;
      this.#audio.muted = false;
      remember('volume', this.#audio.volume);
    });
  }

  attach(audio: HTMLAudioElement, texts: Texts): void {
    this.#texts = texts;
    if (this.#audio !== audio) {
      this.#audio = audio;
      show(this.#range, settable());
      const volume = recall<number>('volume');
      if (volume !== null && volume >= 0 && volume <= 1) audio.volume = volume;
      audio.addEventListener('volumechange', () => this.#draw());
    }
    this.#draw();
  }

  #toggle(): void {
    const audio = this.#audio;
    if (!audio) return;
    audio.muted = !silent(audio);
    // Sound that was turned down to nothing comes back only louder.
    if (!audio.muted && audio.volume === 0) audio.volume = 1;
  }

  #draw(): void {
    if (!this.#audio || !this.#texts) return;
    const t = this.#texts.listener;
    const muted = silent(this.#audio);
    this.#mute.replaceChildren(icon(muted ? SILENT : SOUND));
    setAttribute(this.#mute, 'aria-label', muted ? t.unmute : t.mute);
    setAttribute(this.#range, 'aria-label', t.volume);
    const volume = this.#audio.muted ? 0 : Math.round(this.#audio.volume * 100);
    this.#range.value = String(volume);
    this.#range.style.setProperty('--fill', `${volume}%`);
  }
}

function silent(audio: HTMLAudioElement): boolean {
  return audio.muted || audio.volume === 0;
}

/** Phones of Apple leave the volume to their keys: there the element's stays 1 whatever is written. */
function settable(): boolean {
  const probe = make('audio');
  probe.volume = 0.5;
  return probe.volume === 0.5;
}

customElements.define('stentor-volume', StentorVolume);
