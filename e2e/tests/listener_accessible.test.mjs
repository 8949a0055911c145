// axe finds nothing on the listener's page, in any of its states, in both languages and both colour schemes. With
// STENTOR_SHOTS=FOLDER each state is also pictured there, on a phone and on a desktop.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultsOf } from '../harness/axe.mjs';
import { House, takeStage } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ } from '../sound/tones.mjs';

const SHOTS = process.env.STENTOR_SHOTS;
const LOCALES = ['en-GB', 'de-DE'];
const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];

test('every state of the listener’s page', async (t) => {
  const house = await House.open(t);
  const microphone = house.voice(PITCH_A_HZ);
  const [speaker, browser] = await Promise.all([house.chromium({ microphone }), house.chromium()]);
  const pages = await Promise.all(LOCALES.map((locale) => openPage(browser, locale)));
  const all = (what) => Promise.all(pages.map(what));
  const look = (name) => t.test(name, () => all((page, i) => judge(page, `${name}-${LOCALES[i].slice(0, 2)}`)));
  const go = (url) => all((page) => page.goto(url));
  const press = (selector) => all((page) => page.locator(selector).click());
  const see = (selector) => all((page) => page.locator(selector).waitFor());
  const state = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);
  const untilAll = (what, is) => all((page) => until(what, async () => is(await state(page))));

  await go(`${house.server.front}/nobody`);
  await see('.sentence:not(:empty)');
  await look('unknown');

  await house.desk.createShow({ id: 'soon', title: 'Tomorrow night with Ada', starts_at: Date.now() + 3_600_000 });
  await go(`${house.server.front}/soon`);
  await see('.listen');
  await look('closed');
  await press('.listen');
  await look('armed');

  const show = await house.show('evening', ['host'], { live: false });
  await takeStage(speaker.page, show.links[0].url, 'Ada Lovelace');
  await house.desk.createShow({ id: 'begins', title: 'It begins in a moment', starts_at: Date.now() + 60_000 });
  await go(`${house.server.front}/begins`);
  await see('.listen');
  await look('doors');

  await house.desk.live('evening');
  await house.untilStatus('evening', 'Ada speaks', (status) => status.speaking.length > 0);
  await go(show.listen_url);
  await see('.moves');
  await look('on-air');
  await press('.listen');
  await untilAll('it plays', ({ phase, show_s }) => phase === 'playing' && show_s > 6);
  await look('playing');
  await all((page) => page.locator('stentor-scrub input').press('Home'));
  await untilAll('it is behind', ({ following }) => following === 'behind');
  await look('behind');
  await press('.tool >> nth=2');
  await see('.conclusion:not(:empty)');
  await all((page) => until('all is checked', async () => (await page.locator('[data-verdict=checking]').count()) === 0));
  await look('why');
  await press('stentor-why .quiet');

  await all((page) => page.evaluate(() => { document.querySelector('audio').muted = true; }));
  await withHands(pages, look, press, see);

  await speaker.page.close();
  const slate = await house.untilStatus('evening', 'nobody is there', (status) => status.slate === 'nobody_connected');
  await press('.to-live');
  await untilAll('that is heard', ({ position_s }) => position_s > slate.live_at_s);
  await look('slate');
  await house.desk.end('evening');
  await house.untilStatus('evening', 'it ends', (status) => status.phase === 'ending');
  await go(show.listen_url);
  await see('.sentence:not(:empty)');
  await look('ending');
  await all((page) => page.locator('stentor-chapters li').first().waitFor({ timeout: 60_000 }));
  await look('recording');
  await go(`${house.server.front}/begins`);
  await see('.listen');
  await house.server.kill();
  await see('.next:not(:empty)');
  await look('silence');
});

/** Hands and the host's message, as the doors' documents tell them. */
async function withHands(pages, look, press, see) {
  let answer = { state: 'waiting', place: 3 };
  const json = (route, body, status = 200) => route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });
  for (const page of pages) {
    await page.route('**/status', async (route) => {
      const response = await route.fetch();
      const status = await response.json();
      await json(route, { ...status, hands_open: true, message: 'We take questions in ten minutes. Raise a hand!' });
    });
    await page.route('**/hand', (route) => json(route, { token: 'h', place: 3 }, 201));
    await page.route('**/hand/h', (route) => json(route, answer));
  }
  await see('.message');
  await look('message');
  await press('.tool >> nth=0');
  await see('dialog form');
  await look('hand');
  for (const page of pages) await page.locator('dialog input').first().fill('Cleo');
  await press('dialog .primary');
  await see('.hand-line');
  await look('hand-waiting');
  answer = { state: 'accepted', studio_url: 'https://stage.example.org/evening/studio#key=k' };
  await see('dialog .enter');
  await look('hand-accepted');
  await press('dialog .quiet');
  for (const page of pages) await page.unrouteAll({ behavior: 'ignoreErrors' });
}

async function openPage(browser, locale) {
  // Without the worker, so that the documents of hands can be put in.
  const context = await browser.page.context().browser().newContext({ locale, serviceWorkers: 'block', viewport: SIZES[0] });
  return context.newPage();
}

async function judge(page, name) {
  const faults = await faultsOf(page);
  for (const size of SHOTS ? SIZES : []) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: `${SHOTS}/${name}-${size.width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.setViewportSize(SIZES[0]);
  assert.deepEqual(faults, []);
}
