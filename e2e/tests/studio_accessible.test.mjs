// axe finds nothing on the studio page and the operator's and nothing sticks out of them, in any of their states, in both
// languages and both colour schemes. With STENTOR_SHOTS=FOLDER each state is also pictured there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode } from '../harness/ears.mjs';
import { House } from '../harness/house.mjs';
import { walkIn } from '../harness/looks.mjs';
import { studioState } from '../harness/studio.mjs';
import { until } from '../harness/until.mjs';
import { writeWav } from '../sound/tones.mjs';

const SPEECH = new URL('../../assets/demo/ada.opus', import.meta.url).pathname;
const DELAY_S = 7;

test('every state of the studio page and of the operator’s', async (t) => {
  const house = await House.open(t);
  const microphone = writeWav(house.path('speech.wav'), await decode(SPEECH, house.folder));
  const { page } = await house.chromium({ microphone });
  const walks = ['studio', 'studio-guest'].map((name) => walkIn(t, page.context().browser(), name, { permissions: ['microphone'] }));
  const [host, guest] = (await Promise.all(walks)).map((walk) => ({ ...walk, ...studioOf(walk) }));
  await theDesk(house, await walkIn(t, page.context().browser(), 'operator'));
  await withoutAWayIn(house, host);
  const links = await linksOf(house, 'evening');
  await theCheck(host, links.map(({ host }) => host.url));
  await backstage(guest, links.map(({ guest }) => guest.url));
  await onAir(house, host, guest, links);
  await directed(house, host, guest, links);
  await theEnd(house, host);
  await lateShow(house, host);
});

/** What a walk through the studio does besides. */
function studioOf({ all, see, press }) {
  const untilStanding = (standing) => all((page) => until(`it is ${standing}`, async () => (await studioState(page)).standing === standing));
  return {
    open: (urls) => all((page, i) => page.goto(urls[i])),
    untilStanding,
    /** From the invitation to the check. */
    agree: async (name = 'Ada Lovelace') => {
      await all((page) => page.getByRole('textbox').fill(name));
      await press('#agree');
      await press('form .primary');
    },
    join: async () => {
      await press('.card > .primary');
      await press('.opened > .primary');
      await see('.air');
    },
  };
}

/** A show for each language, so that the two walks do not meet; its links and what is called for it. */
function linksOf(house, name, more = {}) {
  return Promise.all(['en', 'de'].map(async (language) => {
    const id = `${name}-${language}`;
    await house.desk.createShow({ id, title: 'An evening with Ada Lovelace', language, ...more });
    return { id, host: await house.desk.link(id, 'host'), guest: await house.desk.link(id, 'speaker', { label: 'Ben', enters: 'backstage' }) };
  }));
}

const WARNING = { notice: 'certificate_too_short', text: 'The certificate is too short.', fields: { until: '2026-11-30', show: 'desk' } };
const NEWER = { notice: 'cellar_wet', text: 'The cellar is under water.', fields: {} };

async function theDesk(house, walk) {
  await house.desk.createShow({ id: 'desk', title: 'An evening with Ada Lovelace' });
  const url = `${house.server.desk}/operator`;
  await walk.go(url);
  await walk.see('.entrance');
  await walk.look('entrance');
  await walk.all((page) => page.route('**/api/v1/shows', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), warnings: [WARNING, NEWER] } });
  }));
  await walk.go(`${url}#key=${house.server.operator_key}`);
  await walk.press('.entrance .primary');
  await walk.all((page) => page.getByRole('status').getByText(/30 November 2026|30\. November 2026/).waitFor());
  await walk.all((page) => page.getByRole('status').getByText(NEWER.text).waitFor());
  await walk.all((page) => page.getByText(/Disk is well|Festplatte in Ordnung/).waitFor());
  await walk.look('shows');
  await outlivesNews(house, walk);
  await walk.look('end-question');
  await walk.press('.asked .primary');
  await withFocus(walk, /^(Undo|Zurücknehmen) \(/);
  await walk.all((page) => page.keyboard.press('Enter'));
  await withFocus(walk, /^(End|Beenden)$/);
  await hangs(walk);
  await walk.look('silent');
  await walk.all((page) => page.context().close());
}

