// "Why can't I hear?" finds what is wrong where it is wrong, and mends what a press can mend.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ } from '../sound/tones.mjs';

// A box of eight bytes (ISO/IEC 14496-12 §4.2) in which everything is missing that a movie has.
const EMPTY_MOOV = '\0\0\0\x08moov';

test('why can’t I hear', async (t) => {
  const house = await House.open(t);
  const show = await house.show('why', ['host']);
  const microphone = house.voice(PITCH_A_HZ);
  const [speaker, { page }] = await Promise.all([house.chromium({ microphone }), house.chromium()]);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus('why', 'Ada speaks', (status) => status.speaking.includes('Ada'));
  await page.goto(show.listen_url);
  const step = (name, verdict) => page.locator(`[data-step=${name}][data-verdict=${verdict}]`);
  const said = page.locator('stentor-why').getByRole('status');
  const press = (name) => page.locator('stentor-why').getByRole('button', { name, exact: true }).click();
  // On a machine without time to spare a check may find that, truly, and another one does not.
  const conclude = (words) => until(words, async () => {
    const text = await said.innerText();
    if (text.startsWith('Found: ') && !text.includes(words)) {
      t.diagnostic(`${text}, where it should be: ${words}`);
      await press('Check again');
    }
    return text.includes(words);
  });

  await t.test('a page that does not play is told so, and everything before it is fine', async () => {
    await page.getByRole('button', { name: 'Why can’t I hear?' }).click();
    await conclude('Found: It does not play.');
    for (const name of ['server', 'show', 'stream', 'arriving', 'decoder', 'programme', 'volume', 'output']) await step(name, 'good').waitFor();
  });
  await t.test('a press on its Listen mends that', async () => {
    await press('Listen');
    await conclude('Everything up to this device works.');
    await step('player', 'good').waitFor();
    await step('leaving', 'good').waitFor();
  });
  await t.test('a muted page is found and mended', async () => {
    await page.getByRole('button', { name: 'Mute', exact: true }).click();
    await press('Check again');
    await conclude('Found: This page is muted.');
    await press('Unmute');
    await conclude('Everything up to this device works.');
    assert.equal(await page.evaluate(() => window.ears.programme().muted), false);
  });
  await t.test('a stage without people is told as that', async () => {
    await speaker.page.close();
    await house.untilStatus('why', 'nobody is connected', (status) => status.slate === 'nobody_connected');
    await press('Check again');
    await conclude('Found: The host is reconnecting.');
  });
  await t.test('sound that cannot be played is told after some tries, and a press tries again', async () => {
    const button = (name) => page.locator('stentor-listener').getByRole('button', { name, exact: true }).first();
    await page.route('**/live.mp4*', (route) => route.fulfill({ contentType: 'audio/mp4', body: EMPTY_MOOV }));
    await button('Stop').click();
    await button('Listen').click();
    await page.getByText('The browser could not play the sound, several times in a row.').waitFor();
    await page.unroute('**/live.mp4*');
    await button('Try again').click();
    await until('sound moves', () => page.evaluate(() => Boolean(window.ears.programme())));
  });
  await t.test('a server that is gone is found', async () => {
    await house.server.kill();
    await press('Check again');
    await conclude('Found: The server does not answer.');
    await step('stream', 'skipped').waitFor();
  });
});
