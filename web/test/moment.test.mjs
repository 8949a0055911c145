// Links to a moment of a show.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentLink, momentOf } from '../dist/shared/moment.js';

test('moments in a fragment', () => {
  assert.deepEqual(['#t=1:23:45', '#t=83:45', '#t=90', '#t=0', '#t=0:07'].map(momentOf), [5025, 5025, 90, 0, 7]);
});

test('what is no moment is none', () => {
  const odd = ['', '#', '#t=', '#t=-5', '#t=1:2:3:4', '#t=1:60', '#t=1e3', '#t=999999', '#t=١', '#key=abc', '#t=1.5'];
  assert.deepEqual(odd.filter((fragment) => momentOf(fragment) !== null), []);
});

test('a link leads back to its moment, whatever fragment the page had', () => {
  const link = momentLink('https://example.org/evening#t=3', 5025.8);
  assert.equal(link, 'https://example.org/evening#t=1:23:45');
  assert.equal(momentOf(new URL(link).hash), 5025);
});
