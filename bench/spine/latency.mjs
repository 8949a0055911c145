// From the microphone of one browser to the output of two others: one page as it comes, one close to live.

import { takeStage, pressListen } from '../../e2e/harness/house.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { timeBursts, writeWav } from '../../e2e/sound/tones.mjs';
import { delays_ms, onsetsOf, withClock } from './onsets.mjs';
import { ms, quantile, row, say, setting } from './setting.mjs';

// The first seconds are the player's finding of its distance, and are not counted.
export const SETTLE_S = 20;
const SAY_EVERY_S = 30;
// So long is the promise; a shorter run proves nothing about it.
export const PROMISED_S = 600;
// A playhead that rests this long is heard as a stall, whether the element says so or not.
export const FROZEN_MS = 300;

export async function latency(open) {
  const seconds = setting('STENTOR_BENCH_LATENCY_S', PROMISED_S);
  const house = await open();
  const show = await house.show('latency', ['host']);
  // A whole number of rounds of the 16 pitches, because the fake microphone repeats its file.
  const speaker = await house.chromium({ microphone: writeWav(house.path('bursts.wav'), timeBursts(64)) });
  await withClock(speaker.page);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('latency', 'Ada is heard', ({ phase, people }) => phase === 'on_air' && people.includes('Ada'));

  const pages = {};
  for (const kind of ['close', 'steady']) {
    const { page } = await house.chromium();
    await withClock(page);
    await pressListen(page, show.listen_url);
    if (kind === 'close') await page.getByRole('radio', { name: 'Close to live' }).check({ force: true });
    pages[kind] = page;
  }
  for (const [kind, page] of Object.entries(pages)) {
    await until(`bursts are heard in the ${kind} page`, async () => (await onsetsOf(page, 'programme')).length > 4);
  }
  const began_ms = Date.now() + 1000 * SETTLE_S;
  const until_ms = began_ms + 1000 * seconds;
  for (const page of Object.values(pages)) await settle(page, began_ms);
  let told_ms = Date.now();
  await until('the time is over', async () => {
    if (Date.now() - told_ms > 1000 * SAY_EVERY_S) {
      told_ms = Date.now();
      const heard = await measure(speaker.page, pages, began_ms);
      say(Object.entries(heard).map(([kind, m]) => `${kind} ${ms(m.p50_ms)}, ${m.waits} stalls`).join('; '));
    }
    return Date.now() > until_ms;
  }, { patience_s: seconds + 120, every_ms: 1000 });
  const detail = await measure(speaker.page, pages, began_ms);
  const { close, steady } = detail;
  const long = `${seconds} s`;
  return {
    rows: [
      row(`mouth to ear close to live, p50 of ${close.bursts} bursts`, close.p50_ms, 900, ms),
      { what: 'mouth to ear close to live, p95', measured: ms(close.p95_ms) },
      { what: `stalls close to live in ${long}`, measured: `${close.waits} stalls, ${close.missing} of ${close.expected} bursts missing` },
      row(`mouth to ear by default, p50 of ${steady.bursts} bursts`, steady.p50_ms, 4000, ms),
      { what: 'mouth to ear by default, p95', measured: ms(steady.p95_ms) },
      {
        what: `stalls by default in ${long}`,
        measured: `${steady.waits} stalls, ${steady.missing} of ${steady.expected} bursts missing`,
        promised: `none in ${PROMISED_S} s`,
        ...(seconds >= PROMISED_S && { kept: steady.waits === 0 && steady.frozen_ms_max < FROZEN_MS && steady.missing === 0 }),
      },
    ],
    detail,
  };
}

/** Forgets what was counted before the measurement began. */
export async function settle(page, began_ms) {
  await until('the player has settled', () => Date.now() > began_ms, { every_ms: 200 });
  await page.evaluate(() => Object.assign(window.onsets, { waits: [], frozen_ms_max: 0 }));
}

async function measure(speaker, pages, began_ms) {
  const result = {};
  for (const [kind, page] of Object.entries(pages)) result[kind] = await heardIn(speaker, page, began_ms);
  return result;
}

/** What a page has heard since then of the bursts that were said into the speaker's microphone: how late, and what not at all. */
export async function heardIn(speaker, page, began_ms) {
  const said = (await onsetsOf(speaker, 'microphone')).filter(({ at_ms }) => at_ms > began_ms - 8000);
  const heard = (await onsetsOf(page, 'programme')).filter(({ at_ms }) => at_ms > began_ms);
  const delays = delays_ms(said, heard);
  const { waits, frozen_ms_max } = await page.evaluate(() => window.onsets);
  // What was said in the time whose sound this page has heard.
  const from_ms = (heard[0]?.at_ms ?? 0) - (delays[0] ?? 0) - 100;
  const to_ms = (heard.at(-1)?.at_ms ?? 0) - (delays.at(-1) ?? 0) + 100;
  const expected = said.filter(({ at_ms }) => at_ms > from_ms && at_ms < to_ms).length;
  return {
    bursts: delays.length,
    expected,
    missing: Math.max(0, expected - heard.length),
    p50_ms: quantile(delays, 0.5),
    p95_ms: quantile(delays, 0.95),
    min_ms: quantile(delays, 0),
    max_ms: quantile(delays, 1),
    waits: waits.length,
    frozen_ms_max,
  };
}
