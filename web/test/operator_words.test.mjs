// The desk's page speaks one language, whatever the server and the browser speak.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { secondsLeft } from '../dist/operator/secondsleft.js';
import { warningText } from '../dist/operator/warning.js';

const { texts: en } = await import('../dist/texts/en.js');
const { texts: de } = await import('../dist/texts/de.js');

test('the server’s warning of a certificate is said in the page’s language', () => {
  const notices = readFileSync(new URL('../../crates/stentor-server/src/notice.rs', import.meta.url), 'utf8');
  const [, sentence] = /"certificate_too_short" "([^"]+)"/.exec(notices);
  const warning = { notice: 'certificate_too_short', text: sentence, fields: { until: '2026-11-30', show: 'late-night' } };
  for (const field of Object.keys(warning.fields)) assert.ok(sentence.includes(`{${field}}`), `the server tells of ${field}`);
  assert.match(warningText(warning, de), /^Das Zertifikat läuft am 30\. November 2026 ab, .* der Sendung late-night\. /);
  assert.match(warningText(warning, en), /^The certificate expires on 30 November 2026, .* the show late-night /);
});

test('a warning of a newer server is not guessed at', () => {
  assert.equal(warningText({ notice: 'cellar_wet', text: 'The cellar is under water.', fields: {} }, de), null);
});

test('the time to undo is over when it is', () => {
  assert.deepEqual([secondsLeft(30_000, 0), secondsLeft(30_000, 29_999), secondsLeft(30_000, 31_000), secondsLeft(null, 0)], [30, 1, 0, 0]);
});

test('what the operator can be refused is said in German', () => {
  const met = ['not_found', 'unknown_show', 'show_exists', 'too_many_shows', 'too_many_links', 'unknown_link'];
  met.push('key_missing', 'key_invalid', 'key_expired', 'key_revoked', 'key_foreign', 'ended', 'wrong_phase', 'undo_over');
  met.push('malformed', 'too_large', 'too_slow', 'overloaded', 'stopping', 'disk_failed', 'internal');
  assert.deepEqual(met.filter((reason) => !de.operator.refusals[reason]), []);
});
