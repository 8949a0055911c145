// What a phone loads until it plays, as the server sends it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, pressListen } from '../harness/house.mjs';
import { withoutHls, withoutMediaSource } from '../harness/older.mjs';
import { until } from '../harness/until.mjs';

// A promise of the product: two seconds on a line of 160 kbit/s.
const BYTES_MAX = 40_000;

// What is sound, and not what plays it.
const STREAMS = ['/live.mp4', '/live.ogg', '/live.aac'];

test('the page plays after at most 40 kB', async (t) => {
  const house = await House.open(t);
  const show = await house.show('weight', ['host']);
  await t.test('with MediaSource', async (t) => weigh(t, await house.chromium(), show, '/assets/player/mse.js'));
  await t.test('without', async (t) => weigh(t, await house.chromium({ init: [withoutMediaSource, withoutHls] }), show, '/assets/player/native.js'));
});

async function weigh(t, { page }, show, player) {
  await pressListen(page, show.listen_url);
  await until('sound moves', () => page.evaluate(() => document.querySelector('stentor-listener').state.first_sound_ms !== null));
  const loaded = await page.evaluate(() => {
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return entries.map(({ name, encodedBodySize, decodedBodySize, transferSize }) => {
      return { path: new URL(name).pathname, encodedBodySize, decodedBodySize, transferSize };
    });
  });
  const sent = loaded.filter(({ path }) => !STREAMS.some((stream) => path.endsWith(stream)));
  // What the cache gives is not sent, or only looked after.
  const bodies = sent.filter(({ encodedBodySize, transferSize }) => transferSize >= encodedBodySize);
  const bytes = bodies.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  t.diagnostic(`${sent.length} answers, ${bytes} bytes`);
  assert.ok(sent.some(({ path }) => path === player), 'the player is among them');
  assert.ok(sent.every(({ encodedBodySize, decodedBodySize }) => decodedBodySize < 1_000 || encodedBodySize < decodedBodySize), 'all of it is compressed');
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes`);
}
