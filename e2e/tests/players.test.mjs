// Every output in players of others: ffmpeg, ffprobe and mpv on the streams, the playlists and the recording,
// and the strict reader on HLS. What they play is told by its pitch.

import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { test } from 'node:test';

import { run, start } from '../harness/child.mjs';
import { decode } from '../harness/ears.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { checkReload, checkSegments, readMedia, readMultivariant } from '../formats/hls.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

const LIVE = [
  ['live.mp4', 'opus'],
  ['live.mp4?kbps=64', 'opus'],
  ['live.mp4?kbps=16&close=1', 'opus'],
  ['live.ogg', 'opus'],
  ['live.ogg?from=0', 'opus'],
  ['live.aac', 'aac'],
  ['live.aac?kbps=64&from=-5', 'aac'],
  ['hls/index.m3u8', null],
];
const RECORDED = [
  ['replay.m4a', 'aac'],
  ['replay.opus', 'opus'],
  ['hls/index.m3u8', null],
];
const HEARD_S = 4;

test('players play the show while it is live and afterwards', async (t) => {
  const house = await House.open(t);
  const show = await house.show('players', ['host']);
  const speaker = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('players', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  // HLS begins with its third segment: enough sound that every player starts inside the voice.
  await house.untilStatus('players', '20 s are on air', (status) => status.live_at_s - status.on_air_at_s > 20);

  for (const [path, codec] of LIVE) await playIn(t, house, show, path, codec);
  await t.test('live HLS is strictly right', () => checkLiveHls(show));

  await house.desk.end('players');
  await house.untilStatus('players', 'the recording is ready', ({ recording }) => recording.ready, { patience_s: 90 });
  for (const [path, codec] of RECORDED) await playIn(t, house, show, path, codec);
  await t.test('recorded HLS is strictly right', () => checkRecordedHls(show));
  await t.test('the recording is as long as it says', async () => {
    const { recording } = await house.status('players');
    for (const path of ['replay.m4a', 'replay.opus']) {
      const samples = await decode(`${show.listen_url}/${path}`, house.folder);
      const off_s = samples.length / RATE_HZ - recording.duration_s;
      assert.ok(Math.abs(off_s) < 0.05, `${path} is ${off_s.toFixed(3)} s longer than the status says`);
    }
  });
});

async function playIn(t, house, show, path, codec) {
  const url = `${show.listen_url}/${path}`;
  if (codec) {
    await t.test(`ffprobe reads ${path}`, async () => {
      const fields = ['-show_entries', 'stream=codec_name,sample_rate,channels', '-of', 'json'];
      const { streams } = JSON.parse(await run('ffprobe', ['-v', 'error', ...fields, url]));
      assert.deepEqual(streams, [{ codec_name: codec, sample_rate: '48000', channels: 1 }]);
    });
  }
  await t.test(`ffmpeg plays ${path}`, async (t) => {
    const heard = await decode(url, house.folder, { seconds: HEARD_S });
    t.diagnostic(assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'ffmpeg'));
  });
  await t.test(`mpv plays ${path}`, async (t) => {
    const heard = await playInMpv(house, url);
    t.diagnostic(assertPitches(heard, { heard: [PITCH_A_HZ], unheard: [PITCH_B_HZ] }, 'mpv'));
  });
}

/** mpv writes what it plays, as fast as it comes, until there is enough; it never ends a live stream itself. */
async function playInMpv(house, url) {
  const wav = house.path(`${process.hrtime.bigint()}.wav`);
  const mpv = start('mpv', ['--no-config', '--no-video', '--ao=pcm', `--ao-pcm-file=${wav}`, '--audio-format=s16', url]);
  const enough = HEARD_S * RATE_HZ * 2;
  await until(`mpv has played ${url}`, () => {
    const bytes = existsSync(wav) ? statSync(wav).size : 0;
    if (bytes < enough && !mpv.running()) throw new Error(`mpv ended: ${mpv.said()}`);
    return bytes >= enough;
  }).finally(() => mpv.kill());
  // mpv was stopped before it wrote the length into the header.
  return decode(wav, house.folder, { flags: ['-ignore_length', '1'], seconds: HEARD_S });
}

async function checkLiveHls(show) {
  const variants = await readMultivariant(`${show.listen_url}/hls/index.m3u8`);
  assert.ok(variants.some(({ codecs }) => codecs === 'mp4a.40.2'), 'AAC-LC is always offered');
  for (const { url, codecs } of variants) {
    const first = await readMedia(url);
    assert.ok(!first.ended && first.segments.length >= 3, `${url}: ${first.segments.length} segments`);
    const later = await until(`${url} grows`, async () => {
      const list = await readMedia(url);
      return list.sequence + list.segments.length > first.sequence + first.segments.length ? list : null;
    });
    checkReload(first, later);
    await checkSegments(later, codecs);
  }
}

async function checkRecordedHls(show) {
  for (const { url, codecs } of await readMultivariant(`${show.listen_url}/hls/index.m3u8`)) {
    const list = await readMedia(url);
    assert.ok(list.ended && list.type === 'VOD', url);
    await checkSegments(list, codecs);
  }
}
