// The listener's page stands by itself: without a server it says so, also after a reload, and it is a show's page again
// as soon as the server is back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { House } from '../harness/house.mjs';
import { until } from '../harness/until.mjs';

test('the page without its server', async (t) => {
  const house = await House.open(t);
  const show = await house.show('shell', ['host']);
  const { page } = await house.chromium();
  const state = () => page.evaluate(() => document.querySelector('stentor-listener').state);
  await page.goto(show.listen_url);
  await page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
  await until('the page keeps itself', () => page.evaluate(() => navigator.serviceWorker.controller !== null));

  await t.test('only the page and its files are kept, never what a show says', async () => {
    const kept = await page.evaluate(async () => {
      const requests = (await caches.keys()).map(async (name) => (await caches.open(name)).keys());
      return (await Promise.all(requests)).flat().map((request) => new URL(request.url).pathname);
    });
    assert.ok(kept.includes('/listener.html'), kept.join());
    assert.deepEqual(kept.filter((path) => path !== '/listener.html' && !path.startsWith('/assets/')), []);
  });

  await t.test('a server that answers comes first, whatever is kept', async () => {
    const keep = (text) => page.evaluate(async (text) => {
      const cache = await caches.open((await caches.keys())[0]);
      const before = await (await cache.match('/listener.html')).text();
      await cache.put('/listener.html', new Response(text, { headers: { 'content-type': 'text/html' } }));
      return before;
    }, text);
    const good = await keep('<p>spoilt</p>');
    // A machine that is busy for longer than the worker waits gets what is kept, and the server's page at a later try.
    await until('the page is the server’s', async () => {
      await page.reload();
      return (await page.locator('stentor-listener').count()) === 1;
    });
    assert.equal(await keep(good), '<p>spoilt</p>');
  });

  await t.test('a server that hangs is as silent as one that is gone', async () => {
    process.kill(house.server.pid, 'SIGSTOP');
    await page.reload();
    await page.getByText(/^No answer from the server since \d\d:\d\d\./).waitFor();
    process.kill(house.server.pid, 'SIGCONT');
    await page.getByRole('button', { name: 'Listen', exact: true }).waitFor();
  });

  await house.server.kill();
  // A status document may be a second old: the page has to know of the silence before it is loaded anew.
  await page.getByText(/^No answer from the server since \d\d:\d\d\./).waitFor();
  await t.test('a reload says since when nobody answers, and where the recording will be', async () => {
    await page.reload();
    await page.getByText(/^No answer from the server since \d\d:\d\d\./).waitFor();
    await page.getByText(/^Trying again in \d+ s\./).waitFor();
    const { sentence } = await state();
    assert.ok(sentence.endsWith(`The recording will be at ${show.listen_url.replace('http://', '')}.`), sentence);
    await page.getByRole('heading', { name: 'The show shell' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Listen', exact: true }).isVisible(), false);
  });
  await t.test('what is loaded on demand is kept as well', async () => {
    await page.getByRole('button', { name: 'Why can’t I hear?' }).click();
    await page.locator('[data-step=server][data-verdict=bad]').waitFor();
  });

  await house.server.startAgain();
  await t.test('the server is back: the show is heard again without a reload', async () => {
    // The open panel has a button of that name as well.
    await page.getByRole('button', { name: 'Listen', exact: true }).first().click();
    await until('sound moves', async () => (await state()).phase === 'playing');
  });
});
