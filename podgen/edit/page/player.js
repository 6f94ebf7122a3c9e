// Playing: a part of the episode as the server mixes it, or one clip; one thing at a time.
import { raw } from "./api.js";

const AHEAD = 15, PIECE = 0.25, LEAD = 0.03;

export const player = { playing: false, number: null, what: "", listeners: [] };
let context = null, run = null, rest = 0;

const told = () => { for (const each of player.listeners) each(); };
const opened = (rate) => {
  if (context && context.sampleRate !== rate) { context.close(); context = null; }
  context ||= new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  context.resume();
  return context;
};

export const time = () => {
  if (!run || run.origin === null) return rest;
  return run.start + Math.max(0, Math.min(context.currentTime - run.origin, run.length));
};

export const rewind = (seconds) => { rest = seconds; told(); };

export const stop = () => {
  if (!run) return;
  rest = player.what === "episode" ? time() : run.start;
  run.controller.abort();
  for (const source of run.sources) source.stop();
  run = null;
  player.playing = false; player.number = null;
  told();
};

const begin = (what, number, rate) => {
  stop();
  run = { controller: new AbortController(), sources: new Set(), origin: null, start: rest, length: Infinity, next: 0 };
  Object.assign(player, { playing: true, what, number });
  opened(rate);
  told();
  return run;
};

const schedule = (mine, buffer) => {
  const now = context.currentTime + LEAD;
  if (mine.origin === null) mine.origin = mine.next = now;
  if (mine.next < now) { mine.origin += now - mine.next; mine.next = now; }
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start(mine.next);
  mine.next += buffer.duration;
  mine.sources.add(source);
  source.onended = () => {
    mine.sources.delete(source);
    if (mine === run && mine.done && !mine.sources.size) { rest = player.what === "episode" ? 0 : mine.start; run = null; player.playing = false; player.number = null; told(); }
  };
};

const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

const buffered = (bytes, channels, rate) => {
  const samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
  const buffer = context.createBuffer(channels, samples.length / channels, rate);
  for (let c = 0; c < channels; c++) {
    const data = buffer.getChannelData(c);
    for (let n = 0, from = c; n < data.length; n++, from += channels) data[n] = samples[from] / 32768;
  }
  return buffer;
};

// `query` is from=, to= or around= of the part.
export const hear = async (query, rate, what, number = null) => {
  const mine = begin(what, number, rate);
  try {
    const reply = await raw(`sound/part?${query}`, mine.controller.signal);
    const channels = Number(reply.headers.get("X-Channels")), given = Number(reply.headers.get("X-Rate"));
    mine.start = Number(reply.headers.get("X-Start"));
    mine.length = Number(reply.headers.get("X-End")) - mine.start;
    const frame = 2 * channels, piece = Math.round(given * PIECE) * frame;
    const reader = reply.body.getReader();
    let held = new Uint8Array(0), over = false;
    while (!over && mine === run) {
      const { done, value } = await reader.read();
      over = done;
      if (value) { const more = new Uint8Array(held.length + value.length); more.set(held); more.set(value, held.length); held = more; }
      while (mine === run && (held.length >= piece || (over && held.length >= frame))) {
        const size = Math.min(piece, held.length - (held.length % frame));
        schedule(mine, buffered(held.slice(0, size), channels, given));
        held = held.slice(size);
        if (mine.next - context.currentTime > AHEAD) await wait(AHEAD / 3);
      }
    }
    mine.done = true;
    if (mine === run && !mine.sources.size) stop();
  } catch (error) {
    if (mine === run) stop();
    if (error.name !== "AbortError") throw error;
  }
};

// A turn by itself, or a take of it.
export const clip = async (path, rate, what, number, start = 0) => {
  const mine = begin(what, number, rate);
  try {
    const data = await (await raw(path, mine.controller.signal)).arrayBuffer();
    const buffer = await context.decodeAudioData(data);
    if (mine !== run) return;
    Object.assign(mine, { start, length: buffer.duration, done: true });
    schedule(mine, buffer);
  } catch (error) {
    if (mine === run) stop();
    if (error.name !== "AbortError") throw error;
  }
};
