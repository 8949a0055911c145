// A benchmark from its command line to its results.

import { say, withHouse } from './setting.mjs';
import { stamp, write } from './stamp.mjs';

/**
 * Measures the parts that the command line names, or all of `parts`, which are functions from `open` (`setting.mjs`) to
 * `{ rows, detail }`; writes `results/{name}-{part}.json`, and ends the process.
 */
export async function measure(name, parts) {
  const wanted = process.argv.slice(2);
  for (const part of wanted) {
    if (!parts[part]) throw new Error(`there is no part ${part}; the parts are: ${Object.keys(parts).join(', ')}`);
  }
  for (const part of wanted.length > 0 ? wanted : Object.keys(parts)) {
    say(`${part} begins`);
    const began = await stamp();
    const { rows, detail } = await withHouse(parts[part]);
    write(name, part, { ...began, rows, detail });
    for (const { what, measured, promised, kept } of rows) {
      const verdict = kept === undefined ? '' : kept ? 'kept' : 'NOT KEPT';
      console.log(`${what.padEnd(72)} ${measured.padEnd(36)} ${(promised ?? '').padEnd(28)} ${verdict}`);
    }
  }
  // Browsers and speakers are closed by now; what their libraries left open must not hold the result back.
  process.exit(0);
}
