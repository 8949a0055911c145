// From a browser's microphone to hls.js on the low-latency playlist, with hls.js as it comes.

import { serveHlsPage } from '../../e2e/clients/hls_page.mjs';
import { takeStage } from '../../e2e/harness/house.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { timeBursts, writeWav } from '../../e2e/sound/tones.mjs';
import { FROZEN_MS, PROMISED_S, SETTLE_S, heardIn, settle } from '../spine/latency.mjs';
import { onsetsOf, withClock } from '../spine/onsets.mjs';
import { ms, row, setting } from '../spine/setting.mjs';

const LATENCY_MS_MAX = 2500;

export async function hls(open) {
  const seconds = setting('STENTOR_BENCH_HLS_S', PROMISED_S);
  const house = await open();
  const show = await house.show('parts', ['host']);
  // A whole number of rounds of the 16 pitches, because the fake microphone repeats its file.
  const speaker = await house.chromium({ microphone: writeWav(house.path('bursts.wav'), timeBursts(64)) });
  await withClock(speaker.page);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus(show.id, 'Ada is heard', ({ phase, people }) => phase === 'on_air' && people.includes('Ada'));

  const { page } = await house.chromium();
  await withClock(page);
  const address = await serveHlsPage({ after: (close) => house.keep({ close }) });
  await page.goto(address(`${house.server.front}/${show.id}/hls/index.m3u8`));
  await until('bursts are heard in hls.js', async () => (await onsetsOf(page, 'programme')).length > 4);
  const began_ms = Date.now() + 1000 * SETTLE_S;
  await settle(page, began_ms);
  await until('the time is over', () => Date.now() > began_ms + 1000 * seconds, { patience_s: seconds + 120, every_ms: 1000 });
  const heard = await heardIn(speaker.page, page, began_ms);
  const { faults, stalls } = await page.evaluate(() => ({ faults: window.heard.faults, stalls: window.heard.stalls }));
  return {
    rows: [
      row(`mouth to ear by hls.js, p50 of ${heard.bursts} bursts`, heard.p50_ms, LATENCY_MS_MAX, ms),
      { what: 'mouth to ear by hls.js, p95', measured: ms(heard.p95_ms) },
      {
        what: `stalls of hls.js in ${seconds} s`,
        measured: `${Math.max(heard.waits, stalls)} stalls, ${heard.missing} of ${heard.expected} bursts missing, ${faults.length} faults`,
        promised: `none in ${PROMISED_S} s`,
        ...(seconds >= PROMISED_S && { kept: isSmooth(heard, stalls, faults) }),
      },
    ],
    detail: { seconds, ...heard, stalls, faults },
  };
}

const isSmooth = ({ waits, frozen_ms_max, missing }, stalls, faults) =>
  waits + stalls + missing + faults.length === 0 && frozen_ms_max < FROZEN_MS;
