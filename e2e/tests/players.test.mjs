// Every live output in players of others: ffmpeg, ffprobe, mpv and VLC on the streams and the playlist, and the
// strict reader on HLS. The recording is played in end_and_replay.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, takeStage } from '../harness/house.mjs';
import { playIn } from '../harness/players.mjs';
import { until } from '../harness/until.mjs';
import { checkParts, checkReload, checkSegments, readMedia, readMultivariant } from '../formats/hls.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

const LIVE = [
  ['live.mp4', 'opus'],
  ['live.mp4?kbps=64', 'opus'],
  ['live.mp4?kbps=16&close=1', 'opus'],
  ['live.ogg', 'opus'],
  ['live.ogg?from=VOICE', 'opus'],
  ['live.aac', 'aac'],
  ['live.aac?kbps=64&from=-5', 'aac'],
  ['hls/index.m3u8', null],
  ['hls/cdn.m3u8', null],
];
// HLS begins with its third segment: 3 × 3.84 s, and what a segment's border may lie off.
const VOICE_S = 16;

// Players take as long as the sound they play, and little else.
const AT_A_TIME = 3;

test('players play the show while it is live', { concurrency: AT_A_TIME }, async (t) => {
  const house = await House.open(t);
  const show = await house.show('players', ['host']);
  const speaker = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  const begun = await house.untilStatus('players', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  await house.untilStatus('players', 'enough is on the tape', ({ live_at_s }) => live_at_s - begun.live_at_s > VOICE_S);

  const pitches = { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] };
  // From where the voice is: a speaker takes seconds from on air to the first word on a busy machine.
  const voice_s = Math.ceil(begun.live_at_s - begun.on_air_at_s);
  await Promise.all(LIVE.map(([path, codec]) => playIn(t, house, `${show.listen_url}/${path.replace('VOICE', voice_s)}`, codec, pitches)));
  await t.test('live HLS is strictly right', () => checkLiveHls(show));
});

async function checkLiveHls(show) {
  for (const name of ['index', 'cdn']) {
    const variants = await readMultivariant(`${show.listen_url}/hls/${name}.m3u8`);
    assert.ok(variants.some(({ codecs }) => codecs === 'mp4a.40.2'), 'AAC-LC is always offered');
    await Promise.all(variants.map(checkGrowing));
  }
}

async function checkGrowing({ url, codecs }) {
  const first = await readMedia(url);
  assert.ok(!first.ended && first.segments.length >= 3, `${url}: ${first.segments.length} segments`);
  const end = ({ sequence, segments }) => sequence + segments.length;
  const waiting = first.part_target_s === null ? url : `${url}?_HLS_msn=${end(first)}`;
  const later = await until(`${url} grows`, async () => {
    const list = await readMedia(waiting);
    return end(list) > end(first) ? list : null;
  });
  checkReload(first, later);
  await checkSegments(later, codecs);
  if (later.part_target_s !== null) await checkParts(later);
}
