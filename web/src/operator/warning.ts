// What the server warns the operator of, in the page's language. The desk gives finished English sentences, made from
// the notices of crates/stentor-server/src/notice.rs; one that is not known here is shown as it came.

import type { Texts } from '../shared/language.js';
import { dayText } from '../shared/timetext.js';

const CERTIFICATE_TOO_SHORT = /^The certificate expires on (\d{4}-\d{2}-\d{2}), before the end of the show ([a-z0-9-]+) can be expected;/;

/** The sentence, or null for one that there is none for. */
export function warningText(warning: string, { language, operator: t }: Texts): string | null {
  const [, day = '', show = ''] = CERTIFICATE_TOO_SHORT.exec(warning) ?? [];
  return show === '' ? null : t.certificateTooShort(dayText(day, language), show);
}
