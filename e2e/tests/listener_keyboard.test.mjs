// The listener's page by keys alone, with the focus always to be seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

const TABS_MAX = 30;

test('listening by keyboard', async (t) => {
  const house = await House.open(t);
  const show = await house.show('keys', ['host']);
  const { page } = await house.chromium();
  await page.goto(show.listen_url);
  await page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
  const state = () => page.evaluate(() => document.querySelector('stentor-listener').state);
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    // A radio button is drawn by what stands beside it.
    const drawn = element.matches('input[type=radio]') ? element.nextElementSibling : element;
    return { name: element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent, outline: getComputedStyle(drawn).outlineStyle };
  });
  const tabTo = async (name) => {
    for (let i = 0; i < TABS_MAX; i += 1) {
      await page.keyboard.press('Tab');
      const at = await focused();
      assert.notEqual(at.outline, 'none', `the focus on ${at.name} is not to be seen`);
      if (at.name.includes(name)) return;
    }
    throw new Error(`no way by Tab to ${name}`);
  };

  await tabTo('Listen');
  await page.keyboard.press('Enter');
  await until('it plays', async () => (await state()).phase === 'playing');
  await until('there is something to go back to', async () => (await state()).show_s > 8);

  await t.test('the bar goes in steps, and back to live', async () => {
    await tabTo('Place in the show');
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
