// The stage as its people and its listeners know it: who is heard by whom, told by pitch, while a host directs a guest
// and brings a listener in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hearProgramme, hearStage, untilHeard } from '../harness/ears.mjs';
import { House, enterStage, pressListen, takeStage } from '../harness/house.mjs';
import { direct, personOf, press, studioState } from '../harness/studio.mjs';
import { until } from '../harness/until.mjs';
import { assertPitches, assertUnheard } from '../sound/pitch.mjs';
import { PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ } from '../sound/tones.mjs';

// Long enough for eight beeps.
const HEARD_S = 4;
const [ADA, BEN, CLEO] = [PITCH_A_HZ, PITCH_B_HZ, PITCH_C_HZ];

test('an evening on the stage', async (t) => {
  const house = await House.open(t);
  await house.desk.createShow({ id: 'evening', title: 'An evening' });
  const [host, guest] = [await house.desk.link('evening', 'host'), await house.desk.link('evening', 'speaker', { enters: 'backstage' })];
  const [ada, ben, cleo] = await Promise.all([ADA, BEN, CLEO].map((hz) => house.chromium({ microphone: house.voice(hz) })));
  await takeStage(ada.page, host.url, 'Ada');
  await takeStage(ben.page, guest.url, 'Ben');
  // Beeps are noise to what takes the noise behind voices out.
  for (const name of ['Ada (you)', 'Ben']) await raw(ada.page, name);
  await press(ada.page, 'Go on air');

  const speaking = (...names) => house.untilStatus('evening', `${names} speak`, (status) => status.speaking.toSorted().join() === names.join());
  await speaking('Ada');
  await pressListen(cleo.page, `${house.server.front}/evening`);
  const programmeSince = async ({ live_at_s }) => {
    await untilHeard(cleo.page, live_at_s);
    return hearProgramme(cleo.page, HEARD_S);
  };
  const stages = () => Promise.all([hearStage(ada.page, HEARD_S), hearStage(ben.page, HEARD_S)]);

  await t.test('a guest backstage hears the stage, and is heard by nobody on air', async (t) => {
    assert.equal((await personOf(ada.page, 'Ben')).place, 'backstage');
    const [programme, [toAda, toBen]] = await Promise.all([programmeSince(await speaking('Ada')), stages()]);
    t.diagnostic(assertPitches(programme, { heard: [ADA], unheard: [BEN] }, 'the listener'));
    t.diagnostic(assertPitches(toBen, { heard: [ADA], unheard: [BEN] }, 'Ben'));
    t.diagnostic(assertUnheard(toAda, [ADA, BEN], 'Ada'));
  });
  await t.test('backstage together they hear each other, and listeners hear neither', async (t) => {
    await press(ada.page, 'Go backstage');
    const alone = await house.untilStatus('evening', 'nobody is on air', ({ slate }) => slate === 'nobody_connected');
    const [programme, [toAda, toBen]] = await Promise.all([programmeSince(alone), stages()]);
    t.diagnostic(assertPitches(toAda, { heard: [BEN], unheard: [ADA] }, 'Ada'));
    t.diagnostic(assertPitches(toBen, { heard: [ADA], unheard: [BEN] }, 'Ben'));
    t.diagnostic(assertUnheard(programme, [ADA, BEN], 'the listener'));
    await press(ada.page, 'Put me on air');
    await speaking('Ada');
  });
  await t.test('brought on air, the guest is heard by all', async (t) => {
    await direct(ada.page, 'Ben', 'Bring on air');
    const [programme, [toAda, toBen]] = await Promise.all([programmeSince(await speaking('Ada', 'Ben')), stages()]);
    t.diagnostic(assertPitches(programme, { heard: [ADA, BEN], unheard: [CLEO] }, 'the listener'));
    t.diagnostic(assertPitches(toAda, { heard: [BEN], unheard: [ADA] }, 'Ada'));
    t.diagnostic(assertPitches(toBen, { heard: [ADA], unheard: [BEN] }, 'Ben'));
    // How good it is depends on what else this machine does; that it is said, and by which path, does not.
    await ada.page.getByText(/^(Good|Unsteady|Bad) connection · UDP/).first().waitFor();
  });
  await t.test('muted by the host, the guest is gone from the programme and told so', async (t) => {
    await direct(ada.page, 'Ben', 'Mute');
    await ben.page.getByText('You were muted from the stage.').waitFor();
    t.diagnostic(assertPitches(await programmeSince(await speaking('Ada')), { heard: [ADA], unheard: [BEN] }, 'the listener'));
  });
  await t.test('and opens the microphone again', async (t) => {
    await press(ben.page, 'Unmute me');
    t.diagnostic(assertPitches(await programmeSince(await speaking('Ada', 'Ben')), { heard: [ADA, BEN] }, 'the listener'));
  });
  await t.test('removed, the guest is told so and does not come back alone', async (t) => {
    await direct(ada.page, 'Ben', 'Remove');
    await ben.page.getByRole('heading', { name: 'You were taken off the stage' }).waitFor();
    assert.equal((await studioState(ben.page)).microphone, 'closed');
    // Heard for longer than a page that lost its connection needs to come back.
    t.diagnostic(assertPitches(await programmeSince(await speaking('Ada')), { heard: [ADA], unheard: [BEN] }, 'the listener'));
    assert.equal((await studioState(ben.page)).step, 'removed');
    assert.equal((await personOf(ada.page, 'Ben')).connected, false);
  });
  await t.test('and comes back by the same link, backstage', async () => {
    await takeStage(ben.page, guest.url, 'Ben');
    const back = await until('Ben is here', async () => ((await personOf(ada.page, 'Ben')).connected ? personOf(ada.page, 'Ben') : null));
    assert.equal(back.place, 'backstage');
    assert.deepEqual((await house.status('evening')).people, ['Ada']);
  });
  await t.test('a host who leaves ends nothing, and finds the place as it was', async () => {
    await press(ada.page, 'Leave');
    await ada.page.getByRole('heading', { name: 'You have left the stage' }).waitFor();
    const left = await house.untilStatus('evening', 'nobody is on air', ({ slate }) => slate === 'nobody_connected');
    assert.equal(left.phase, 'on_air');
    await press(ada.page, 'Come back');
    await until('Ada is on air', async () => (await studioState(ada.page)).standing === 'on_air');
    await speaking('Ada');
  });
  await t.test('a message to everybody is read by listeners until it is taken down', () => saysToAll(ada.page, cleo.page));
  await t.test('a listener raises a hand and is brought on air', async (t) => {
    const invitation = await raiseHand(ada.page, cleo.page);
    await cleo.page.getByRole('link', { name: 'Open the studio' }).click();
    await until('the name is there already', async () => (await cleo.page.getByLabel('Your name').inputValue()) === 'Cleo');
    await enterStage(cleo.page, 'Cleo');
    const arrived = await until('Cleo is here', async () => ((await personOf(ada.page, 'Cleo'))?.connected ? personOf(ada.page, 'Cleo') : null));
    assert.deepEqual([arrived.place, arrived.role], ['backstage', 'speaker']);
    await raw(ada.page, 'Cleo');
    await direct(ada.page, 'Cleo', 'Bring on air');
    await speaking('Ada', 'Cleo');
    t.diagnostic(assertPitches(await hearStage(ada.page, HEARD_S), { heard: [CLEO], unheard: [ADA, BEN] }, 'Ada'));
    t.diagnostic(assertPitches(await hearStage(ben.page, HEARD_S), { heard: [ADA, CLEO], unheard: [BEN] }, 'Ben'));
    await secondUse(cleo.page, invitation);
  });
  await t.test('no page complains', () => {
    // A link used twice is refused with 409; a session that the stage has ended already is not there (404) for its page to end.
    const complaint = (line) => line.startsWith('error') && !/\b(409|404)\b/.test(line);
    const errors = [ada, ben, cleo].flatMap(({ said }) => said.filter(complaint));
    assert.deepEqual(errors, []);
  });
});

