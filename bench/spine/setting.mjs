// What the parts share: a house that closes, progress, and rows of the result.

import { join } from 'node:path';

import { start } from '../../e2e/harness/child.mjs';
import { House } from '../../e2e/harness/house.mjs';
import { until } from '../../e2e/harness/until.mjs';

const BEGAN = Date.now();

/** The repository, and the files of this benchmark. */
export const ROOT = new URL('../../', import.meta.url).pathname;
export const HERE = new URL('./', import.meta.url).pathname;

/** Progress goes to standard error, so that standard output is the result alone. */
export function say(words) {
  console.error(`${((Date.now() - BEGAN) / 1000).toFixed(1).padStart(7)} s  ${words}`);
}

/** A number from the environment: shorter runs are for trying out, and the result says how long it was. */
export function setting(name, usual) {
  const value = Number(process.env[name] ?? usual);
  if (!(value > 0)) throw new Error(`${name} has to be a number above zero`);
  return value;
}

/**
 * Runs a part with `open`, which gives houses that are closed when the part is over, whatever happens; with
 * `{ server: false }` one without a server.
 */
export async function withHouse(part) {
  const closers = [];
  const life = { after: (close) => closers.push(close) };
  try {
    return await part(({ server = true, ...options } = {}) => (server ? House.open(life, options) : House.empty(life)));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The value that this share of the values does not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const ms = (value) => `${Math.round(value)} ms`;

/** One line of the result. `limit` is in the unit of `value`; a value that is not a number keeps no promise. */
export function row(what, value, limit, write) {
  return { what, measured: write(value), promised: `≤ ${write(limit)}`, kept: value <= limit };
}

/** `stentor publish` with a file, until the house closes. */
export async function publish(house, show, link, file) {
  const url = `${house.server.stage}/${show.id}/whip`;
  const args = ['publish', file, '--to', url, '--key', keyIn(link), '--repeat'];
  const child = start(process.env.STENTOR_BIN, args);
  house.keep({ close: () => child.kill() });
  await until('the file is heard', async () => {
    if (!child.running()) return { ended: child.said() };
    return (await house.status(show.id)).speaking.length > 0;
  }).then((heard) => {
    if (heard.ended !== undefined) throw new Error(`stentor publish ended: ${heard.ended}`);
  });
}

/** Speakers on aiortc, described in `stage_speakers.py`. */
export function stageSpeakers(house, spec) {
  const args = [join(HERE, 'stage_speakers.py'), JSON.stringify({ stage: house.server.stage, ...spec })];
  const child = start(join(ROOT, '.venv/bin/python'), args);
  house.keep({ close: () => child.kill() });
  return child;
}

export const keyIn = (link) => new URLSearchParams(new URL(link.url).hash.slice(1)).get('key');