/** A word half typed, a question that is open and the focus stay while the show changes. */
async function outlivesNews(house, walk) {
  await walk.all((page) => page.locator('.invite input').fill('Grace Hop'));
  await walk.press('.show > .row .primary');
  await withFocus(walk, /^(End|Beenden)$/);
  await walk.press('.show > .row .danger');
  const before = (await house.desk.show('desk')).links.length;
  await house.desk.link('desk', 'speaker', { label: 'Ben' });
  await walk.all((page) => page.locator('.links li').nth(before + 1).waitFor());
  await walk.see('.asked');
  await withFocus(walk, /^(Cancel|Abbrechen)$/);
  await walk.all(async (page) => assert.equal(await page.locator('.invite input').inputValue(), 'Grace Hop'));
}

/** A desk that takes questions and answers none is called silent, and is not asked twice at once. */
async function hangs(walk) {
  await walk.all(async (page) => {
    let [open, open_max] = [0, 0];
    page.on('requestfailed', () => { open -= 1; });
    await page.route('**/api/v1/shows', () => { open_max = Math.max(open_max, (open += 1)); });
    await page.getByText(/^(No answer since|Keine Antwort seit) \d\d:\d\d/).waitFor();
    await page.getByRole('alert').getByText(/^(The desk|Die Regie)/).waitFor();
    await until('it is asked again', () => open === 1);
    assert.equal(open_max, 1);
  });
}

async function withFocus(walk, name) {
  await walk.all((page) => until(`${name} has the focus`, async () => name.test(await page.evaluate(() => document.activeElement.textContent))));
}

async function withoutAWayIn(house, walk) {
  await house.desk.createShow({ id: 'locked', title: 'An evening with Ada Lovelace' });
  const studio = `${house.server.stage}/locked/studio`;
  const expires_at = Date.now() + 2000;
  const expired = await house.desk.link('locked', 'speaker', { expires_at });
  const revoked = await house.desk.link('locked', 'speaker');
  await house.desk.revoke('locked', revoked.id);
  await walk.go(studio);
  await walk.see('.card');
  await walk.look('no-key');
  await until('the link has expired', () => Date.now() > expires_at);
  for (const [state, url] of [['wrong', `${studio}#key=nonsense`], ['expired', expired.url], ['revoked', revoked.url]]) {
    await walk.go(url);
    await walk.see('#agree');
    await walk.agree();
    await walk.see('stentor-studio[data-step=no_key] h1');
    await walk.look(`link-${state}`);
  }
  const good = await house.desk.link('locked', 'speaker');
  await walk.all((page) => page.route('**/studio/presence.js', (route) => route.abort()));
  await walk.all((page) => page.goto('about:blank'));
  await walk.go(good.url);
  await walk.see('.failed .unloaded');
  await walk.look('unloaded');
  await walk.all((page) => page.unroute('**/studio/presence.js'));
  await walk.press('.unloaded button');
  await walk.see('#agree');
}

async function theCheck(walk, urls) {
  await walk.open(urls);
  await walk.see('#agree');
  await walk.look('invitation');
  await walk.agree();
  await walk.see('.card > .primary');
  await walk.look('before-check');
  await walk.all((page) => page.evaluate(() => {
    const { mediaDevices } = navigator;
    mediaDevices.getUserMedia = () => {
      delete mediaDevices.getUserMedia;
      return Promise.reject(new DOMException('', 'NotAllowedError'));
    };
  }));
  await walk.press('.card > .primary');
  await walk.see('.problem:not(:empty)');
  await walk.look('microphone-denied');
  await walk.press('.card > .primary');
  await walk.see('[data-check=microphone][data-grade]');
  await walk.see('[data-check=line][data-grade]');
  await walk.press('[data-check=echo] button');
  await walk.see('[data-check=echo][data-grade]');
  await walk.look('check');
  await walk.press('.opened > .primary');
  await walk.untilStanding('ready');
  await walk.look('ready');
}

async function backstage(walk, urls) {
  await walk.open(urls);
  await walk.agree('Benjamin Franklin-Oppenheimer');
  await walk.join();
  await walk.untilStanding('backstage');
  await walk.look('backstage');
}

