// A speaker in Firefox is heard by a listener in Chromium.

import { test } from 'node:test';

import { fillInFirefox, pressInFirefox } from '../harness/browsers.mjs';
import { hearProgramme } from '../harness/ears.mjs';
import { House, pressListen } from '../harness/house.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_B_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

test('Firefox speaks', async (t) => {
  const house = await House.open(t);
  const show = await house.show('fox', ['host']);
  const sound = await house.soundServer();
  const fox = house.firefox({ pitch_hz: PITCH_C_HZ, env: sound.env });
  const [{ page }, listener] = await Promise.all([fox, house.chromium()]);
  await page.goto(show.links[0].url);
  await fillInFirefox(page, 'Your name', 'Fox');
  await fillInFirefox(page, 'I agree', true);
  await pressInFirefox(page, 'Continue');
  await pressInFirefox(page, 'Open microphone');
  await pressInFirefox(page, 'Join the stage');
  await house.untilStatus('fox', 'Fox speaks', (status) => status.speaking.includes('Fox'));
  await pressListen(listener.page, show.listen_url);
  const heard = await hearProgramme(listener.page, 5);
  t.diagnostic(assertPitches(heard, { heard: [PITCH_C_HZ], unheard: [PITCH_B_HZ] }, 'the listener'));
});
