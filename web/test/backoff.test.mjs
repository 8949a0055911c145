import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../dist/shared/backoff.js';

test('waits double up to their maximum, each spread over its upper half', () => {
  const low = new Backoff(0.25, 10, () => 0);
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(() => low.next()), [0.125, 0.25, 0.5, 1, 2, 4, 5, 5]);
  const high = new Backoff(0.25, 10, () => 0.999999);
  for (let i = 0; i < 20; i += 1) assert.ok(high.next() <= 10);
});

test('a wait that the server names is kept and spread, never shortened', () => {
  for (const x of [0, 0.5, 0.999]) {
    const wait_s = new Backoff(0.25, 10, () => x).next(30);
    assert.ok(wait_s >= 30 && wait_s < 36, `${wait_s}`);
  }
});

test('after success it begins anew', () => {
  const backoff = new Backoff(1, 8, () => 0);
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 0.5);
});
