// What the player does about its distance to live.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../dist/player/pace.js';

const heard = (over = {}) => ({ now_s: 100, position_s: 496.5, edge_s: 500, ahead_s: 3, fresh: true, ...over });

test('at its distance it plays as it is', () => {
  assert.deepEqual(new Pace(false).decide(heard()), { kind: 'rate', rate: 1 });
});

test('far from live, a first guess that was an interval off is left alone', () => {
  const pace = new Pace(false);
  for (const position_s of [495.75, 497.25]) assert.deepEqual(pace.decide(heard({ position_s })), { kind: 'rate', rate: 1 });
  assert.notEqual(new Pace(true).decide(heard({ position_s: 499.4 })).rate, 1);
});

test('more than two seconds too far behind it seeks, and lands at its distance', () => {
  assert.deepEqual(new Pace(false).decide(heard({ position_s: 490 })), { kind: 'seek', to_s: 496.5 });
});

test('after an outage no word is skipped: it plays faster until the distance is won back', () => {
  const pace = new Pace(false);
  pace.catchingUp = true;
  assert.deepEqual(pace.decide(heard({ position_s: 490, ahead_s: 9 })), { kind: 'rate', rate: 1.06 });
  pace.decide(heard({ position_s: 496 }));
  assert.equal(pace.catchingUp, false);
});

test('it never plays faster than sound comes', () => {
  const pace = new Pace(false);
  assert.deepEqual(pace.decide(heard({ position_s: 490, ahead_s: 1, fresh: false })), { kind: 'rate', rate: 1 });
});

test('too near to live it plays slower, also where sound comes seldom', () => {
  const { rate } = new Pace(false).decide(heard({ position_s: 498, ahead_s: 1, fresh: false }));
  assert.ok(rate < 1, `at ${rate}`);
});

test('a seek that cost as much as it won is not repeated at once', () => {
  const pace = new Pace(false);
  pace.begin(99);
  assert.deepEqual(pace.decide(heard({ position_s: 490 })), { kind: 'rate', rate: 1.06 });
  assert.equal(pace.decide(heard({ now_s: 110, position_s: 490 })).kind, 'seek');
  assert.equal(pace.decide(heard({ now_s: 111, position_s: 490 })).kind, 'rate');
});
