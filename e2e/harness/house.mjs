// One test's world: a server, a desk, browsers and files, all gone when the test ends.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beeps, writeWav } from '../sound/tones.mjs';
import { chromiumPage, firefoxPage, startSoundServer } from './browsers.mjs';
import { run } from './child.mjs';
import { Desk } from './desk.mjs';
import { startServer } from './server.mjs';
import { until } from './until.mjs';

// The fake microphone repeats its file; 20 s hold a whole number of beeps.
const VOICE_S = 20;

export class House {
  #closers = [];

  /** A house without a server; `t` is the context of node:test. */
  static async empty(t) {
    const house = new House();
    house.folder = mkdtempSync(join(tmpdir(), 'stentor-e2e-'));
    t.after(() => house.#close());
    return house;
  }

  /** A house with a server and its desk; `config` is the text of a configuration file. */
  static async open(t, options = {}) {
    const house = await House.empty(t);
    await house.#start(options);
    return house;
  }

  async #start({ config, flags = [], ...options }) {
    const file = this.path('stentor.toml');
    if (config !== undefined) writeFileSync(file, config);
    this.server = await startServer(this.folder, { ...options, flags: config === undefined ? flags : [...flags, '--config', file] });
    this.#closers.push(() => this.server.kill());
    this.desk = new Desk(this.server);
  }

  /**
   * The same with TLS at every door, by a certificate that `stentor cert` makes; `ca` is its authority. The desk takes plain HTTP
   * on this machine all the same.
   */
  static async withTls(t, { config = '', ...options } = {}) {
    const house = await House.empty(t);
    await run(process.env.STENTOR_BIN, ['cert', '--for', 'localhost', '--for', '127.0.0.1', '--dir', house.folder]);
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => house.path(name));
    await house.#start({ config: `${config}\n[tls]\ncert = "${cert}"\nkey = "${key}"\n`, tls: true, ...options });
    house.ca = readFileSync(house.path('ca.pem'));
    return house;
  }

  /** Something else that has to be closed at the end. */
  keep(thing) {
    this.#closers.push(() => thing.close());
    return thing;
  }

  path(name) {
    return join(this.folder, name);
  }

  /** A WAV file of a voice of one pitch. */
  voice(pitch_hz) {
    return writeWav(this.path(`${pitch_hz}.wav`), beeps(pitch_hz, VOICE_S));
  }

  async chromium(options) {
    return this.keep(await chromiumPage(options));
  }

  async firefox(options) {
    return this.keep(await firefoxPage(options));
  }

  async soundServer() {
    return this.keep(await startSoundServer(this.folder));
  }

  /** A show with a link for each role asked for; on air unless `live` is false. */
  async show(id, roles, { live = true } = {}) {
    await this.desk.createShow({ id, title: `The show ${id}` });
    const links = [];
    for (const role of roles) links.push(await this.desk.link(id, role));
    if (live) await this.desk.live(id);
    return { id, links, listen_url: `${this.server.front}/${id}` };
  }

  async status(id) {
    const response = await fetch(`${this.server.front}/${id}/status`);
    if (!response.ok) throw new Error(`status of ${id}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** One of the server's metrics: of this name, or of this name and these labels; the sum if it has labels that are not told. */
  async metric(name) {
    const text = await (await fetch(`${this.server.desk}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** The status, once it says this. */
  async untilStatus(id, what, says, options) {
    return until(what, async () => {
      const status = await this.status(id);
      return says(status) ? status : null;
    }, options);
  }

  async #close() {
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A person in Chromium goes through the studio's doors until the stage has them. */
export async function takeStage(page, url, name) {
  await page.goto(url);
  await enterStage(page, name);
}

/** The same where the invitation is open already. */
export async function enterStage(page, name) {
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('I agree that my voice is recorded and published').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Open microphone' }).click();
  await page.getByRole('button', { name: 'Join the stage' }).click();
  await until(`${name} is on the stage`, () => page.evaluate(() => Boolean(window.ears.connected())));
}

/** A person in Chromium opens the listener's page and presses the one button. */
export async function pressListen(page, url) {
  await page.goto(url);
  await page.getByRole('button', { name: 'Listen', exact: true }).click();
  await until('the page plays', () => page.evaluate(() => Boolean(window.ears.programme())));
}
