// Two people talk in their browsers and one listens in a third: each hears the right voices, by pitch.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hearProgramme, hearStage, untilHeard } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

test('two speakers and a listener', async (t) => {
  const house = await House.open(t);
  const show = await house.show('evening', ['host', 'speaker'], { live: false });
  const [ada, ben, listener] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ microphone: house.voice(PITCH_B_HZ) }),
    house.chromium(),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await takeStage(ben.page, show.links[1].url, 'Ben');
  await ada.page.getByRole('button', { name: 'Go on air' }).click();
  await house.untilStatus('evening', 'the show is on air', (status) => status.phase === 'on_air');

  await pressListen(listener.page, show.listen_url);
  const bothSpeak = ({ speaking }) => speaking.includes('Ada') && speaking.includes('Ben');
  const { live_at_s } = await house.untilStatus('evening', 'both speak', bothSpeak);
  // What is said now is heard some seconds later.
  const hearBoth = () => untilHeard(listener.page, live_at_s).then(() => hearProgramme(listener.page, 5));
  const [programme, toAda, toBen] = await Promise.all([hearBoth(), hearStage(ada.page, 5), hearStage(ben.page, 5)]);

  await t.test('the listener hears both', (t) => {
    t.diagnostic(assertPitches(programme, { heard: [PITCH_A_HZ, PITCH_B_HZ], unheard: [PITCH_C_HZ] }, 'the listener'));
  });
  await t.test('each speaker hears the other and not themselves', (t) => {
    t.diagnostic(assertPitches(toAda, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'Ada'));
    t.diagnostic(assertPitches(toBen, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'Ben'));
  });
  await t.test('a link that is used elsewhere moves there, and the page that had it says so', async () => {
    const elsewhere = await listener.page.context().newPage();
    await takeStage(elsewhere, show.links[1].url, 'Ben');
    await ben.page.getByText('You are on the stage elsewhere').waitFor();
    // Between the two sessions the public status may have one document without him.
    const { people } = await house.untilStatus('evening', 'both are there', ({ people }) => people.length === 2);
    assert.deepEqual(people.toSorted(), ['Ada', 'Ben']);
  });
  await t.test('no page complains', () => {
    const errors = [ada, ben, listener].flatMap(({ said }) => said.filter((line) => line.startsWith('error')));
    if (errors.length > 0) throw new Error(errors.join('\n'));
  });
});
