// SIGHUP in the middle of a show: a good file comes into force as a whole, a wrong one not at all (fault 66).

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { Desk } from '../harness/desk.mjs';
import { House } from '../harness/house.mjs';
import { startServer } from '../harness/server.mjs';
import { until } from '../harness/until.mjs';

test('SIGHUP', async (t) => {
  const house = await House.empty(t);
  const config = house.path('stentor.toml');
  const imprint = (host) => `[pages]\nimprint_url = "https://${host}/imprint"\n`;
  writeFileSync(config, imprint('a.test'));
  house.server = await startServer(house.folder, { flags: ['--config', config] });
  house.keep({ close: () => house.server.kill() });
  house.desk = new Desk(house.server);
  await house.show('evening', []);
  const said = [];
  const reload = async (text, notice) => {
    const before = said.length;
    writeFileSync(config, text);
    process.kill(house.server.pid, 'SIGHUP');
    return until(`the log says ${notice}`, () => {
      said.splice(0, said.length, ...house.server.said().split('\n').filter((line) => line.includes(' config_')));
      return said.slice(before).find((line) => line.includes(`${notice}:`));
    });
  };
  assert.match(await reload(imprint('b.test'), 'config_reloaded'), /changed: pages\.imprint_url/);
  await house.untilStatus('evening', 'the new link', ({ pages }) => pages.imprint === 'https://b.test/imprint');
  await reload(`${imprint('c.test')}[shows]\nmax = 3\n`, 'config_refused');
  assert.match(said.find((line) => line.includes('config_fixed')), /shows\.max cannot change from 8 to 3/);
  assert.match(await reload(`${imprint('c.test')}[shws]\n`, 'config_refused'), /did you mean `shows`\?/);
  const status = await house.untilStatus('evening', 'the show goes on', ({ phase }) => phase === 'on_air');
  assert.equal(status.pages.imprint, 'https://b.test/imprint', 'nothing of a refused file is in force');
});
