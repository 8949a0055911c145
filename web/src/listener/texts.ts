// The words of the listener's page in one language: what is needed to play, and what is loaded on demand.

import type { Language } from '../shared/language.js';
import type { ExtraTexts } from '../texts/extras.en.js';
import type { Texts } from '../texts/listener.en.js';
import type { WaitingTexts } from '../texts/waiting.en.js';

export type { ExtraTexts, Texts, WaitingTexts };
export type AllTexts = Texts & ExtraTexts;

export async function loadTexts(language: Language): Promise<Texts> {
  document.documentElement.lang = language;
  const module = (await import(`../texts/listener.${language}.js`)) as { texts: Texts };
  return module.texts;
}

export async function loadWaitingTexts({ language }: Texts): Promise<WaitingTexts> {
  const module = (await import(`../texts/waiting.${language}.js`)) as { texts: WaitingTexts };
  return module.texts;
}

/** `texts` and those of the parts on demand, in the same language. */
export async function loadAllTexts(texts: Texts): Promise<AllTexts> {
  const module = (await import(`../texts/extras.${texts.language}.js`)) as { texts: ExtraTexts };
  return { ...texts, ...module.texts };
}
