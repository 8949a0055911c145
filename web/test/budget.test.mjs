// What the listener's page costs a phone, and that nothing in the pages needs a looser policy.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');
const budget = JSON.parse(readFileSync(join(web, 'budget.json'), 'utf8'));
const PAGES = ['listener', 'studio', 'operator', 'shows'];

/** The page, everything it names, the larger of the languages, and what it loads `besides`; icons are cached apart. */
function bytesOf(page, besides = []) {
  const html = readFileSync(join(web, `dist/${page}.html`), 'utf8');
  const files = [...html.matchAll(/(?:href|src)="\/assets\/([^"]+\.(?:js|css))"/g)].map(([, file]) => file);
  const size = (file) => gzipSync(readFileSync(join(web, 'dist', file)), { level: 9 }).length;
  const language = Math.max(size('texts/listener.en.js'), size('texts/listener.de.js'));
  return [...files, ...besides].reduce((sum, file) => sum + size(file), size(`${page}.html`) + language);
}

for (const [browser, besides] of [['listener', []], ['listener_without_media_source', ['player/native.js']]]) {
  test(`the ${browser} page keeps its budget, and the figure in budget.json is the current one`, () => {
    const { gzip_bytes, gzip_bytes_max } = budget[browser];
    const actual = bytesOf('listener', besides);
    assert.ok(actual <= gzip_bytes_max, `${actual} bytes, ${gzip_bytes_max} are allowed`);
    // Versions of zlib differ by a few bytes a file.
    assert.ok(Math.abs(actual - gzip_bytes) <= gzip_bytes * 0.02, `budget.json says ${gzip_bytes}, it is ${actual}`);
  });
}

test('no page has inline script, inline style or anything from elsewhere', () => {
  for (const page of PAGES) {
    const html = readFileSync(join(web, `dist/${page}.html`), 'utf8');
    assert.doesNotMatch(html, /<style|style=|\son\w+=|https?:\/\//);
    assert.doesNotMatch(html, /<script(?![^>]*src=)/);
    assert.match(html, new RegExp(`<stentor-${page}>`));
  }
});

test('what playing does not need is no part of the page that is loaded', () => {
  const html = readFileSync(join(web, 'dist/listener.html'), 'utf8');
  for (const name of ['native', 'stentor-why', 'probe', 'stentor-hand', 'stentor-chapters', 'waitingroom', 'ticket', 'holdsound', 'replay']) assert.ok(!html.includes(`/${name}.js`), name);
});

test('the worker keeps the whole page: every language, and what is loaded on demand', () => {
  const script = readFileSync(join(web, 'dist/sw.js'), 'utf8');
  const { files } = JSON.parse(script.slice(script.indexOf('{'), script.indexOf(';\n')));
  const hash = (file) => createHash('sha256').update(readFileSync(join(web, 'dist', file))).digest('hex');
  const wanted = ['listener.html', 'css/base.css', 'css/listener.css', 'icons/stentor.svg', 'listener/stentor-listener.js'];
  wanted.push('listener/stentor-why.js', 'listener/hand.js', 'listener/chapters.js', 'texts/extras.de.js', 'player/mse.js', 'player/native.js');
  wanted.push('listener/replay.js', 'listener/waitingroom.js', 'listener/gate.js', 'player/holdsound.js', 'texts/waiting.de.js');
  for (const file of wanted) {
    const path = file === 'listener.html' ? `/${file}` : `/assets/${file}`;
    assert.equal(files[path], hash(file), path);
  }
});
