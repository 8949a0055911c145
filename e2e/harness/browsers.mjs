// Real browsers. Chromium speaks from a WAV file and is heard through its media elements; Firefox speaks a
// sine and is heard through a sound server, because it plays nothing without one.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

import { run, start } from './child.mjs';
import { decode, listenIn } from './ears.mjs';
import { until } from './until.mjs';

/**
 * A page of a Chromium of its own: the fake microphone belongs to the process, not to the page. With `any_certificate` it
 * believes those of an authority that it does not know, too.
 */
export async function chromiumPage({ microphone = null, init = [], any_certificate = false } = {}) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Without this, its sound library would start a sound server that outlives the test.
    env: { ...process.env, PULSE_SERVER: 'unix:/nowhere' },
    // Playwright mutes by default, and a muted tab may be treated otherwise than a heard one.
    ignoreDefaultArgs: ['--mute-audio'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      ...(any_certificate ? ['--ignore-certificate-errors'] : []),
      ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []),
    ],
  });
  const context = await browser.newContext({ locale: 'en-GB', permissions: ['microphone'] });
  await context.addInitScript(listenIn);
  for (const script of init) await context.addInitScript(script);
  const page = await context.newPage();
  const said = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  return { page, said, close: () => browser.close() };
}

/** A page of a Firefox whose microphone is a sine of this pitch. */
export async function firefoxPage({ pitch_hz = 440, env = {} } = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    env: { ...process.env, ...env },
    extraPrefsFirefox: {
      'intl.accept_languages': 'en-GB',
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.navigator.permission.disabled': true,
      'media.navigator.streams.fake': true,
      'media.navigator.audio.fake_frequency': pitch_hz,
    },
  });
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(listenIn);
  await page.evaluateOnNewDocument(findByName);
  return { page, close: () => browser.close() };
}

/** Runs in the page: finds what a person would, by its visible name, inside custom elements as well. */
function findByName() {
  const all = (root) => [...root.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const named = (element) => element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
  const visible = (element) => element.checkVisibility() && !element.disabled;
  window.byName = (selector, name) =>
    all(document).find((e) => e.matches(selector) && visible(e) && named(e).trim().startsWith(name)) ?? null;
}

/** Presses the button of this name in a Firefox page, once it is there. */
export async function pressInFirefox(page, name) {
  const press = (wanted) => {
    const button = window.byName('button', wanted);
    button?.click();
    return Boolean(button);
  };
  await until(`there is a button ${name}`, () => page.evaluate(press, name));
}

/** Fills the field or ticks the box of this name in a Firefox page, once it is there. */
export async function fillInFirefox(page, name, text) {
  const fill = ([wanted, value]) => {
    const field = window.byName('input', wanted);
    if (!field) return false;
    if (field.type === 'checkbox') {
      if (!field.checked) field.click();
      return true;
    }
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    field.dispatchEvent(new Event('change', { bubbles: true, composed: true }));
    return true;
  };
  await until(`there is a field ${name}`, () => page.evaluate(fill, [name, text]));
}

/** A sound server with one sink that nobody hears but the tests. */
export async function startSoundServer(folder) {
  const runtime = join(folder, 'pulse');
  rmSync(runtime, { recursive: true, force: true });
  mkdirSync(runtime, { mode: 0o700 });
  const socket = join(runtime, 'native');
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime, PULSE_RUNTIME_PATH: runtime, HOME: runtime };
  const modules = ['module-null-sink sink_name=ears rate=48000', `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const child = start(
    'pulseaudio',
    ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', ...modules.flatMap((m) => ['--load', m])],
    { env },
  );
  const client = { PULSE_SERVER: `unix:${socket}` };
  const probe = ['-v', 'error', '-f', 'pulse', '-i', 'ears.monitor', '-t', '0.1', '-f', 'null', '-'];
  await until('the sound server answers', () => {
    if (!child.running()) throw new Error(child.said());
    return run('ffmpeg', probe, { env: { ...process.env, ...client } }).then(() => true);
  });
  return {
    env: client,
    /** Seconds of what is played now. */
    hear: async (seconds) => {
      const wav = join(folder, `${process.hrtime.bigint()}.wav`);
      const record = ['-v', 'error', '-f', 'pulse', '-i', 'ears.monitor', '-t', String(seconds), wav];
      await run('ffmpeg', record, { env: { ...process.env, ...client } });
      return decode(wav, folder);
    },
    close: () => child.kill('SIGTERM'),
  };
}
