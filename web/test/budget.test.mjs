// What the listener's page costs a phone, and that nothing in the pages needs a looser policy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');
const budget = JSON.parse(readFileSync(join(web, 'budget.json'), 'utf8'));
const PAGES = ['listener', 'studio', 'operator', 'shows'];

/** The page, everything it names, and the larger of the languages; icons are cached apart. */
function bytesOf(page) {
  const html = readFileSync(join(web, `dist/${page}.html`), 'utf8');
  const files = [...html.matchAll(/(?:href|src)="\/assets\/([^"]+\.(?:js|css))"/g)].map(([, file]) => file);
  const size = (file) => gzipSync(readFileSync(join(web, 'dist', file)), { level: 9 }).length;
  const language = Math.max(size('texts/en.js'), size('texts/de.js'));
  return files.reduce((sum, file) => sum + size(file), size(`${page}.html`) + language);
}

test('the listener page keeps its budget, and the figure in budget.json is the current one', () => {
  const { gzip_bytes, gzip_bytes_max } = budget.listener;
  const actual = bytesOf('listener');
  assert.ok(actual <= gzip_bytes_max, `${actual} bytes, ${gzip_bytes_max} are allowed`);
  // Versions of zlib differ by a few bytes a file.
  assert.ok(Math.abs(actual - gzip_bytes) <= gzip_bytes * 0.02, `budget.json says ${gzip_bytes}, it is ${actual}`);
});

test('no page has inline script, inline style or anything from elsewhere', () => {
  for (const page of PAGES) {
    const html = readFileSync(join(web, `dist/${page}.html`), 'utf8');
    assert.doesNotMatch(html, /<style|style=|\son\w+=|https?:\/\//);
    assert.doesNotMatch(html, /<script(?![^>]*src=)/);
    assert.match(html, new RegExp(`<stentor-${page}>`));
  }
});