async function onAir(house, host, guest, links) {
  await host.press('.host .primary');
  await host.untilStanding('on_air');
  await host.see('.people .talking');
  await host.look('on-air');
  for (const { id, guest: link } of links) await house.desk.command(id, { command: 'place', person: await personOf(house, id, link), place: 'on_air' });
  await guest.untilStanding('on_air');
  await guest.look('on-air');
  await guest.press('.mine summary');
  await guest.see('.devices select');
  await guest.look('devices');
  await host.press('.menu-button >> nth=1');
  await host.see('[role=menuitem]');
  await host.look('menu');
  await host.press('[role=menuitem] >> nth=-1');
  await host.see('.people .question');
  await host.look('revoke');
  await host.press('.people .question button:not(.primary)');
  await host.press('[role=switch]');
  await host.see('[role=switch][aria-checked=true]');
  for (const { id } of links) await raiseHand(house, id);
  await host.see('.hands li');
  await host.all((page) => page.locator('#message').fill('The lights go down in a minute. Telephones off, please, and thank you for being so many.'));
  await host.all((page) => page.locator('#message-to').selectOption('everyone'));
  await host.press('.part form button');
  await host.see('.saying p:not(:empty)');
  await host.press('.others summary');
  await host.all((page) => page.locator('#invite-label').fill('Grace Hopper'));
  await host.press('details form button');
  await host.see('.made');
  await host.look('hands');
}

async function directed(house, host, guest, links) {
  const direct = async (order) => {
    for (const { id, guest: link } of links) await house.desk.command(id, { ...order, person: await personOf(house, id, link) });
  };
  await direct({ command: 'mute', muted: true });
  await guest.untilStanding('on_air_muted');
  await guest.see('.notices .problem');
  await guest.look('muted-by-other');
  await host.press('.mute');
  await host.untilStanding('on_air_muted');
  await host.look('muted');
  await host.press('.mute');
  await direct({ command: 'remove' });
  await guest.see('.card .primary');
  await guest.look('removed');
  // Back with a microphone that gives nothing.
  await guest.all((page) => page.evaluate(() => {
    const context = new AudioContext();
    const nothing = context.createMediaStreamDestination();
    const source = new OscillatorNode(context);
    source.connect(new GainNode(context, { gain: 0 })).connect(nothing);
    source.start();
    navigator.mediaDevices.getUserMedia = () => Promise.resolve(nothing.stream.clone());
  }));
  await guest.press('.card .primary');
  await guest.press('.mute.muted');
  await guest.see('.notices .problem');
  await guest.look('warned');
  await host.see('.people .warning:not(:empty)');
  await host.look('warning');
  await replaced(guest);
}

/** The same person in another tab. */
async function replaced(guest) {
  await guest.all(async (page) => {
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator('.card > .primary').click();
    await other.locator('.opened > .primary').click();
    await page.locator('.card .primary').waitFor();
    await other.close();
  });
  await guest.look('replaced');
  await guest.press('.card .primary');
  await guest.press('.stage .row .quiet');
  await guest.see('.card .primary');
  await guest.look('left');
}

async function theEnd(house, host) {
  await host.press('.host .danger');
  await host.see('.host .question');
  await host.look('end-question');
  await host.press('.host .question .primary');
  await host.untilStanding('ending');
  await host.look('ending');
  await host.all((page) => page.locator('.card .primary').waitFor({ timeout: 60_000 }));
  await host.look('over');
}

async function lateShow(house, host) {
  const links = await linksOf(house, 'late', { delay_s: DELAY_S });
  await host.open(links.map(({ host }) => host.url));
  await host.agree();
  await host.join();
  await host.untilStanding('ready');
  for (const { id } of links) await house.desk.live(id);
  await host.untilStanding('on_air');
  // Armed for three seconds, which is less than axe takes.
  await host.all((page) => page.evaluate(() => { performance.now = () => 1000; }));
  await host.press('.dump');
  await host.see('.dump.armed');
  await host.look('dump-armed');
  await host.all((page) => page.evaluate(() => delete performance.now));
  await house.server.kill();
  await host.untilStanding('reconnecting');
  await host.look('server-lost');
}

async function personOf(house, id, link) {
  const { links } = await house.desk.show(id);
  return links.find((other) => other.id === link.id).person;
}

async function raiseHand(house, id) {
  const body = JSON.stringify({ name: 'Cleo', note: 'I was in the lighthouse on the night of the storm' });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${house.server.front}/${id}/hand`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`a hand in ${id}: ${response.status} ${await response.text()}`);
}
