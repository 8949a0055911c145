// From the press of Listen to the first sound, each time in a fresh profile of a browser that runs already.

import { until } from '../../e2e/harness/until.mjs';
import { writeWav, RATE_HZ } from '../../e2e/sound/tones.mjs';
import { withClock } from './onsets.mjs';
import { ms, publish, quantile, row, say, setting } from './setting.mjs';

export async function join(open) {
  const joins = setting('STENTOR_BENCH_JOINS', 40);
  const house = await open();
  const show = await house.show('join', ['speaker']);
  // Never silent, so that the first sound is the first that is played.
  const tone = Float32Array.from({ length: 20 * RATE_HZ }, (_, i) => 0.3 * Math.sin((2 * Math.PI * 440 * i) / RATE_HZ));
  await publish(house, show, show.links[0], writeWav(house.path('tone.wav'), tone));
  const live = ({ on_air_at_s, live_at_s }) => live_at_s - on_air_at_s > 10;
  await house.untilStatus('join', 'there are 10 s to join', live);
  const { page: first } = await house.chromium();
  const browser = first.context().browser();
  const took_ms = [];
  while (took_ms.length < joins) {
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await withClock(page);
    await page.goto(show.listen_url, { waitUntil: 'load' });
    const button = page.getByRole('button', { name: 'Listen', exact: true });
    await button.waitFor();
    await until('the clock runs', () => page.evaluate(() => window.onsets.ready));
    await button.click();
    const state = await until('sound is heard', () => page.evaluate(() => window.onsets.first_ms && window.onsets));
    took_ms.push(state.first_ms - state.pressed_ms);
    await context.close();
    if (took_ms.length % 10 === 0) say(`${took_ms.length} joins, p50 ${ms(quantile(took_ms, 0.5))}`);
  }
  return {
    rows: [
      row(`press to first sound, p50 of ${joins} joins`, quantile(took_ms, 0.5), 500, ms),
      row('press to first sound, p95', quantile(took_ms, 0.95), 1000, ms),
    ],
    detail: { took_ms: took_ms.map(Math.round) },
  };
}
