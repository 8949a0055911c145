// What the server warns the operator of, in the page's language.

import type { Texts } from '../shared/language.js';
import { dayText } from '../shared/timetext.js';
import type { Notice } from './desk.js';

/** The sentence, or null for a notice that there is none for: one of a newer server. */
export function warningText({ notice, fields }: Notice, { language, operator: t }: Texts): string | null {
  const { until, show } = fields;
  if (notice !== 'certificate_too_short' || typeof until !== 'string' || typeof show !== 'string') return null;
  return t.certificateTooShort(dayText(until, language), show);
}