/** Leaves a person's sound as the microphone gives it. */
async function raw(page, name) {
  await direct(page, name.replace(' (you)', ''), 'Leave the sound raw');
  await page.getByRole('listitem').filter({ hasText: name }).getByText('Raw sound').waitFor();
}

async function saysToAll(host, listener) {
  const text = 'We take questions in ten minutes';
  await host.getByRole('textbox', { name: 'Message' }).fill(text);
  await host.getByLabel('For', { exact: true }).selectOption({ label: 'Everybody: the stage and listeners' });
  await press(host, 'Show it');
  await listener.getByText(text).waitFor();
  await press(host, 'Take down the message to everybody');
  await listener.getByText(text).waitFor({ state: 'hidden' });
}

/** From the open hands to the host's yes; the link of one use. */
async function raiseHand(host, listener) {
  await host.getByRole('switch', { name: 'Listeners may raise a hand' }).click();
  await press(listener, 'Raise a hand');
  await listener.getByLabel('Your name').fill('Cleo');
  await listener.getByLabel('What about? (optional)').fill('About tides');
  await listener.getByRole('dialog').getByRole('button', { name: 'Raise a hand' }).click();
  await listener.getByText('You are next.').waitFor();
  await host.getByText('About tides').waitFor();
  // Another language builds the page anew, and the hand that is up moves with it: the host still sees one, and no second.
  await press(listener, 'Deutsch');
  await listener.getByText('Du bist als Nächstes dran.').waitFor();
  await press(listener, 'English');
  await listener.getByText('You are next.').waitFor();
  assert.deepEqual((await studioState(host)).stage.hands.map(({ name }) => name), ['Cleo']);
  await press(host, 'Yes, invite Cleo');
  await listener.getByRole('dialog').getByRole('link', { name: 'Open the studio' }).waitFor();
  // A dialog that is closed without an answer leaves the yes as it is, in the page.
  await listener.keyboard.press('Escape');
  await listener.getByRole('dialog').waitFor({ state: 'hidden' });
  return listener.getByRole('link', { name: 'Open the studio' }).getAttribute('href');
}

/** Somebody else who has the link comes too late. */
async function secondUse(page, link) {
  const elsewhere = await page.context().browser().newContext({ locale: 'en-GB' });
  const other = await elsewhere.newPage();
  await other.goto(link);
  await other.getByLabel('Your name').fill('Mallory');
  await other.getByLabel('I agree that my voice is recorded and published').check();
  await press(other, 'Continue');
  await other.getByRole('alert').filter({ hasText: 'It lets one browser in' }).waitFor();
  await elsewhere.close();
}
