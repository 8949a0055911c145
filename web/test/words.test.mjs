// Times and sentences as people read them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferred } from '../dist/shared/language.js';
import { clockText, countdownText, dateText, dayTimeText, spokenText } from '../dist/shared/timetext.js';

test('clock', () => {
  assert.deepEqual([-3, 0, 59.9, 60, 3599, 3600, 36_061].map(clockText), ['0:00', '0:00', '0:59', '1:00', '59:59', '1:00:00', '10:01:01']);
});

test('spoken lengths', () => {
  assert.equal(spokenText(0, 'en'), '0 seconds');
  assert.equal(spokenText(3727, 'en'), '1 hour 2 minutes 7 seconds');
  assert.equal(spokenText(60, 'de'), '1 Minute');
});

test('countdown in days when it is far', () => {
  assert.equal(countdownText(754, 'en'), '12:34');
  assert.equal(countdownText(3 * 86_400 + 5, 'de'), '3 Tage');
});

test('time of day has 24 hours in both languages', () => {
  const at = new Date(2026, 10, 20, 20, 41).getTime();
  assert.equal(dayTimeText(at, 'en'), '20:41');
  assert.equal(dayTimeText(at, 'de'), '20:41');
});

test('dates name the day and the month, in the order of the page’s language', () => {
  const at = new Date(2026, 10, 30, 20, 0).getTime();
  assert.match(dateText(at, 'en', at), /^Monday, 30 November, 20:00 \S+$/);
  assert.match(dateText(at, 'de', at), /^Montag, 30\. November, 20:00 Uhr \S+$/);
  const before = new Date(2025, 11, 31).getTime();
  assert.match(dateText(at, 'en', before), /^Monday, 30 November 2026, 20:00 \S+$/, 'with the year if it is another');
  assert.match(dateText(at, 'de', before), /^Montag, 30\. November 2026, 20:00 Uhr \S+$/);
});

test('the first language of the browser that there are texts for; the switch counts more', () => {
  assert.equal(preferred(['fr-FR', 'de-AT', 'en'], null), 'de');
  assert.equal(preferred(['de-DE'], 'en'), 'en');
  assert.equal(preferred(['fr'], null), 'en');
  assert.equal(preferred(['fr'], 'xx'), 'en');
});

test('what a listener can be refused is said in German', async () => {
  const { refusals } = (await import('../dist/texts/listener.de.js')).texts;
  const met = ['unknown_show', 'ended', 'doors_closed', 'hands_closed', 'too_many_hands', 'malformed', 'too_slow'];
  met.push('rendition_missing', 'not_on_tape', 'overloaded', 'stopping', 'internal', 'full', 'not_your_turn', 'ticket_invalid', 'ticket_spent');
  assert.deepEqual(met.filter((reason) => !refusals[reason]), []);
});

test('no text is empty, in either language', async () => {
  const walk = (value, path) => {
    if (typeof value === 'string') assert.notEqual(value.trim(), '', path);
    else if (typeof value === 'object') for (const [name, inner] of Object.entries(value)) walk(inner, `${path}.${name}`);
  };
  for (const file of ['en', 'de', 'listener.en', 'listener.de', 'extras.en', 'extras.de', 'waiting.en', 'waiting.de']) {
    walk((await import(`../dist/texts/${file}.js`)).texts, file);
  }
});
