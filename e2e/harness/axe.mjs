// What axe finds wrong with a page as it is now. Contrast is judged in the colours that the page shows.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCHEMES = ['light', 'dark'];

/** One line for each fault in these colour schemes; none is how it should be. */
export async function faultsOf(page, schemes = SCHEMES) {
  const faults = [];
  for (const colorScheme of schemes) {
    // Colours that are still on their way from the other scheme would be judged as if they stayed.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
    // What is right is not described: that is most of the work.
    const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
    for (const { id, help, nodes } of violations) {
      for (const { target, failureSummary } of nodes) faults.push(`${colorScheme}: ${id} (${help}) at ${target.join(' ')}: ${failureSummary}`);
    }
  }
  return faults;
}
