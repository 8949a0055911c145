// Chapters of a recording, from its marks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chapterAt, chaptersOf } from '../dist/listener/chapters.js';

const speaking = (at_s, ...names) => ({ at_s, kind: 'speaking', names });
const list = (marks, duration_s = 300, on_air_at_s = 100) =>
  chaptersOf(marks, on_air_at_s, duration_s).map(({ start_s, end_s, names }) => [start_s, end_s, names.join('+')]);

test('a chapter goes from one speaker to the next, in seconds of the show', () => {
  assert.deepEqual(list([speaking(100, 'Ada'), speaking(160, 'Ben'), speaking(250, 'Ada')]), [[0, 60, 'Ada'], [60, 150, 'Ben'], [150, 300, 'Ada']]);
});

test('pauses and short turns of others belong to the chapter around them', () => {
  const marks = [speaking(100, 'Ada'), speaking(130), speaking(131, 'Ada'), speaking(150, 'Ben'), speaking(152, 'Ada'), speaking(200, 'Ben')];
  assert.deepEqual(list(marks), [[0, 100, 'Ada'], [100, 300, 'Ben']]);
});

test('slate is a pause', () => {
  const marks = [speaking(100, 'Ada'), { at_s: 140, kind: 'slate', reason: 'nobody_connected' }, { at_s: 160, kind: 'slate_over' }, speaking(160, 'Ben')];
  assert.deepEqual(list(marks), [[0, 60, 'Ada'], [60, 300, 'Ben']]);
});

test('who spoke before on air speaks at second 0; what comes after the end is no chapter', () => {
  assert.deepEqual(list([speaking(20, 'Eve'), speaking(90, 'Ada'), speaking(500, 'Ben')]), [[0, 300, 'Ada']]);
});

test('the silence before the first word belongs to whoever says it', () => {
  assert.deepEqual(list([speaking(90), speaking(110, 'Ada')]), [[0, 300, 'Ada']]);
});

test('two who speak at once are one chapter, whoever is named first', () => {
  assert.deepEqual(list([speaking(100, 'Ada', 'Ben'), speaking(150, 'Ben', 'Ada'), speaking(200, 'Ben')]), [[0, 100, 'Ada+Ben'], [100, 300, 'Ben']]);
});

test('a lively evening has at most a hundred chapters, which still cover all of it', () => {
  const marks = Array.from({ length: 2000 }, (_, i) => speaking(100 + i * 7 + (i % 5 === 0 ? 0 : 1), i % 2 ? 'Ada' : 'Ben'));
  const chapters = chaptersOf(marks, 100, 14_000);
  assert.ok(chapters.length <= 100, `${chapters.length}`);
  assert.equal(chapters[0]?.start_s ?? 0, 0);
  for (let i = 1; i < chapters.length; i += 1) assert.equal(chapters[i].start_s, chapters[i - 1].end_s);
});

test('nobody spoke: no chapters', () => {
  assert.deepEqual(list([]), []);
  assert.deepEqual(list([speaking(100), { at_s: 120, kind: 'title', title: 'x' }]), []);
});

test('the chapter of a moment', () => {
  const chapters = chaptersOf([speaking(100, 'Ada'), speaking(160, 'Ben')], 100, 300);
  assert.deepEqual([0, 59.9, 59.999_999, 60, 299].map((at_s) => chapterAt(chapters, at_s)), [0, 0, 1, 1, 1]);
  assert.equal(chapterAt([], 5), -1);
});
