// A listener in Firefox hears a speaker in Chromium, as it comes out of the sound server.

import { test } from 'node:test';

import { pressInFirefox } from '../harness/browsers.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

test('Firefox listens', async (t) => {
  const house = await House.open(t);
  const show = await house.show('fox', ['host']);
  const sound = await house.soundServer();
  const microphone = house.voice(PITCH_A_HZ);
  const [speaker, { page }] = await Promise.all([house.chromium({ microphone }), house.firefox({ env: sound.env })]);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('fox', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  await page.goto(show.listen_url);
  await pressInFirefox(page, 'Listen');
  await until('Firefox plays', () => page.evaluate(() => Boolean(window.ears.programme())));
  const heard = await sound.hear(5);
  t.diagnostic(assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_C_HZ] }, 'Firefox'));
});
