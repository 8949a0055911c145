// Ears in the page: what a microphone gives and what the listener's media element plays, sample by sample and with the time.

/** Runs in the page before its own scripts; its names are `microphone` and `programme`. */
function tapSound() {
  // Mean squares of 10 ms each, ten of them a message: where speech is, not how it sounds.
  const worklet = `registerProcessor('envelope', class extends AudioWorkletProcessor {
    squares = []; sum = 0; count = 0;
    process([[samples]]) {
      for (const sample of samples ?? []) {
        this.sum += sample * sample;
        if ((this.count += 1) < 480) continue;
        this.squares.push(this.sum / 480);
        this.sum = this.count = 0;
        if (this.squares.length === 10) this.port.postMessage({ at_ms: Date.now(), squares: this.squares.splice(0) });
      }
      return true;
    }
  });`;
  const taps = { envelopes: { microphone: [], programme: [] }, streams: {}, rates: [], waits: 0 };
  window.taps = taps;
  const context = (async () => {
    const made = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    await made.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })));
    return made;
  })();
  context.catch(() => {});

  async function tap(name, stream) {
    taps.streams[name] = stream;
    const made = await context;
    const node = new AudioWorkletNode(made, 'envelope', { channelCount: 1, channelCountMode: 'explicit' });
    node.port.onmessage = ({ data }) => taps.envelopes[name].push(data);
    made.createMediaStreamSource(stream).connect(node);
    // A node that leads nowhere is not rendered; its output is silence.
    node.connect(made.destination);
  }

  const devices = navigator.mediaDevices;
  const open = devices?.getUserMedia.bind(devices);
  if (open) {
    devices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      if (stream.getAudioTracks().length > 0) void tap('microphone', stream);
      return stream;
    };
  }
  const noted = new WeakSet();
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function tapped() {
    if (!noted.has(this) && !this.srcObject) {
      noted.add(this);
      const stream = this.captureStream();
      const hear = (track) => void tap('programme', new MediaStream([track]));
      stream.addEventListener('addtrack', ({ track }) => hear(track));
      stream.getAudioTracks().forEach(hear);
      this.addEventListener('ratechange', () => taps.rates.push({ at_ms: Date.now(), rate: this.playbackRate }));
      this.addEventListener('waiting', () => (taps.waits += 1));
    }
    return play.call(this);
  };

  /** Records some seconds of a tap without any loss; what MediaRecorder made of it, as base64. */
  taps.record = async (name, seconds) => {
    const recorder = new MediaRecorder(taps.streams[name], { mimeType: 'audio/webm;codecs=pcm' });
    const parts = [];
    recorder.addEventListener('dataavailable', (event) => parts.push(event.data));
    const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
    recorder.start(1000);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    recorder.stop();
    await stopped;
    const reader = new FileReader();
    reader.readAsDataURL(new Blob(parts));
    await new Promise((resolve) => reader.addEventListener('load', resolve));
    return reader.result.split(',')[1];
  };
}

/** Lets a page run the tap's worklet, which the server's content security policy rightly forbids. */
export async function withTaps(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Page.setBypassCSP', { enabled: true });
  await page.addInitScript(tapSound);
}

/** Seconds of a tap as a WebM file of PCM. */
export const recordTap = async (page, name, seconds) =>
  Buffer.from(await page.evaluate((args) => window.taps.record(...args), [name, seconds]), 'base64');

/** The envelope of a tap from a wall time on: `{ from_ms, rms }`, one value for each 10 ms, 0 where the page heard nothing. */
export async function envelopeOf(page, name, since_ms) {
  const parts = (await page.evaluate((tap) => window.taps.envelopes[tap], name)).filter(({ at_ms }) => at_ms > since_ms);
  const from_ms = parts[0]?.at_ms ?? since_ms;
  const rms = [];
  // A message is stamped when its last value is there.
  for (const { at_ms, squares } of parts) {
    const first = Math.max(0, Math.round((at_ms - from_ms) / 10));
    squares.forEach((square, i) => (rms[first + i] = Math.sqrt(square)));
  }
  return { from_ms: from_ms - 100, rms: Array.from(rms, (value) => value ?? 0) };
}
