// Speech arrives as speech: its loudness over time, as a listener's page plays it, is what was said.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { decode, hearProgramme } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { matchPieces } from '../sound/envelope.mjs';
import { writeWav } from '../sound/tones.mjs';

const WORDS =
  'The lighthouse keeper counted eleven ships before noon. None of them answered. By evening, however, ' +
  'a small boat with a red sail came in, and its captain asked for bread, for water, and for the news.';
const CORRELATION_MIN = 0.9;

test('a listener hears the speech that was spoken', async (t) => {
  const house = await House.open(t);
  const spoken = house.path('spoken.wav');
  await run('espeak-ng', ['-v', 'en-gb', '-s', '150', '-w', spoken, WORDS]);
  const said = await decode(spoken, house.folder);
  const microphone = writeWav(house.path('microphone.wav'), said);

  const show = await house.show('reading', ['host']);
  const speaker = await house.chromium({ microphone });
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('reading', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  const listener = await house.chromium();
  await pressListen(listener.page, show.listen_url);

  const heard = await hearProgramme(listener.page, 16);
  const { correlation, steady, found } = matchPieces(heard, said);
  const words = `correlation ${correlation.toFixed(3)}, ${found.map((piece) => piece.correlation.toFixed(2)).join(' ')}`;
  t.diagnostic(words);
  assert.ok(correlation >= CORRELATION_MIN, words);
  assert.ok(steady > 0.5, `the pieces do not lie in one row: ${JSON.stringify(found)}`);
});
