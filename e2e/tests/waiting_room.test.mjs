// The waiting room in a real browser: more people than seats. Who waits sees their place, keeps it over a restart of the server,
// and is in the show by themselves when a seat is free.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultsOf } from '../harness/axe.mjs';
import { hearProgramme, untilHeard } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ } from '../sound/tones.mjs';

const HEARD_S = 4;

const stateOf = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);
const untilPhase = (page, phase) => until(`the player is ${phase}`, async () => (await stateOf(page)).phase === phase);

test('a listener waits for a seat and gets it', async (t) => {
  const house = await House.open(t, { config: '[front]\nseats = 1\n' });
  const show = await house.show('full', ['host'], { live: false });
  const ada = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await house.desk.live('full');
  await house.untilStatus('full', 'Ada speaks', ({ speaking }) => speaking.length === 1);
  const [inside, waiting] = [await house.chromium(), await house.chromium()];
  await pressListen(inside.page, show.listen_url);
  await until('the seat is taken', async () => (await stateOf(inside.page)).phase === 'playing');
  await house.untilStatus('full', 'there is no seat left', ({ gate }) => !gate.open);

  await t.test('who comes then is told their place, why, and what happens next', async () => {
    await pressListen(waiting.page, show.listen_url);
    await untilPhase(waiting.page, 'in_line');
    await waiting.page.getByText('You are among the next').waitFor();
    const { sentence } = await stateOf(waiting.page);
    assert.match(sentence, /seat/);
    assert.deepEqual(await faultsOf(waiting.page), [], 'axe');
    await house.untilStatus('full', 'one waits', ({ gate }) => gate.waiting === 1);
  });
  await t.test('a restart of the server takes no place away', async () => {
    await house.server.kill();
    await house.server.startAgain();
    await house.untilStatus('full', 'it is on air again', ({ live_at_s }) => live_at_s !== null);
    await until('the first listener hears again', async () => (await stateOf(inside.page)).phase === 'playing');
    await untilPhase(waiting.page, 'in_line');
    await house.untilStatus('full', 'one waits as before', ({ gate }) => gate.waiting === 1 && !gate.open);
  });
  await t.test('when a seat is free the show begins by itself', async (t) => {
    await inside.page.getByRole('button', { name: 'Stop', exact: true }).click();
    await untilPhase(waiting.page, 'playing');
    const { live_at_s } = await house.untilStatus('full', 'Ada speaks', ({ speaking }) => speaking.length === 1);
    await untilHeard(waiting.page, live_at_s);
    t.diagnostic(assertPitches(await hearProgramme(waiting.page, HEARD_S), { heard: [PITCH_A_HZ], unheard: [] }, 'who waited'));
    await house.untilStatus('full', 'nobody waits', ({ gate }) => gate.waiting === 0);
  });
});
