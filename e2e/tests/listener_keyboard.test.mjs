// The listener's page by keys alone, with the focus always to be seen, and by the system's media keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

const TABS_MAX = 30;

/** Runs in the page before its own scripts: what browsers of some years ago lack is gone, and media keys can be pressed. */
function olderWithMediaKeys() {
  for (const [owner, name] of [[AbortSignal, 'timeout'], [AbortSignal, 'any'], [URL, 'canParse']]) delete owner[name];
  window.mediaKeys = {};
  navigator.mediaSession.setActionHandler = (action, pressed) => { window.mediaKeys[action] = pressed; };
}

test('listening by keyboard', async (t) => {
  const house = await House.open(t);
  const show = await house.show('keys', ['host']);
  const { page } = await house.chromium({ init: [olderWithMediaKeys] });
  await page.goto(show.listen_url);
  await page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
  const state = () => page.evaluate(() => document.querySelector('stentor-listener').state);
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    // A radio button is drawn by what stands beside it.
    const drawn = element.matches('input[type=radio]') ? element.nextElementSibling : element;
    return { name: element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent, outline: getComputedStyle(drawn).outlineStyle };
  });
  const systemPauses = () => until('what plays is paused', () => page.evaluate(() => {
    const playing = window.ears.programme();
    playing?.pause();
    return Boolean(playing);
  }));
  const tabTo = async (name) => {
    for (let i = 0; i < TABS_MAX; i += 1) {
      await page.keyboard.press('Tab');
      const at = await focused();
      assert.notEqual(at.outline, 'none', `the focus on ${at.name} is not to be seen`);
      if (at.name.includes(name)) return;
    }
    throw new Error(`no way by Tab to ${name}`);
  };

  // The page is built anew in the other language, and the keyboard is where it was.
  await tabTo('Deutsch');
  for (const other of ['English', 'Deutsch']) {
    await page.keyboard.press('Enter');
    await until(`the switch says ${other} and has the focus`, async () => (await focused()).name === other);
  }
  await tabTo('Listen');
  await page.keyboard.press('Enter');
  await until('it plays', async () => (await state()).phase === 'playing');
  await until('there is something to go back to', async () => (await state()).show_s > 8);

  await t.test('the bar goes in steps, and back to live', async () => {
    await tabTo('Position in the show');
    const { position_s } = await state();
    await page.keyboard.press('ArrowLeft');
    await until('it is some seconds back', async () => (await state()).position_s < position_s - 2);
    assert.equal((await state()).following, 'behind');
    assert.ok((await state()).position_s > position_s - 6.5, 'and not more than a step');
    await page.keyboard.press('Home');
    await until('it is at the beginning', async () => (await state()).show_s < 3);
    await page.keyboard.press('End');
    await until('it is live', async () => (await state()).following === 'live');
  });
  await t.test('a pause by the system keeps the place, and a media key goes on there', async () => {
    await page.keyboard.press('Home');
    await until('it plays at the beginning', async () => (await state()).show_s < 3 && (await state()).phase === 'playing');
    await systemPauses();
    await page.getByText('Paused. Play goes on from here.').waitFor();
    const { position_s, edge_s } = await state();
    await until('the show goes on without us', async () => (await state()).edge_s > edge_s + 3);
    // The element learns from its sound device where exactly it stopped: milliseconds later.
    const moved_s = (await state()).position_s - position_s;
    assert.ok(Math.abs(moved_s) < 0.1, `paused, it moved by ${moved_s} s`);
    await page.evaluate(() => window.mediaKeys.play({ action: 'play' }));
    await until('sound moves', async () => (await state()).phase === 'playing' && (await state()).position_s > position_s);
    assert.ok((await state()).position_s < position_s + 3, `from ${position_s} to ${(await state()).position_s}`);
  });
  await t.test('a place that is chosen in a pause is where it goes on', async () => {
    await page.evaluate(() => window.mediaKeys.pause({ action: 'pause' }));
    await until('it is paused', async () => (await state()).phase === 'paused');
    const { position_s } = await state();
    await page.keyboard.press('ArrowRight');
    await until('the place moves', async () => (await state()).position_s > position_s + 2);
    assert.equal((await state()).phase, 'paused');
    const chosen = await state();
    await page.evaluate(() => window.mediaKeys.play({ action: 'play' }));
    await until('sound moves', async () => (await state()).phase === 'playing' && (await state()).position_s > chosen.position_s);
  });
  await t.test('whoever was live goes on live', async () => {
    await page.keyboard.press('End');
    await until('it is live', async () => (await state()).following === 'live' && (await state()).phase === 'playing');
    await systemPauses();
    await page.getByText('Paused. Play goes on live.').waitFor();
    const { edge_s } = await state();
    await until('the show goes on without us', async () => (await state()).edge_s > edge_s + 5);
    await page.getByRole('button', { name: 'Play', exact: true }).press('Enter');
    await until('sound moves', async () => (await state()).phase === 'playing' && (await state()).position_s > edge_s);
  });
  await t.test('the choices', async () => {
    await tabTo('Steady');
    await page.keyboard.press('ArrowRight');
    await until('it goes near to live', async () => (await state()).close);
    await tabTo('Quality');
    await page.keyboard.press('End');
    await until('the sparing quality is taken', async () => (await state()).kbps === 16);
    await until('and it plays', async () => (await state()).phase === 'playing');
    await page.reload();
    await until('both are remembered', async () => (await state()).kbps === 16 && page.getByLabel('Close to live').isChecked());
  });
  await t.test('the answer opens where the focus is, and closing gives the focus back', async () => {
    await tabTo('Why can’t I hear?');
    await page.keyboard.press('Enter');
    await until('its heading has the focus', () => page.evaluate(() => document.activeElement.matches('stentor-why h2')));
    await page.keyboard.press('Tab');
    await tabTo('Close');
    await page.keyboard.press('Enter');
    await until('the button has the focus', async () => (await focused()).name === 'Why can’t I hear?');
  });
});
