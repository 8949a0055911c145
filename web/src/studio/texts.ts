// The words of the studio in one language.

import type { Language } from '../shared/language.js';
import type { Texts } from '../texts/studio.en.js';

export type { Texts };

export async function loadTexts(language: Language): Promise<Texts> {
  document.documentElement.lang = language;
  const module = (await import(`../texts/studio.${language}.js`)) as { texts: Texts };
  return module.texts;
}
