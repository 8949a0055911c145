// The server is killed without a warning, again and again: the pages come back by themselves, no URL ever names
// two sounds, and the recording has everything but the holes, which it shows.
//
// STENTOR_KILL_ROUNDS says how often; the benchmark does it a hundred times.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { readMedia, readMultivariant } from '../formats/hls.mjs';
import { decode, hearProgramme } from '../harness/ears.mjs';
import { House, pressListen, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

const ROUNDS = Number(process.env.STENTOR_KILL_ROUNDS ?? 3);

test(`${ROUNDS} times kill -9`, async (t) => {
  const house = await House.open(t);
  const show = await house.show('lazarus', ['host']);
  const microphone = house.voice(PITCH_A_HZ);
  const [speaker, listener] = await Promise.all([house.chromium({ microphone }), house.chromium()]);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await pressListen(listener.page, show.listen_url);
  const named = new Map();
  let before = await untilSpeaking(house, { epoch: -1, slot: -1 });

  for (let round = 1; round <= ROUNDS; round += 1) {
    // Two segments of 3.84 s, so that each round has names that must survive it.
    await house.untilStatus('lazarus', 'segments are named', ({ slot }) => slot > before.slot + 24);
    await noteNames(show, named);
    const killed_ms = performance.now();
    await house.server.kill('SIGKILL');
    await house.server.startAgain();
    const doors_ms = Math.round(performance.now() - killed_ms);
    const after = await untilSpeaking(house, before);
    const speaking_ms = Math.round(performance.now() - killed_ms);
    // For the benchmark, which reads these lines.
    console.log(`round ${JSON.stringify({ round, doors_ms, speaking_ms, epoch: after.epoch, slot: after.slot })}`);
    assert.ok(after.epoch > before.epoch, `round ${round}: epoch ${after.epoch} after ${before.epoch}`);
    assert.ok(after.slot > before.slot, `round ${round}: slot ${after.slot} after ${before.slot}`);
    assert.equal(after.on_air_at_s, before.on_air_at_s, 'second 0 of the show stays where it was');
    await noteNames(show, named);
    before = after;
  }
  await t.test('the listener hears the speaker again', async () => {
    await until('the page plays on', async () => {
      const heard = await hearProgramme(listener.page, 3);
      return assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'the listener');
    });
  });
  await t.test('the recording covers the show and shows the holes', () => checkRecording(house, show));
  t.diagnostic(`${named.size} names, each of one sound`);
});

/** On air, with the speaker back on the stage and heard: the pages do that by themselves. */
async function untilSpeaking(house, before) {
  const back = ({ phase, epoch, speaking }) => phase === 'on_air' && epoch > before.epoch && speaking.includes('Ada');
  return house.untilStatus('lazarus', 'Ada speaks again', back, { patience_s: 120 });
}

/** Hashes what every segment's name stands for now, and compares with what it stood for before. */
async function noteNames(show, named) {
  for (const { url } of await readMultivariant(`${show.listen_url}/hls/index.m3u8`)) {
    for (const segment of (await readMedia(url)).segments.filter(({ gap }) => !gap)) {
      const response = await fetch(segment.url);
      assert.equal(response.status, 200, segment.url);
      const hash = createHash('sha256').update(Buffer.from(await response.arrayBuffer())).digest('hex');
      assert.equal(hash, named.get(segment.url) ?? hash, `${segment.url} named another sound before`);
      named.set(segment.url, hash);
    }
  }
}

async function checkRecording(house, show) {
  await house.desk.end('lazarus');
  const ended = await house.untilStatus('lazarus', 'the recording is ready', ({ recording }) => recording.ready, { patience_s: 120 });
  const lasted_s = ended.ended_at_s - ended.on_air_at_s;
  const samples = await decode(`${show.listen_url}/replay.opus`, house.folder);
  const off_s = samples.length / RATE_HZ - lasted_s;
  assert.ok(Math.abs(off_s) < 1, `the recording is ${off_s.toFixed(2)} s longer than the show, holes included`);
  assertPitches(samples, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'the recording');
  const { tape } = await house.desk.show('lazarus');
  assert.ok(tape.holes >= ROUNDS, `${tape.holes} holes after ${ROUNDS} rounds`);
  const [variant] = await readMultivariant(`${show.listen_url}/hls/index.m3u8`);
  const { segments } = await readMedia(variant.url);
  const shown = segments.filter(({ gap, discontinuity }) => gap || discontinuity).length;
  assert.ok(shown >= ROUNDS, `the playlist shows ${shown} holes after ${ROUNDS} rounds`);
}
