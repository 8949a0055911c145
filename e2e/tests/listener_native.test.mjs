// The listener's page in a browser that has no MediaSource: the element fetches HLS, as an iPhone's does, or a plain stream.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hearProgramme } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { withoutHls, withoutMediaSource } from '../harness/older.mjs';
import { direct, press } from '../harness/studio.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

// Long enough for eight beeps.
const HEARD_S = 4;
const PITCHES = { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] };

test('listening without MediaSource', async (t) => {
  const house = await House.open(t);
  const show = await house.show('element', ['host'], { live: false });
  const [ada, hls, plain] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ init: [withoutMediaSource] }),
    house.chromium({ init: [withoutMediaSource, withoutHls] }),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  // Beeps are noise to what takes the noise behind voices out.
  await direct(ada.page, 'Ada', 'Leave the sound raw');
  await ada.page.getByText('Raw sound').waitFor();
  await press(ada.page, 'Go on air');
  await house.untilStatus('element', 'there is some to play', ({ speaking, live_at_s, on_air_at_s }) => speaking.includes('Ada') && live_at_s > on_air_at_s + 12);

  await t.test('HLS in the element', () => listens(t, hls.page, show, 'hls'));
  await t.test('a plain stream in the element, from any place', async () => {
    await listens(t, plain.page, show, 'progressive');
    await plain.page.getByRole('slider', { name: 'Position in the show' }).press('Home');
    const state = await until('it plays at the beginning', async () => {
      const now = await stateOf(plain.page);
      return now.following === 'behind' && now.phase === 'playing' && now.show_s > 1 ? now : null;
    });
    assert.ok(state.latency_s > 10, `at ${state.show_s} s, ${state.latency_s} s behind`);
    t.diagnostic(assertPitches(await hearProgramme(plain.page, HEARD_S), PITCHES, 'from the beginning'));
  });
});

/** Hears the voice, is paused by the system, and goes on live. */
async function listens(t, page, show, mode) {
  await pressListen(page, show.listen_url);
  await until('it plays', async () => (await stateOf(page)).phase === 'playing');
  assert.equal((await stateOf(page)).mode, mode);
  t.diagnostic(assertPitches(await hearProgramme(page, HEARD_S), PITCHES, mode));
  await page.evaluate(() => window.ears.programme().pause());
  await page.getByText('Paused. Play goes on live.').waitFor();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await until('it plays again', async () => (await stateOf(page)).phase === 'playing');
  t.diagnostic(assertPitches(await hearProgramme(page, HEARD_S), PITCHES, `${mode}, after a pause`));
}

const stateOf = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);
