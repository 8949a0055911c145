// Two people talk in their browsers and one listens in a third: each hears the right voices, by pitch.

import { test } from 'node:test';

import { hearProgramme, hearStage } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

test('two speakers and a listener', async (t) => {
  const house = await House.open(t);
  const show = await house.show('evening', ['host', 'speaker'], { live: false });
  const [ada, ben] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ microphone: house.voice(PITCH_B_HZ) }),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await takeStage(ben.page, show.links[1].url, 'Ben');
  await ada.page.getByRole('button', { name: 'Go on air' }).click();
  await house.untilStatus('evening', 'the show is on air', (status) => status.phase === 'on_air');

  const listener = await house.chromium();
  await pressListen(listener.page, show.listen_url);
  await house.untilStatus('evening', 'both speak', ({ speaking }) => speaking.includes('Ada') && speaking.includes('Ben'));

  await t.test('the listener hears both', async (t) => {
    const heard = await hearProgramme(listener.page, 8);
    t.diagnostic(assertPitches(heard, { heard: [PITCH_A_HZ, PITCH_B_HZ] }, 'the listener'));
  });
  await t.test('each speaker hears the other and not themselves', async (t) => {
    const [toAda, toBen] = await Promise.all([hearStage(ada.page, 6), hearStage(ben.page, 6)]);
    t.diagnostic(assertPitches(toAda, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'Ada'));
    t.diagnostic(assertPitches(toBen, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'Ben'));
  });
  await t.test('no page complains', () => {
    const errors = [ada, ben, listener].flatMap(({ said }) => said.filter((line) => line.startsWith('error')));
    if (errors.length > 0) throw new Error(errors.join('\n'));
  });
});
