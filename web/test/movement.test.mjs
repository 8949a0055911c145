import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Movement } from '../dist/listener/movement.js';

test('a clock that goes on has moved, at any speed', () => {
  for (const speed of [0.5, 1, 3.5]) {
    const movement = new Movement(1000, 0);
    const moved = Array.from({ length: 4 }, (_, n) => movement.read(1000 + (speed * (n + 1) * 50) / 1000, (n + 1) * 50));
    assert.equal(moved.at(-1), true, `at ${speed}`);
  }
});

test('a jump is no movement, and going on after it is', () => {
  const movement = new Movement(0, 0);
  assert.equal(movement.read(4_711, 50), false);
  assert.equal(movement.read(4_711, 100), false);
  assert.equal(movement.read(4_700, 150), false);
  assert.equal(movement.read(4_700.04, 200), false);
  assert.equal(movement.read(4_700.09, 250), true);
});
