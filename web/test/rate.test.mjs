// Keeping the distance to live.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Edge, RateControl, Target, TARGET_CLOSE_S, TARGET_DEFAULT_S } from '../dist/player/rate.js';

test('small errors are left alone, larger ones are corrected until nearly nothing is left', () => {
  const rate = new RateControl();
  assert.equal(rate.rate(0.03, 0.04), 1);
  assert.equal(rate.rate(0.2, 0.04).toFixed(3), '1.030');
  assert.ok(rate.rate(0.02, 0.04) > 1, 'inside the dead band, but still correcting');
  assert.equal(rate.rate(0.009, 0.04), 1);
  assert.equal(rate.rate(0.03, 0.04), 1);
});

test('the speed stays where nobody hears it', () => {
  const rate = new RateControl();
  assert.equal(rate.rate(30, 0.04), 1.06);
  assert.equal(rate.rate(-30, 0.04), 0.95);
});

test('a loop of player and control settles at its target', () => {
  const rate = new RateControl();
  let latency_s = 1.9;
  for (let tick = 0; tick < 900; tick += 1) latency_s += 0.1 * (1 - rate.rate(latency_s - 0.5, 0.04));
  assert.ok(Math.abs(latency_s - 0.5) < 0.02, `settled at ${latency_s}`);
});

test('the edge is told by the least late arrival', () => {
  const edge = new Edge();
  assert.equal(edge.at(0), null);
  edge.observe(10, 100);
  edge.observe(11.4, 100.96);
  assert.ok(Math.abs(edge.at(12) - 102) < 1e-9);
});

test('the same arrival seen many times pushes out no other', () => {
  const edge = new Edge();
  edge.observe(10, 100);
  for (let look = 0; look < 1_000; look += 1) edge.observe(20, 105);
  assert.equal(edge.at(20), 110);
});

test('what was seen half a minute ago is forgotten', () => {
  const edge = new Edge();
  edge.observe(0, 100);
  edge.observe(31, 120);
  assert.equal(edge.at(31), 120);
});

test('close to live, stalls lengthen the distance and quiet minutes shorten it again', () => {
  const target = new Target(true);
  assert.equal(target.value_s(1), TARGET_CLOSE_S);
  for (let i = 0; i < 20; i += 1) target.stalled(10);
  assert.equal(target.value_s(11), 1.5);
  let now_s = 11;
  for (let minute = 0; minute < 60; minute += 1) target.value_s((now_s += 61));
  assert.equal(target.value_s(now_s + 1), TARGET_CLOSE_S);
});

test('whoever gets sound more seldom stays further behind, even if they ask to be close', () => {
  for (const close of [false, true]) {
    const target = new Target(close);
    target.comes(3.84);
    assert.ok(Math.abs(target.value_s(1) - 6.38) < 1e-9);
    target.comes(0.96);
    assert.equal(target.value_s(2), close ? TARGET_CLOSE_S : TARGET_DEFAULT_S);
    target.comes(0.32);
    assert.equal(target.value_s(3), close ? TARGET_CLOSE_S : TARGET_DEFAULT_S);
  }
});

test('the default distance does not move', () => {
  const target = new Target(false);
  target.stalled(3);
  assert.equal(target.value_s(4), TARGET_DEFAULT_S);
});
