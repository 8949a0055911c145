// Plain WHIP (RFC 9725) with a client of another maker: a speaker without ears comes, is heard, and goes.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { start } from '../harness/child.mjs';
import { keyOf } from '../harness/desk.mjs';
import { decode } from '../harness/ears.mjs';
import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

const SPEAKER = fileURLToPath(new URL('../clients/whip_speaker.py', import.meta.url));
const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

test('aiortc speaks over WHIP', async (t) => {
  const house = await House.open(t);
  const show = await house.show('whip', ['speaker']);
  const url = `${house.server.stage}/whip/whip`;
  const speaker = start(PYTHON, [SPEAKER, url, keyOf(show.links[0]), house.voice(PITCH_B_HZ)]);
  house.keep({ close: () => speaker.kill() });
  await until('aiortc is connected', () => {
    if (!speaker.running()) throw new Error(speaker.said());
    return speaker.said().includes('connected');
  });
  await house.untilStatus('whip', 'somebody speaks', (status) => status.speaking.length === 1);

  const heard = await decode(`${house.server.front}/whip/live.ogg`, house.folder, { seconds: 6 });
  t.diagnostic(assertPitches(heard, { heard: [PITCH_B_HZ], unheard: [PITCH_A_HZ] }, 'a listener'));

  await speaker.kill('SIGTERM');
  assert.match(speaker.said(), /ended 200/);
  await house.untilStatus('whip', 'the stage is empty', (status) => status.people.length === 0);
});
