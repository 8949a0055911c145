// English or German: what the browser prefers, until the switch is used.

import { make } from './dom.js';
import { recall, remember } from './memory.js';
import type { Texts } from '../texts/en.js';

export type { Texts };
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first of the browser's languages that there are texts for; English otherwise. */
export function preferred(languages: readonly string[], chosen: string | null): Language {
  const wanted = chosen === null ? languages : [chosen, ...languages];
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found) return found;
  }
  return 'en';
}

export function currentLanguage(): Language {
  return preferred(navigator.languages, recall<string>('language'));
}

/** Loads the texts of one language; the other is never fetched. */
export async function loadTexts(language: Language): Promise<Texts> {
  document.documentElement.lang = language;
  const module = (await import(`../texts/${language}.js`)) as { texts: Texts };
  return module.texts;
}

/** A switch that was pressed has the focus, and the one that the page makes in the other language takes it over. */
let pressed = false;

/** The switch: one button that names the other language in that language. */
export function languageSwitch(language: Language, changed: (language: Language) => void): HTMLButtonElement {
  const other: Language = language === 'en' ? 'de' : 'en';
  const choose = (): void => {
    remember('language', other);
    pressed = true;
    changed(other);
  };
  const button = make('button', { type: 'button', class: 'quiet', lang: other, onclick: choose }, other === 'de' ? 'Deutsch' : 'English');
  // By then it is in the page.
  if (pressed) queueMicrotask(() => button.focus());
  pressed = false;
  return button;
}
