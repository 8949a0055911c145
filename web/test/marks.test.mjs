// What is heard at a moment, from the marks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Marks } from '../dist/shared/marks.js';

const speaking = (at_s, ...names) => ({ at_s, kind: 'speaking', names });

test('the last mark at or before the moment counts', () => {
  const marks = new Marks();
  marks.add([speaking(10, 'Ada'), speaking(20, 'Ben'), speaking(20.4)]);
  assert.equal(marks.speakingAt(9.9), null);
  assert.deepEqual(marks.speakingAt(10), ['Ada']);
  assert.deepEqual(marks.speakingAt(20.2), ['Ben']);
  assert.deepEqual(marks.speakingAt(99), []);
});

test('marks may come late, twice and out of order', () => {
  const marks = new Marks();
  marks.add([speaking(30, 'Ben')]);
  marks.add([speaking(10, 'Ada'), speaking(30, 'Ben')]);
  assert.deepEqual(marks.speakingAt(15), ['Ada']);
  assert.deepEqual(marks.speakingAt(31), ['Ben']);
});

test('of two marks of one moment the later told one counts', () => {
  const marks = new Marks();
  marks.add([speaking(10, 'Ada'), speaking(10, 'Ben')]);
  assert.deepEqual(marks.speakingAt(10), ['Ben']);
});

test('slate silences, and says why until it is over', () => {
  const marks = new Marks();
  marks.add([speaking(10, 'Ada'), { at_s: 20, kind: 'slate', reason: 'nobody_connected' }, { at_s: 25, kind: 'slate_over' }]);
  assert.equal(marks.slateAt(15), null);
  assert.equal(marks.slateAt(20), 'nobody_connected');
  assert.deepEqual(marks.speakingAt(21), []);
  assert.equal(marks.slateAt(25), null);
});

test('titles change where their mark is; unknown kinds are ignored', () => {
  const marks = new Marks();
  marks.add([{ at_s: 5, kind: 'title', title: 'Part two' }, { at_s: 6, kind: 'something_newer' }]);
  assert.equal(marks.titleAt(4), null);
  assert.equal(marks.titleAt(7), 'Part two');
});
