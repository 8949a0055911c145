// The desk counts by the server's clock, whatever the operator's computer shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aheadAfter, secondsLeft, ServerClock } from '../dist/operator/serverclock.js';

const TRUE_TIME = Date.UTC(2026, 10, 20, 20, 0, 0);
const dateOf = (at) => new Date(at).toUTCString();

/** A clock that heard an answer every 2.1 s, each 40 ms there and 60 ms back, on a computer that is wrong by `wrong_ms`. */
function heard(wrong_ms, answers) {
  const clock = new ServerClock();
  let at = TRUE_TIME + 370;
  for (let i = 0; i < answers; i += 1, at += 2_100) clock.hear(dateOf(at + 40), at + wrong_ms, at + 100 + wrong_ms);
  return { clock, at };
}

test('a computer that is minutes early or late counts the same seconds', () => {
  for (const wrong_ms of [-180_000, 0, 95_000]) {
    const { clock, at } = heard(wrong_ms, 1);
    const off_ms = clock.time(at + wrong_ms) - at;
    assert.ok(Math.abs(off_ms) <= 600, `off by ${off_ms} ms after one answer`);
  }
});

test('more answers make it better', () => {
  const { clock, at } = heard(-180_000, 12);
  const off_ms = clock.time(at - 180_000) - at;
  assert.ok(Math.abs(off_ms) <= 100, `off by ${off_ms} ms`);
});

test('what is known stays while answers fit it, and gives way when the computer is set right', () => {
  assert.equal(aheadAfter(300, 10_000, 9_950, 10_050), 300);
  assert.equal(aheadAfter(-90_000, 10_000, 9_950, 10_050), -50);
  assert.equal(aheadAfter(90_000, 10_000, 9_950, 10_050), 1_050);
});

test('an answer without a date changes nothing', () => {
  const clock = new ServerClock();
  clock.hear(null, 5, 6);
  clock.hear('yesterday', 5, 6);
  assert.equal(clock.time(1_234), 1_234);
});

test('seconds that are left', () => {
  assert.deepEqual([secondsLeft(30_000, 0), secondsLeft(30_000, 29_999), secondsLeft(30_000, 31_000), secondsLeft(null, 0)], [30, 1, 0, 0]);
});
