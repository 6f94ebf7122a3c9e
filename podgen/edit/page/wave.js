// Waveforms of the turns on the screen, asked for together and drawn in the ink of their speaker.
import { get } from "./api.js";
import { item } from "./state.js";

const BAR = 3, MOST_KEPT = 2000, AT_ONCE_MS = 8, QUIETEST = 24;
const known = new Map();
let wanted = new Set(), timer = 0;

const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

const paint = ({ canvas, width, height, ink, peaks }) => {
  const scale = devicePixelRatio || 1, bar = BAR * scale;
  canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d"), count = Math.max(1, Math.floor(canvas.width / bar));
  // A soft clip is drawn as tall as a loud one: the episode has both at one level.
  const most = Math.max(QUIETEST, ...peaks);
  pen.fillStyle = ink;
  pen.beginPath();
  for (let n = 0; n < count; n++) {
    const from = Math.floor((n * peaks.length) / count), until = Math.max(from + 1, Math.floor(((n + 1) * peaks.length) / count));
    let peak = 0;
    for (let at = from; at < until; at++) peak = Math.max(peak, peaks[at]);
    const tall = Math.min(canvas.height, Math.max(scale, (peak / most) * canvas.height));
    pen.rect(n * bar, (canvas.height - tall) / 2, bar - scale, tall);
  }
  pen.fill();
};

// Measured together and then drawn, a few in each frame: a canvas that is given its size has the
// page laid out again when the next one is measured.
const due = new Map(), measured = [];
let frame = 0;
const draw = () => {
  frame = 0;
  for (const [canvas, peaks] of due) {
    const { width, height } = canvas.getBoundingClientRect();
    if (width) measured.push({ canvas, width, height, peaks, ink: getComputedStyle(canvas).color });
  }
  due.clear();
  const until = performance.now() + AT_ONCE_MS;
  while (measured.length && performance.now() < until) paint(measured.shift());
  if (measured.length) soon();
};
const soon = () => { frame ||= requestAnimationFrame(draw); };

const fetchAll = async () => {
  const numbers = [...wanted.keys()];
  wanted = new Set();
  const shapes = await get(`shapes?of=${numbers.join(",")}`).catch(() => ({}));
  for (const [number, text] of Object.entries(shapes)) {
    const clip = item(Number(number))?.clip;
    if (!clip) continue;
    known.set(clip, bytes(text));
    const canvas = document.querySelector(`#n${number} canvas`);
    if (canvas) due.set(canvas, known.get(clip));
  }
  if (known.size > MOST_KEPT) for (const key of [...known.keys()].slice(0, MOST_KEPT / 4)) known.delete(key);
  soon();
};

export const wave = (canvas, number) => {
  const peaks = known.get(item(number).clip);
  if (peaks) { due.set(canvas, peaks); return soon(); }
  wanted.add(number);
  clearTimeout(timer);
  timer = setTimeout(fetchAll, 30);
};
