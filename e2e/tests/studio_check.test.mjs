// The studio from the link to the end of the show: the check grades what it measures and holds nobody back, the page
// says where one stands, and after the end nothing on it looks as if the microphone were open.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultsOf } from '../harness/axe.mjs';
import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ, RATE_HZ, writeWav } from '../sound/tones.mjs';

const SILENCE_S = 5;

test('a person checks, joins, goes on air, comes back and is let go', async (t) => {
  const house = await House.open(t);
  const show = await house.show('rehearsal', ['host'], { live: false });
  const { page, said } = await house.chromium({ microphone: house.voice(PITCH_A_HZ) });
  const state = () => page.evaluate(() => document.querySelector('stentor-studio').state);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  const isSound = async (what) => assert.deepEqual(await faultsOf(page), [], what);

  await invited(page, show.links[0].url);
  await isSound('the invitation');
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('I agree that my voice is recorded and published').check();
  await press('Continue');
  await press('Open microphone');
  await t.test('microphone, line and echo get a grade each', async () => {
    const { microphone } = await until('the voice is graded', async () => ((await state()).check?.microphone ? (await state()).check : null));
    assert.notEqual(microphone.finding, 'dead');
    await until('the line is graded', async () => (await state()).check.line);
    await press('Test the echo');
    const echo = await until('the echo is graded', async () => ((await state()).check.echo.grade ? (await state()).check.echo : null));
    assert.deepEqual(echo, { grade: 'good', finding: 'none' }, 'a microphone that is a file hears no loudspeaker');
    await isSound('the check');
  });
  await press('Join the stage');
  await until('the page says that it is not on air yet', async () => (await state()).standing === 'ready');
  await isSound('the stage');
  await press('Go on air');
  await until('the page says that it is on air', async () => (await state()).standing === 'on_air');
  assert.match(await page.title(), /On air/);
  await t.test('a reload comes back to the stage by itself', async () => {
    await page.reload();
    await until('it is on air again', async () => (await state()).standing === 'on_air');
  });
  await t.test('a device whose clock is years ahead is let in as well', async () => {
    const ahead = await page.context().newPage();
    await ahead.addInitScript(() => {
      const { now } = Date;
      Date.now = () => now() + 10 * 365 * 24 * 3_600_000;
    });
    await ahead.goto(page.url());
    await until('it is at the check', async () => (await ahead.evaluate(() => document.querySelector('stentor-studio').state)).step === 'check');
    await ahead.close();
  });
  await t.test('what is being written is still there in another language', async () => {
    await page.locator('#message').fill('Two minutes left');
    await press('Deutsch');
    await page.getByRole('button', { name: 'English', exact: true }).waitFor();
    assert.equal(await page.locator('#message').inputValue(), 'Two minutes left');
    await press('English');
    await page.getByRole('button', { name: 'Deutsch', exact: true }).waitFor();
    await page.locator('#message').fill('');
  });
  await t.test('hands are answered one after the other by keyboard', () => answersHands(page, house));
  await t.test('what a press leads to has the focus', async () => {
    await press('End the show');
    await press('Yes, end');
    await focused(page, /^Undo the end/);
    await page.keyboard.press('Enter');
    await focused(page, /^End the show$/);
  });
  await press('End the show');
  await press('Yes, end');
  await page.getByRole('heading', { name: 'The show is over' }).waitFor({ timeout: 60_000 });
  await t.test('after the end the microphone is closed, and nothing says otherwise', async () => {
    assert.equal((await state()).microphone, 'closed');
    assert.equal(await page.getByRole('button', { name: /mute/i }).count(), 0);
    assert.equal(await page.getByText(/connected|good connection/i).count(), 0);
    await isSound('the end');
  });
  assert.deepEqual(said.filter((line) => line.startsWith('error')), []);
});

test('a dead microphone is named, and keeps nobody from the stage', async (t) => {
  const house = await House.open(t);
  const show = await house.show('dead', ['speaker'], { live: false });
  const silence = writeWav(house.path('silence.wav'), new Float32Array(SILENCE_S * RATE_HZ));
  const { page } = await house.chromium({ microphone: silence });
  const state = () => page.evaluate(() => document.querySelector('stentor-studio').state);
  await invited(page, show.links[0].url);
  await page.getByLabel('Your name').fill('Ben');
  await page.getByLabel('I agree that my voice is recorded and published').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Open microphone' }).click();
  await page.getByText('The microphone gives nothing at all.').waitFor();
  await t.test('a stage that refuses says why, until it takes the connection', async () => {
    const offers = (url) => url.pathname === '/dead/stage';
    const refusal = { status: 409, contentType: 'application/problem+json', body: '{"reason":"stage_full","detail":"The stage is full."}' };
    await page.route(offers, (route) => route.fulfill(refusal));
    await page.getByRole('button', { name: 'Join the stage' }).click();
    await page.getByRole('alert').getByText('The stage is full.').waitFor();
    await page.getByText('Nobody hears you yet. The page is trying again.').waitFor();
    await page.unroute(offers);
    await until('Ben is on the stage', async () => (await state()).connection === 'connected');
    assert.equal(await page.getByText('The stage is full.').count(), 0);
  });
  await t.test('another microphone is chosen on the stage', () => choosesMicrophone(page));
});

async function choosesMicrophone(page) {
  await page.getByText('Microphone and headphones').click();
  const choice = page.getByLabel('Microphone', { exact: true });
  const sent = () => page.evaluate(() => window.ears.connected().getSenders()[0].track.getSettings().deviceId);
  const [before, other] = [await sent(), await choice.locator('option').last().getAttribute('value')];
  assert.notEqual(other, before);
  await choice.selectOption(other);
  await until('the other microphone is sent', async () => (await sent()) === other);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'));
  });
  await choice.selectOption('');
  await page.getByRole('alert').getByText('Until then the one before stays in use.').waitFor();
  await until('the list names the one in use', async () => (await choice.inputValue()) === other);
  assert.equal(await sent(), other);
}

/** Two listeners ask; the answer to one leaves the focus on the other, and that to the last on the switch. */
async function answersHands(page, house) {
  await page.getByRole('switch', { name: 'Listeners may raise a hand' }).click();
  await house.untilStatus('rehearsal', 'hands are open', ({ hands_open }) => hands_open);
  for (const name of ['Cleo', 'Dan']) {
    const body = JSON.stringify({ name });
    const answer = await fetch(`${house.server.front}/rehearsal/hand`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.equal(answer.status, 201);
  }
  await page.getByRole('button', { name: 'No to Dan' }).waitFor();
  await page.getByRole('button', { name: 'No to Cleo' }).press('Enter');
  await focused(page, /^No to Dan$/);
  await page.keyboard.press('Enter');
  await focused(page, /^Listeners may raise a hand$/);
}

async function focused(page, name) {
  const nameOf = () => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent);
  await until(`${name} has the focus`, async () => name.test(await nameOf()));
}

async function invited(page, url) {
  await page.goto(url);
  await page.getByRole('heading', { name: 'You are invited to the stage' }).waitFor();
}
