// The server under test: the built program, on free ports, with a data folder of its own.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { start } from './child.mjs';
import { until } from './until.mjs';

const BINARY = process.env.STENTOR_BIN;

/**
 * Starts `stentor serve` and waits until all doors are open. `media` is the address of the media socket; the
 * default offers every address of the machine, because Firefox takes no candidate on 127.0.0.1. `tls` says that the flags bring a
 * certificate, `descriptors` how many files and connections the process may have.
 */
export async function startServer(folder, { front = '127.0.0.1:0', media = '0.0.0.0:0', ...options } = {}) {
  if (!BINARY) throw new Error('STENTOR_BIN does not name the program; run this through `cargo xtask e2e`');
  const server = new Server(folder, options);
  await server.start({ front, stage: '127.0.0.1:0', media, desk: '127.0.0.1:0' });
  return server;
}

class Server {
  #child;
  #flags;
  #addresses;
  #scheme;
  #limits;

  constructor(folder, { flags = [], tls = false, descriptors }) {
    this.#limits = descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}`];
    this.#scheme = tls ? 'https' : 'http';
    this.folder = folder;
    this.data = join(folder, 'data');
    this.#flags = flags;
  }

  async start(addresses) {
    const ready = join(this.folder, 'ready.json');
    rmSync(ready, { force: true });
    const doors = Object.entries(addresses).flatMap(([door, address]) => [`--${door}`, address]);
    const args = ['serve', '--data', this.data, '--ready-file', ready, ...doors, ...this.#flags];
    const [program, ...all] = [...this.#limits, BINARY, ...args];
    const child = start(program, all);
    this.#child = child;
    const doorsOpen = await until('all doors are open', () => {
      if (!child.running()) return { failed: child.said() };
      return JSON.parse(readFileSync(ready, 'utf8'));
    });
    if (doorsOpen.failed !== undefined) throw new Error(`stentor serve ended: ${doorsOpen.failed}`);
    this.#addresses = doorsOpen;
    this.front = `${this.#scheme}://${doorsOpen.front}`;
    this.stage = `${this.#scheme}://${doorsOpen.stage}`;
    // On this machine only, so it takes both.
    this.desk = `http://${doorsOpen.desk}`;
    this.media_port = Number(doorsOpen.media.split(':').pop());
    this.operator_key = readFileSync(doorsOpen.operator_key_path, 'utf8').trim();
  }

  /** The same data folder on the same ports, as after a crash. */
  async startAgain() {
    const { front, stage, media, desk } = this.#addresses;
    await this.start({ front, stage, media, desk });
  }

  running() {
    return this.#child.running();
  }

  /** The process, for those who measure it. */
  get pid() {
    return this.#child.pid;
  }

  said() {
    return this.#child.said();
  }

  async kill(signal = 'SIGKILL') {
    return this.#child.kill(signal);
  }
}
