// Names are shown when their voices are heard, which is seconds after they are spoken.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, pressListen, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

// What the product promises between page and sound.
const DRIFT_S_MAX = 0.3;
// Of the frames beyond that, so many of a hundred may be a browser's that was kept from drawing in time.
const LATE_PERCENT_MAX = 1;

/** Runs in the page: notes at each drawn frame what is heard and which names are shown. */
function watchNames() {
  const page = document.querySelector('stentor-listener');
  window.seen = [];
  const look = () => {
    const element = window.ears.programme();
    if (element) window.seen.push({ at_s: element.currentTime, names: page.state.speaking, artist: navigator.mediaSession.metadata?.artist });
    requestAnimationFrame(look);
  };
  look();
}

test('names follow the sound that is heard', async (t) => {
  const house = await House.open(t);
  const show = await house.show('marks', ['host', 'speaker']);
  const [ada, ben, listener] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ microphone: house.voice(PITCH_B_HZ) }),
    house.chromium(),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await house.untilStatus('marks', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  await pressListen(listener.page, show.listen_url);
  await listener.page.evaluate(watchNames);
  await takeStage(ben.page, show.links[1].url, 'Ben');
  await house.untilStatus('marks', 'Ben speaks', (status) => status.speaking.includes('Ben'));
  await until('the lock screen names Ben', () => listener.page.evaluate(() => window.seen.at(-1)?.artist?.includes('Ben')));
  await ben.page.close();
  const alone = await house.untilStatus('marks', 'Ada speaks alone', ({ speaking }) => speaking.join() === 'Ada');
  await until('that is heard', () => listener.page.evaluate((at_s) => window.seen.at(-1)?.at_s > at_s, alone.live_at_s + 1));

  const { marks } = await (await fetch(`${show.listen_url}/marks`)).json();
  const turns = marks.filter(({ kind }) => kind === 'speaking' || kind === 'slate');
  const seen = await listener.page.evaluate(() => window.seen);
  const settled = seen.filter(({ at_s }) => turns.every((turn) => Math.abs(turn.at_s - at_s) > DRIFT_S_MAX));
  const names = (at_s) => turns.findLast((turn) => turn.at_s <= at_s)?.names ?? [];
  const wrong = settled.filter((one) => one.names.join() !== names(one.at_s).join());
  t.diagnostic(`${seen.length} frames, ${turns.length} turns, ${settled.length} frames away from a turn`);
  assert.ok(new Set(settled.map((one) => one.names.join())).size >= 2, 'names changed while they were watched');
  const late = 100 * wrong.length / settled.length;
  assert.ok(late <= LATE_PERCENT_MAX, `${wrong.length} of ${settled.length} frames show other names than are heard: ${JSON.stringify(wrong.slice(0, 3))}`);
});
