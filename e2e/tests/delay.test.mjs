// A show with a broadcast delay: what is dumped was said and is heard by nobody, live or in the recording; an end that is
// taken back is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, hearProgramme, hearStage, untilHeard } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { direct, press, studioState } from '../harness/studio.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches, assertUnheard } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

const DELAY_S = 7;
// The dump and the first sound after it are chunks, and a codec rings a little into what is next to it.
const EDGE_S = 0.5;
const HEARD_S = 4;
const VOICE = { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] };

test('what is dumped is never heard', async (t) => {
  const house = await House.open(t);
  await house.desk.createShow({ id: 'late', title: 'Seven seconds later', delay_s: DELAY_S });
  const [{ url }, guest] = [await house.desk.link('late', 'host'), await house.desk.link('late', 'speaker')];
  const [ada, ben, listener] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium(),
    house.chromium(),
  ]);
  await takeStage(ada.page, url, 'Ada');
  await direct(ada.page, 'Ada', 'Leave the sound raw');
  await press(ada.page, 'Go on air');
  const speaks = () => house.untilStatus('late', 'Ada speaks', ({ speaking }) => speaking.includes('Ada'));
  const heardSince = async (media_s, seconds = HEARD_S) => {
    await untilHeard(listener.page, media_s);
    return hearProgramme(listener.page, seconds);
  };
  const begun = await speaks();
  await pressListen(listener.page, `${house.server.front}/late`);
  t.diagnostic(assertPitches(await heardSince(begun.live_at_s), VOICE, 'the listener'));

  let dumped;
  await t.test('two presses: the delay is slate at the listener’s, while the stage hears on', async (t) => {
    await takeStage(ben.page, guest.url, 'Ben');
    await press(ada.page, `Dump the last ${DELAY_S} s`);
    await twoPresses(ada.page);
    const slate = await house.untilStatus('late', 'it is slate', (status) => status.slate === 'dumped');
    dumped = slate.marks.findLast(({ reason }) => reason === 'dumped').at_s;
    await listener.page.getByText('The host took back the last seconds.').waitFor();
    const [programme, toBen] = await Promise.all([heardSince(dumped + EDGE_S), hearStage(ben.page, HEARD_S)]);
    t.diagnostic(assertUnheard(programme, [PITCH_A_HZ], 'the listener'));
    t.diagnostic(assertPitches(toBen, VOICE, 'Ben'));
  });
  await t.test('after the delay the show goes on', async (t) => {
    const on = await house.untilStatus('late', 'the stage is heard again', (status) => status.slate === null);
    const { marks } = await (await fetch(`${house.server.front}/late/marks`)).json();
    const over = marks.find(({ kind, at_s }) => kind === 'slate_over' && at_s > dumped).at_s;
    assert.ok(Math.abs(over - dumped - DELAY_S) < 2 * EDGE_S, `slate from ${dumped} s to ${over} s`);
    t.diagnostic(assertPitches(await heardSince(on.live_at_s), VOICE, 'the listener'));
  });
  await t.test('an end that is taken back is none', async (t) => {
    await end(ada.page);
    await ada.page.getByRole('button', { name: 'Undo the end' }).click();
    await until('it is on air again', async () => (await studioState(ada.page)).standing === 'on_air');
    const { live_at_s } = await speaks();
    t.diagnostic(assertPitches(await heardSince(live_at_s + DELAY_S), VOICE, 'the listener'));
  });
  await t.test('the recording has slate in its place', async (t) => {
    await end(ada.page);
    const { on_air_at_s } = await house.untilStatus('late', 'the recording is ready', ({ recording }) => recording.ready, { patience_s: 90 });
    await ada.page.getByRole('heading', { name: 'The show is over' }).waitFor();
    await listener.page.getByText('This is the recording').waitFor();
    const recorded = await decode(`${house.server.front}/late/replay.opus`, house.folder);
    const stretch = (from_s, to_s) => recorded.subarray(...[from_s, to_s].map((s) => Math.round((s - on_air_at_s) * RATE_HZ)));
    t.diagnostic(assertUnheard(stretch(dumped + EDGE_S, dumped + DELAY_S - EDGE_S), [PITCH_A_HZ], 'the dumped stretch'));
    t.diagnostic(assertPitches(stretch(dumped - HEARD_S, dumped), VOICE, 'before it'));
    t.diagnostic(assertPitches(stretch(dumped + DELAY_S + EDGE_S, dumped + DELAY_S + HEARD_S), VOICE, 'after it'));
  });
  await t.test('no page complains', () => {
    // A page that asks for the stream at the moment of the end is told that it is gone, and plays the recording.
    const complaint = (line) => line.startsWith('error') && !line.includes('410 (Gone)');
    assert.deepEqual([ada, ben, listener].flatMap(({ said }) => said.filter(complaint)), []);
  });
});

/** The second press fires; one that comes too soon is the tail of a double click and does not. */
async function twoPresses(page) {
  await until('it is dumped', async () => {
    const again = page.getByRole('button', { name: 'Press again' });
    if (await again.isVisible()) await again.click();
    return page.getByText('Dumped. Listeners hear hold sound').isVisible();
  });
}

async function end(page) {
  await press(page, 'End the show');
  await press(page, 'Yes, end');
}
