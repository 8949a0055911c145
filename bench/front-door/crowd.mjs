// The crowd as a judge: `stentor crowd` on the processor that the server does not have.

import { OTHERS_CPU, startOn } from './processor.mjs';

/** Runs a crowd to its end and gives its report. */
export async function ask(url, { hls = false, tls = false, ...options }) {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name.replace('_', '-')}`, String(value)]);
  if (hls) flags.push('--hls');
  if (tls) flags.push('--tls-unverified');
  const child = startOn(OTHERS_CPU, process.env.STENTOR_BIN, ['crowd', url, ...flags]);
  const { code } = await child.ended;
  if (code !== 0) throw new Error(child.said());
  return JSON.parse(child.said());
}
