// The desk's page speaks one language, whatever the server and the browser speak.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { warningText } from '../dist/operator/warning.js';

const { texts: en } = await import('../dist/texts/en.js');
const { texts: de } = await import('../dist/texts/de.js');

/** The server's sentence as its source has it, with its blanks filled in. */
function sentenceOf(code, filled) {
  const notices = readFileSync(new URL('../../crates/stentor-server/src/notice.rs', import.meta.url), 'utf8');
  const [, sentence] = new RegExp(`"${code}" "([^"]+)"`).exec(notices);
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name) => filled[name]);
}

test('the server’s warning of a certificate is known and said in the page’s language', () => {
  const warning = sentenceOf('certificate_too_short', { until: '2026-11-30', show: 'late-night' });
  assert.match(warningText(warning, de), /^Das Zertifikat läuft am 30\. November 2026 ab, .* der Sendung late-night /);
  assert.match(warningText(warning, en), /^The certificate expires on November 30, 2026, .* the show late-night /);
});

test('a warning of a newer server is not guessed at', () => {
  assert.equal(warningText('The cellar is under water.', de), null);
});

test('what the operator can be refused is said in German', () => {
  const met = ['not_found', 'unknown_show', 'show_exists', 'too_many_shows', 'too_many_links', 'unknown_link'];
  met.push('key_missing', 'key_invalid', 'key_expired', 'key_revoked', 'key_foreign', 'ended', 'wrong_phase', 'undo_over');
  met.push('malformed', 'too_large', 'too_slow', 'overloaded', 'stopping', 'disk_failed', 'internal');
  assert.deepEqual(met.filter((reason) => !de.operator.refusals[reason]), []);
});
