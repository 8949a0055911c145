// Speech arrives as speech: its loudness over time, as a listener's page plays it, is what was said.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { decode, hearProgrammeSteadily, untilHeard } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { match } from '../sound/envelope.mjs';
import { RATE_HZ, writeWav } from '../sound/tones.mjs';

// Longer than what is heard of it, so that no second of it comes twice.
const WORDS =
  'The lighthouse keeper counted eleven ships before noon. None of them answered. By evening, however, ' +
  'a small boat with a red sail came in, and its captain asked for bread, for water, and for the news. ' +
  'There was little of any. The baker had left in spring, the well was low, and the last letter from the ' +
  'mainland spoke only of prices. So they sat on the steps, shared an orange, and talked until the lamp ' +
  'had to be lit. What they said is not written down. But next morning there were two boats in the bay, ' +
  'and a week later a shop, a school with one bench, and a dog that belonged to everybody.';
const HEARD_S = 22;
const CORRELATION_MIN = 0.9;

test('a listener hears the speech that was spoken', async (t) => {
  const house = await House.open(t);
  const spoken = house.path('spoken.wav');
  await run('espeak-ng', ['-v', 'en-gb', '-s', '150', '-w', spoken, WORDS]);
  const said = await decode(spoken, house.folder);
  assert.ok(said.length > (HEARD_S + 3) * RATE_HZ, `${said.length / RATE_HZ} s are said`);
  const microphone = writeWav(house.path('microphone.wav'), said);

  const show = await house.show('reading', ['host']);
  const [speaker, listener] = await Promise.all([house.chromium({ microphone }), house.chromium()]);
  // The listener is there first: its player has come to rest when the speech begins.
  await pressListen(listener.page, show.listen_url);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  const { live_at_s } = await house.untilStatus('reading', 'Ada speaks', ({ speaking }) => speaking.includes('Ada'));
  await untilHeard(listener.page, live_at_s);

  const heard = await hearProgrammeSteadily(listener.page, HEARD_S);
  const { correlation, plain, at_s } = match(heard, said);
  const words = `correlation ${correlation.toFixed(3)} (plain ${plain.toFixed(3)}) over ${HEARD_S} s, from ${at_s.toFixed(2)} s of the text`;
  t.diagnostic(words);
  assert.ok(correlation >= CORRELATION_MIN, words);
});
