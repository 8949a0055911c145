// What the studio says of sound that is not well: a microphone that gives nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode } from '../harness/ears.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { personOf } from '../harness/studio.mjs';
import { RATE_HZ, writeWav } from '../sound/tones.mjs';

const SPEECH = new URL('../../assets/demo/ada.opus', import.meta.url).pathname;
const SILENCE_S = 5;

test('warnings on the stage', async (t) => {
  const house = await House.open(t);
  const show = await house.show('unwell', ['host', 'speaker'], { live: false });
  const [host, silent] = show.links.map((link) => link.url);
  const speech = writeWav(house.path('speech.wav'), await decode(SPEECH, house.folder));
  const silence = writeWav(house.path('silence.wav'), new Float32Array(SILENCE_S * RATE_HZ));
  const [ada, ben] = await Promise.all([
    house.chromium({ microphone: speech }),
    house.chromium({ microphone: silence }),
  ]);
  await takeStage(ada.page, host, 'Ada');
  await takeStage(ben.page, silent, 'Ben');

  await t.test('a silent microphone is told to its owner and to the others', async () => {
    await ben.page.getByText('Your microphone gives nothing.').waitFor();
    await ada.page.getByText('Nothing comes from Ben’s microphone').waitFor();
  });
  await t.test('who is well is warned of nothing', async () => {
    assert.deepEqual((await personOf(ada.page, 'Ada')).warnings, []);
  });
});
