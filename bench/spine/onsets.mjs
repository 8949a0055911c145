// Ears with a clock: stamps the beginning of each tone burst at a page's microphone, in what its media element plays and
// in what its peer connection brings. All stamps are wall time of the one machine, so pages can be compared.

/** Lets a page run the stamping worklet, which the server's content security policy rightly forbids. */
export async function withClock(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Page.setBypassCSP', { enabled: true });
  await page.addInitScript(stampOnsets);
}

/** The bursts that a page heard at `tap` (`microphone`, `programme` or `stage`): `{ at_ms, pitch }`. */
export const onsetsOf = (page, tap) => page.evaluate((name) => window.onsets.heard[name], tap);

/** Runs in the page before its own scripts. */
function stampOnsets() {
  const worklet = `
    const PITCHES_HZ = Array.from({ length: 16 }, (_, n) => 400 + 120 * n);
    const LOUD = 0.05, FIRST = 0.003;
    const REST_SAMPLES = 4800, LISTEN_SAMPLES = 1920;
    registerProcessor('onsets', class extends AudioWorkletProcessor {
      rested = 0; at_ms = 0; filled = LISTEN_SAMPLES; first = false;
      burst = new Float32Array(LISTEN_SAMPLES);
      process([[samples]]) {
        if (!samples) return true;
        const now_ms = Date.now();
        for (let i = 0; i < samples.length; i += 1) this.take(samples[i], now_ms + (1000 * i) / sampleRate);
        return true;
      }
      take(sample, at_ms) {
        const size = Math.abs(sample);
        if (!this.first && size > FIRST) { this.first = true; this.port.postMessage({ first_ms: at_ms }); }
        if (this.filled < LISTEN_SAMPLES) {
          this.burst[this.filled++] = sample;
          if (this.filled === LISTEN_SAMPLES) this.port.postMessage({ at_ms: this.at_ms, pitch: this.pitch() });
        } else if (size > LOUD && this.rested > REST_SAMPLES) {
          this.at_ms = at_ms; this.filled = 0; this.rested = 0;
        }
        this.rested = size > LOUD ? 0 : this.rested + 1;
      }
      pitch() {
        const power = PITCHES_HZ.map((hz) => {
          const k = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
          let a = 0, b = 0;
          for (const x of this.burst) [a, b] = [x + k * a - b, a];
          return a * a + b * b - k * a * b;
        });
        return power.indexOf(Math.max(...power));
      }
    });`;
  const heard = { microphone: [], programme: [], stage: [] };
  const state = { heard, first_ms: null, pressed_ms: null, waits: [], frozen_ms_max: 0, ready: false };
  window.onsets = state;
  const context = (async () => {
    const made = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    await made.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })));
    state.ready = true;
    return made;
  })();
  context.catch(() => {});

  async function tap(name, stream) {
    const made = await context;
    const node = new AudioWorkletNode(made, 'onsets', { channelCount: 1, channelCountMode: 'explicit' });
    node.port.onmessage = ({ data }) => {
      if (data.first_ms === undefined) heard[name].push(data);
      else if (name === 'programme') state.first_ms ??= data.first_ms;
    };
    made.createMediaStreamSource(stream).connect(node);
    // A node that leads nowhere is not rendered; its output is silence.
    node.connect(made.destination);
  }

  const devices = navigator.mediaDevices;
  const open = devices?.getUserMedia.bind(devices);
  if (open) {
    devices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      void tap('microphone', stream);
      return stream;
    };
  }
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      this.addEventListener('track', ({ track }) => void tap('stage', new MediaStream([track])));
    }
  };
  const noted = new WeakSet();
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function stamped() {
    if (!noted.has(this) && !this.srcObject) {
      noted.add(this);
      follow(this);
    }
    return play.call(this);
  };

  function follow(element) {
    const stream = element.captureStream();
    stream.addEventListener('addtrack', ({ track }) => void tap('programme', new MediaStream([track])));
    for (const track of stream.getAudioTracks()) void tap('programme', new MediaStream([track]));
    element.addEventListener('waiting', () => state.waits.push(Date.now()));
    let [place_s, moved_ms] = [0, null];
    setInterval(() => {
      const now_ms = Date.now();
      if (element.currentTime !== place_s) [place_s, moved_ms] = [element.currentTime, now_ms];
      else if (moved_ms !== null && state.first_ms !== null) {
        state.frozen_ms_max = Math.max(state.frozen_ms_max, now_ms - moved_ms);
      }
    }, 50);
  }

  addEventListener('click', (event) => (state.pressed_ms ??= performance.timeOrigin + event.timeStamp), { capture: true });
}

/** Pairs what was heard with what was said, by pitch (which repeats every 8 s); milliseconds from mouth to ear. */
export function delays_ms(said, heard) {
  const delays = [];
  for (const { at_ms, pitch } of heard) {
    const source = said.findLast((burst) => burst.pitch === pitch && burst.at_ms <= at_ms);
    if (source) delays.push(at_ms - source.at_ms);
  }
  return delays;
}
