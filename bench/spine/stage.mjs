// From the microphone of one speaker's browser to the ears of another's.

import { takeStage } from '../../e2e/harness/house.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { timeBursts, writeWav } from '../../e2e/sound/tones.mjs';
import { delays_ms, onsetsOf, withClock } from './onsets.mjs';
import { ms, quantile, row, say, setting } from './setting.mjs';

const SETTLE_S = 5;

export async function stage(open) {
  const seconds = setting('STENTOR_BENCH_STAGE_S', 60);
  const house = await open();
  const show = await house.show('stage', ['host', 'speaker']);
  const silence = new Float32Array(48_000);
  const ada = await house.chromium({ microphone: writeWav(house.path('bursts.wav'), timeBursts(64)) });
  const ben = await house.chromium({ microphone: writeWav(house.path('silence.wav'), silence) });
  for (const [{ page }, link, name] of [[ben, show.links[1], 'Ben'], [ada, show.links[0], 'Ada']]) {
    await withClock(page);
    await takeStage(page, link.url, name);
  }
  await until('Ben hears Ada', async () => (await onsetsOf(ben.page, 'stage')).length > 4);
  const began_ms = Date.now() + 1000 * SETTLE_S;
  await until('the time is over', () => Date.now() > began_ms + 1000 * seconds, { patience_s: seconds + 60, every_ms: 500 });
  const heard = (await onsetsOf(ben.page, 'stage')).filter(({ at_ms }) => at_ms > began_ms);
  const delays = delays_ms(await onsetsOf(ada.page, 'microphone'), heard);
  say(`Ben heard ${heard.length} bursts`);
  return {
    rows: [
      row(`speaker to speaker in browsers, p50 of ${delays.length} bursts`, quantile(delays, 0.5), 250, ms),
      { what: 'speaker to speaker in browsers, p95', measured: ms(quantile(delays, 0.95)) },
    ],
    detail: { seconds, delays_ms: delays.map(Math.round) },
  };
}
