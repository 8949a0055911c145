// hls.js, the player that most sites use, plays low-latency HLS close to live: heard by pitch, its distance printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serveHlsPage } from '../clients/hls_page.mjs';
import { hearProgramme } from '../harness/ears.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

const WATCHED_S = 20;

test('hls.js plays low-latency HLS', async (t) => {
  const house = await House.open(t);
  const show = await house.show('close', ['host']);
  const [speaker, listener] = await Promise.all([house.chromium({ microphone: house.voice(PITCH_A_HZ) }), house.chromium()]);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('close', 'Ada speaks', (status) => status.speaking.includes('Ada'));

  const requests = [];
  listener.page.on('request', (request) => requests.push(new URL(request.url())));
  const page = await serveHlsPage(t);
  await listener.page.goto(page(`${show.listen_url}/hls/index.m3u8`));
  await until('hls.js plays', () => listener.page.evaluate(() => window.heard.late_s() !== null));
  const late_s = await listener.page.evaluate(async (seconds) => {
    const found = [];
    for (let i = 0; i < 5 * seconds; i += 1) {
      // Five looks a second at what plays by itself: a sample of it, and no wait for anything.
      await new Promise((resolve) => setTimeout(resolve, 200));
      found.push(window.heard.late_s());
    }
    return found.toSorted((a, b) => a - b);
  }, WATCHED_S);
  const heard = await hearProgramme(listener.page, 4);
  t.diagnostic(assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'hls.js'));
  const { faults, stalls, target_s } = await listener.page.evaluate(() => {
    const { faults, stalls, hls } = window.heard;
    return { faults, stalls, target_s: hls.targetLatency };
  });
  const at = (share) => late_s[Math.floor(share * (late_s.length - 1))].toFixed(2);
  t.diagnostic(`from the mix to the ear: p50 ${at(0.5)} s, p95 ${at(0.95)} s; it aims at ${target_s.toFixed(2)} s behind the edge; ${stalls} stalls`);
  assert.deepEqual(faults, []);

  const asked = (pattern) => requests.filter(({ href }) => pattern.test(href)).length;
  assert.ok(asked(/\/p-\d+-\d+\.m4s$/) > WATCHED_S, 'it plays by parts');
  assert.ok(asked(/ll\.m3u8\?.*_HLS_msn=\d+&_HLS_part=\d+/) > WATCHED_S, 'it waits for the playlist');
  assert.ok(asked(/_HLS_skip=/) > 0, 'it asks for delta updates');
});
