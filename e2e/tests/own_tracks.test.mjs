// A show with own tracks: each speaker is told before they agree, and after the show each voice is a file of its own.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { decode } from '../harness/ears.mjs';
import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, RATE_HZ } from '../sound/tones.mjs';

const TALK_S = 6;

test('a show with own tracks', async (t) => {
  const house = await House.open(t);
  await house.desk.createShow({ id: 'apart', title: 'Kept apart', own_tracks: true });
  const links = [await house.desk.link('apart', 'host'), await house.desk.link('apart', 'speaker')];
  const [ada, ben] = await Promise.all([PITCH_A_HZ, PITCH_B_HZ].map((pitch_hz) => house.chromium({ microphone: house.voice(pitch_hz) })));

  await t.test('the longer notice is asked for, and what was agreed to before does not count', async () => {
    await ada.page.goto(links[0].url);
    await agree(ada.page, 'Ada');
    await ada.page.getByText('in a track of its own').waitFor();
    assert.equal(await ada.page.getByLabel('I agree that my voice is recorded and published').isChecked(), false);
    assert.equal(await ada.page.getByLabel('Your name').inputValue(), 'Ada');
  });
  await enter(ada.page, 'Ada');
  await ben.page.goto(links[1].url);
  await agree(ben.page, 'Ben');
  await ben.page.getByText('in a track of its own').waitFor();
  await enter(ben.page, 'Ben');
  await ada.page.getByRole('button', { name: 'Go on air' }).click();
  const { live_at_s } = await house.untilStatus('apart', 'both speak', ({ speaking }) => speaking.length === 2);
  await house.untilStatus('apart', 'they have spoken for a while', (status) => status.live_at_s > live_at_s + TALK_S);
  await house.desk.end('apart');
  await house.server.kill('SIGTERM');

  const folder = join(house.folder, 'data/shows/apart');
  const [programme, tracks] = [house.path('apart.opus'), house.path('tracks')];
  await run(process.env.STENTOR_BIN, ['tape', 'export', folder, programme, '--tracks', tracks]);
  await t.test('each voice is in a file of its own, as long as the programme', async (t) => {
    const whole = await decode(programme, house.folder);
    const files = readdirSync(tracks).sort();
    assert.equal(files.length, 2);
    const sounds = await Promise.all(files.map((file) => decode(join(tracks, file), house.folder)));
    for (const [n, [heard, unheard]] of [[PITCH_A_HZ, PITCH_B_HZ], [PITCH_B_HZ, PITCH_A_HZ]].entries()) {
      t.diagnostic(assertPitches(sounds[n], { heard: [heard], unheard: [unheard] }, files[n]));
      assert.ok(Math.abs(sounds[n].length - whole.length) < RATE_HZ / 10, `${sounds[n].length} samples beside ${whole.length}`);
    }
    t.diagnostic(assertPitches(whole, { heard: [PITCH_A_HZ, PITCH_B_HZ] }, 'the programme'));
  });
});

async function agree(page, name) {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('I agree that my voice is recorded and published').check();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function enter(page, name) {
  await agree(page, name);
  await page.getByRole('button', { name: 'Open microphone' }).click();
  await page.getByRole('button', { name: 'Join the stage' }).click();
  await until(`${name} is on the stage`, () => page.evaluate(() => Boolean(window.ears.connected())));
}
