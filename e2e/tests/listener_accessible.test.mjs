// axe finds nothing on the listener's page and nothing sticks out of it, in any of its states, in both languages and both
// colour schemes. With STENTOR_SHOTS=FOLDER each state is also pictured there.

import { test } from 'node:test';

import { House, takeStage } from '../harness/house.mjs';
import { walkIn } from '../harness/looks.mjs';
import { press } from '../harness/studio.mjs';
import { until } from '../harness/until.mjs';
import { PITCH_A_HZ } from '../sound/tones.mjs';

// Who asks to speak, in each language.
const LISTENERS = ['Cleo', 'Käthe'];

test('every state of the listener’s page', async (t) => {
  const house = await House.open(t);
  const microphone = house.voice(PITCH_A_HZ);
  const [speaker, { page }] = await Promise.all([house.chromium({ microphone }), house.chromium()]);
  const walk = await walkIn(t, page.context().browser(), 'listener');
  const state = (page) => page.evaluate(() => document.querySelector('stentor-listener').state);
  const untilAll = (what, is) => walk.all((page) => until(what, async () => is(await state(page))));
  const stage = { house, walk, untilAll, speaker: speaker.page };
  await beforeTheDoors(stage);
  const show = await house.show('evening', ['host'], { live: false });
  await takeStage(speaker.page, show.links[0].url, 'Ada Lovelace');
  await atTheDoors(stage);
  await onAir(stage, show);
  await withHands(stage);
  await theEnd(stage, show);
  await withoutServer(stage);
});

async function beforeTheDoors({ house, walk }) {
  await walk.go(`${house.server.front}/nobody`);
  await walk.see('.sentence:not(:empty)');
  await walk.look('unknown');
  await house.desk.createShow({ id: 'soon', title: 'Tomorrow night with Ada', starts_at: Date.now() + 3_600_000 });
  await walk.go(`${house.server.front}/soon`);
  await walk.see('.listen');
  await walk.look('closed');
  await walk.press('.listen');
  await walk.look('armed');
}

async function atTheDoors({ house, walk }) {
  await house.desk.createShow({ id: 'begins', title: 'It begins in a moment', starts_at: Date.now() + 60_000 });
  await walk.go(`${house.server.front}/begins`);
  await walk.see('.listen');
  await walk.look('doors');
}

async function onAir({ house, walk, untilAll }, show) {
  await house.desk.live('evening');
  await house.untilStatus('evening', 'Ada speaks', (status) => status.speaking.length > 0);
  await walk.go(show.listen_url);
  await walk.see('.moves');
  await walk.look('on-air');
  await walk.press('.listen');
  await untilAll('it plays', ({ phase, show_s }) => phase === 'playing' && show_s > 6);
  await walk.look('playing');
  await walk.all((page) => page.locator('stentor-scrub input').press('Home'));
  await untilAll('it is behind', ({ following }) => following === 'behind');
  await walk.look('behind');
  await walk.press('.tool >> nth=2');
  await walk.see('.conclusion:not(:empty)');
  await walk.all((page) => until('all is checked', async () => (await page.locator('[data-verdict=checking]').count()) === 0));
  await walk.look('why');
  await walk.press('stentor-why .quiet');
}

async function withHands({ house, walk, speaker }) {
  await house.desk.command('evening', { command: 'say', to: 'everyone', text: 'We take questions in ten minutes. Raise a hand!' });
  await walk.see('.message:not(:empty)');
  await walk.look('message');
  await house.desk.command('evening', { command: 'hands', open: true });
  await walk.press('.tool >> nth=0');
  await walk.see('dialog form');
  await walk.look('hand');
  await walk.all((page, i) => page.locator('dialog input').first().fill(LISTENERS[i]));
  await walk.press('dialog .primary');
  await walk.see('.hand-line');
  await walk.look('hand-waiting');
  for (const name of LISTENERS) await press(speaker, `Yes, invite ${name}`);
  await walk.see('dialog .enter');
  await walk.look('hand-accepted');
  await walk.all((page) => page.keyboard.press('Escape'));
  await walk.all((page) => page.locator('dialog').waitFor({ state: 'hidden' }));
  await walk.look('hand-invited');
  await walk.press('.hand button');
}

async function theEnd({ house, walk, untilAll, speaker }, show) {
  await speaker.close();
  const slate = await house.untilStatus('evening', 'nobody is there', (status) => status.slate === 'nobody_connected');
  await walk.press('.to-live');
  await untilAll('that is heard', ({ position_s }) => position_s > slate.live_at_s);
  await walk.look('slate');
  await house.desk.end('evening');
  await house.untilStatus('evening', 'it ends', (status) => status.phase === 'ending');
  await walk.go(show.listen_url);
  await walk.see('.sentence:not(:empty)');
  await walk.look('ending');
  await walk.all((page) => page.locator('stentor-chapters li').first().waitFor({ timeout: 60_000 }));
  await walk.look('recording');
}

async function withoutServer({ house, walk, untilAll }) {
  await walk.go(`${house.server.front}/begins`);
  await walk.see('.listen');
  await walk.all((page) => page.context().setOffline(true));
  await walk.see('.next:not(:empty)');
  await walk.look('offline');
  await walk.all((page) => page.context().setOffline(false));
  await walk.all((page) => page.locator('.next:empty').waitFor({ state: 'attached' }));
  await walk.press('.listen');
  await untilAll('it plays', ({ phase }) => phase === 'playing');
  process.kill(house.server.pid, 'SIGSTOP');
  await untilAll('its buffer is empty', ({ phase }) => phase === 'buffering' || phase === 'reconnecting');
  await walk.look('stalled');
  await house.server.kill();
  await walk.see('.next:not(:empty)');
  await walk.look('silence');
}
