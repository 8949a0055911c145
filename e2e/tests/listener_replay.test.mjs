// After the end: chapters by who speaks, speed, links to a moment, files.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultsOf } from '../harness/axe.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ, PITCH_B_HZ } from '../sound/tones.mjs';

// Longer than the shortest turn that is a chapter.
const TURN_S = 8;

test('the recording on the listener’s page', async (t) => {
  const house = await House.open(t);
  const show = await house.show('over', ['host', 'speaker']);
  const [ada, ben, { page }] = await Promise.all([
    house.chromium({ microphone: house.voice(PITCH_A_HZ) }),
    house.chromium({ microphone: house.voice(PITCH_B_HZ) }),
    house.chromium(),
  ]);
  await takeStage(ada.page, show.links[0].url, 'Ada');
  await talk(house, 'Ada');
  await ada.page.close();
  await takeStage(ben.page, show.links[1].url, 'Ben');
  await talk(house, 'Ben');
  await house.desk.end('over');
  const ended = await house.untilStatus('over', 'the recording is ready', ({ recording }) => recording.ready, { patience_s: 90 });

  const state = () => page.evaluate(() => document.querySelector('stentor-listener').state.replay);
  const source = () => page.evaluate(() => new URL(window.ears.programme().currentSrc).pathname);
  let first = '';
  const chapter = (name) => page.locator('stentor-chapters').getByRole('button', { name });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(show.listen_url);

  await t.test('chapters by speaker: a press goes there', async () => {
    await chapter('Ben').click();
    const { marks } = await (await fetch(`${show.listen_url}/marks`)).json();
    const first = marks.find(({ kind, names }) => kind === 'speaking' && names.includes('Ben'));
    const { position_s } = await until('the place is Ben’s', async () => ((await state()).position_s > TURN_S ? state() : null));
    const due_s = first.at_s - ended.on_air_at_s;
    assert.ok(Math.abs(position_s - due_s) < 0.3, `at ${position_s}, Ben begins at ${due_s}`);
    await page.locator('[aria-current=true]', { hasText: 'Ben' }).waitFor();
  });
  await t.test('the link to this moment leads to it, in a page of its own', async () => {
    await page.getByRole('button', { name: 'Copy link to this moment' }).click();
    await page.getByText(/^Copied: the link to/).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const { position_s } = await state();
    await page.goto('about:blank');
    await page.goto(link);
    await until('the place is that of the link', async () => Math.abs((await state()).position_s - position_s) <= 1);
    await page.goto(`${show.listen_url}#t=0:03`);
    await until('a link opened in the same page', async () => Math.abs((await state()).position_s - 3) < 0.3);
  });
  await t.test('speed', async () => {
    await page.getByLabel('Speed').selectOption('1.5');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await until('it plays', () => page.evaluate(() => window.ears.programme()?.playbackRate === 1.5));
  });
  await t.test('a line that is gone keeps source, place and speed, and the sound goes on by itself', async () => {
    first = await source();
    const heard = await until('some is heard', async () => ((await state()).position_s > 4 ? state() : null));
    // The line comes back in the worst moment: between a load that failed and the question why.
    const line = { returns: false, isBack: false };
    await page.route('**/over/replay.*', (route) => {
      line.isBack ||= line.returns && route.request().method() === 'HEAD';
      return line.isBack ? route.continue() : route.abort();
    });
    await page.evaluate(() => window.ears.programme().dispatchEvent(new Event('error')));
    await page.getByText(/^No answer from the server since/).waitFor();
    await until('it is tried again', async () => page.evaluate(() => !window.ears.programme()));
    const lost = await state();
    assert.ok(lost.playing && lost.position_s >= heard.position_s, JSON.stringify(lost));
    line.returns = true;
    await until('it goes on', async () => (await state()).position_s > lost.position_s);
    await page.unroute('**/over/replay.*');
    assert.deepEqual([await source(), (await state()).speed], [first, 1.5]);
  });
  await t.test('a format that cannot be played is changed for the other; without any, a press tries again', async () => {
    await page.goto('about:blank');
    const spoil = (files) => page.route(files, (route) => route.fulfill({ contentType: 'audio/mp4', body: 'no sound at all' }));
    await spoil(`**${first}`);
    await page.goto(`${show.listen_url}#t=0:05`);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await until('the other plays', async () => (await source()) !== first && (await state()).position_s > 5);
    await spoil('**/over/replay.*');
    await page.reload();
    await page.getByText(/^The browser could not play the recording\./).waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await until('it plays at the place', async () => (await state()).position_s > 5);
  });
  await t.test('the files are there', async () => {
    for (const link of await page.getByRole('main').getByRole('link').all()) {
      const answer = await fetch(new URL(await link.getAttribute('href'), show.listen_url), { method: 'HEAD' });
      assert.equal(answer.status, 200);
    }
  });
  await t.test('the check for silence judges the recording', async () => {
    await page.getByRole('button', { name: 'Why can’t I hear?' }).click();
    await page.locator('[data-step=decoder][data-verdict=good]').waitFor();
    await page.locator('[data-step=programme][data-verdict=good]').waitFor();
    assert.deepEqual(await faultsOf(page), []);
  });
});

/** Waits until a person has spoken for a turn. */
async function talk(house, name) {
  const begun = await house.untilStatus('over', `${name} speaks`, ({ speaking }) => speaking.join() === name);
  await house.untilStatus('over', `${name} has spoken`, ({ live_at_s }) => live_at_s > begun.live_at_s + TURN_S);
}
