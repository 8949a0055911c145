// Over TLS the page's sound comes from the front door's own threads, on a connection of its own; what that took is counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, pressListen } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

// Browsers open six connections to a host at most over HTTP/1.1; the page is loaded over some of them, and the service worker
// keeps its files over others.
const CONNECTIONS_MAX = 12;
const BYTES_PER_S = 4_000;

test('a page over TLS hears from the fast path', async (t) => {
  const house = await House.withTls(t);
  const show = await house.show('secure', ['host']);
  const { page } = await house.chromium({ any_certificate: true });
  await pressListen(page, show.listen_url);
  await until('sound moves', () => page.evaluate(() => document.querySelector('stentor-listener').state.first_sound_ms !== null));

  await t.test('its sound is a stream in the table of a thread, and no other', async () => {
    assert.equal(await house.metric('stentor_front_listeners{container="mp4",rendition="opus-32"}'), 1);
    assert.equal(await house.metric('stentor_front_listeners'), 1);
    assert.equal(await house.metric('stentor_show_listeners'), 1);
    const streams = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/live.')).length);
    assert.ok(streams <= 1, `${streams} streams have ended already`);
  });
  await t.test('it took few connections, and a handshake each', async () => {
    const [accepted, shaken, failed] = await Promise.all(
      ['accepted', 'handshakes', 'handshake_failed'].map((what) => house.metric(`stentor_door_${what}_total{door="front"}`)),
    );
    t.diagnostic(`${accepted} connections, ${shaken} handshakes`);
    assert.ok(accepted <= CONNECTIONS_MAX, `${accepted} connections`);
    assert.ok(shaken >= 2 && shaken <= accepted, `${shaken} handshakes`);
    assert.equal(failed, 0);
  });
  await t.test('bytes come at the rate of the sound', async () => {
    const sent = async () => [await house.metric('stentor_show_sent_bytes_total'), await house.metric('stentor_show_chunks_total')];
    const [from_bytes, from_chunks] = await sent();
    const [bytes, chunks] = await until('ten seconds more are made', async () => {
      const now = await sent();
      return now[1] >= from_chunks + 31 ? now : null;
    });
    const rate = (bytes - from_bytes) / ((chunks - from_chunks) * 0.32);
    t.diagnostic(`${Math.round(rate)} bytes a second`);
    // A group more or less of the ten, and what frames it.
    assert.ok(rate > 0.1 * BYTES_PER_S && rate < 1.3 * BYTES_PER_S, `${rate} bytes a second`);
  });
});
