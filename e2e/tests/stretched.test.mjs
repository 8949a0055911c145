// A server that sends sound every 3.84 s takes less of its processor, and a page that stays further behind does not notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, pressListen } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

const INTERVAL_S = 3.84;
/** Four flushes beyond the burst with which everybody joins, which is five. */
const HEARD_S = 9 * INTERVAL_S;

const stateOf = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);

test('a page plays on when sound comes every 3.84 s, even if it asks to be close to live', async (t) => {
  const house = await House.open(t, { config: '[front]\ninterval_ms = 3840\n' });
  const show = await house.show('stretched', ['host']);
  // Of a show that is younger than a page stays behind live there is nothing to stay behind with.
  await house.untilStatus('stretched', 'there is a whole distance', ({ live_at_s }) => live_at_s > 3 * INTERVAL_S);
  const { page } = await house.chromium();
  await pressListen(page, show.listen_url);
  const first = await until('sound moves', async () => {
    const state = await stateOf(page);
    return state.first_sound_ms === null ? null : state;
  });
  const last = await until('more than the burst has been heard', async () => {
    const state = await stateOf(page);
    return state.position_s > first.position_s + HEARD_S ? state : null;
  });
  t.diagnostic(JSON.stringify(last));
  assert.deepEqual([last.stalls, last.reconnects, last.holes_jumped], [0, 0, 0]);
  assert.ok(last.latency_target_s > INTERVAL_S, `${last.latency_target_s} s behind`);

  // Where sound comes seldom, a line is not slow because none comes in two seconds.
  await page.getByRole('button', { name: 'Why can’t I hear?' }).click();
  const arriving = page.locator('[data-step=arriving]:not([data-verdict=checking])');
  t.diagnostic(await arriving.textContent());
  assert.equal(await arriving.getAttribute('data-verdict'), 'good');

  const close = await fetch(`${show.listen_url}/live.ogg?close=1`);
  assert.equal(Number(close.headers.get('Stentor-Interval-S')), INTERVAL_S);
  await close.body.cancel();
});
