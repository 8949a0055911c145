// How a page looks in one of its states: axe finds nothing, nothing sticks out of it, and with STENTOR_SHOTS=FOLDER it is
// pictured there, on a phone and on a desktop, in light and dark.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { faultsOf } from './axe.mjs';

const SHOTS = process.env.STENTOR_SHOTS;
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const LOCALES = ['en-GB', 'de-DE'];
// Colours do not depend on words, so each language is judged in one scheme: half the work for the same faults.
const SCHEME_OF = { 'en-GB': 'light', 'de-DE': 'dark' };

/**
 * A walk through the states of a page, in a context for each language; `options` are Playwright's for contexts. What it does,
 * it does in all languages at once.
 */
export async function walkIn(t, browser, name, options = {}) {
  const pages = await Promise.all(LOCALES.map(async (locale) => {
    const context = await browser.newContext({ locale, viewport: SIZES.phone, ...options });
    return context.newPage();
  }));
  const all = (what) => Promise.all(pages.map(what));
  return {
    all,
    go: (url) => all((page) => page.goto(url)),
    press: (selector) => all((page) => seen(page, selector).click()),
    see: (selector) => all((page) => seen(page, selector).waitFor()),
    /** Judges the pages as they are, as a test of this name. */
    look: (state) => t.test(`${name} ${state}`, () => all((page, i) => judge(page, `${name}-${state}`, LOCALES[i]))),
  };
}

/** The first of these that is there to be seen. */
const seen = (page, selector) => page.locator(selector).filter({ visible: true }).first();

async function judge(page, state, locale) {
  const name = `${state}-${locale.slice(0, 2)}`;
  const faults = await faultsOf(page, [SCHEME_OF[locale]]);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    faults.push(...(await page.evaluate(outOfPlace)).map((words) => `${size}: ${words}`));
    if (SHOTS) await picture(page, viewport, `${name}-${size}`);
  }
  await page.setViewportSize(SIZES.phone);
  assert.deepEqual(faults, []);
}

/** A picture of the whole page in each colour scheme; as high as the page, so that nothing fixed covers what it would not. */
async function picture(page, { width, height }, name) {
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, whole) });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}.png`) });
  }
}

/** Runs in the page: words that are cut off, and what sticks out to the side. */
function outOfPlace() {
  const root = document.documentElement;
  const found = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} px wide and ${root.clientWidth} px are there`] : [];
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.unseen');
  for (const element of document.querySelectorAll('button, a, label, p, h1, h2, h3, li, legend, summary, .badge')) {
    if (!isSeen(element) || element.textContent.trim() === '') continue;
    const { left, right } = element.getBoundingClientRect();
    const content = document.createRange();
    content.selectNodeContents(element);
    const inner = content.getBoundingClientRect();
    const words = `“${element.textContent.trim().slice(0, 40)}”`;
    if (left < -0.5 || right > root.clientWidth + 0.5) found.push(`${words} sticks out`);
    if (inner.left < left - 1 || inner.right > right + 1) found.push(`${words} does not fit`);
  }
  return found;
}
