// What pages that show an episode share: figures, and a timeline to zoom and to point into.
export const figure = (value, digits, sign) => value === null ? "–" :
  (sign && value > 0 ? "+" : "") + value.toFixed(digits).replace("-", "−");
export const clock = (s, tenths) => {
  const t = Math.floor(s), two = (v) => String(v).padStart(2, "0");
  const h = Math.floor(t / 3600), m = Math.floor(t / 60) % 60;
  return (h ? h + ":" + two(m) : m) + ":" + two(t % 60) + (tenths ? "." + Math.floor((s * 10) % 10) : "");
};
export const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};

const MAX_ZOOM = 64;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

// `show` has what the page knows: duration and time in seconds, and what seek(seconds, play) does.
export const timeline = (box, show) => {
  const within = (id) => document.getElementById(id);
  const inner = within("inner"), head = within("head");
  let zoom = 1;
  const labelWidth = () => inner.querySelector(".label")?.offsetWidth || 0;
  const laneWidth = () => inner.clientWidth - labelWidth();
  const place = (at) => {
    head.style.left = labelWidth() + (at / (show.duration() || 1)) * laneWidth() + "px";
    head.setAttribute("aria-valuemax", show.duration());
    head.setAttribute("aria-valuenow", at.toFixed(1));
  };
  const redraw = () => {
    const duration = show.duration() || 1;
    const step = STEPS.find((s) => (s / duration) * laneWidth() >= 64) || 14400;
    const ticks = [];
    for (let t = 0; t <= duration; t += step) {
      // A figure that the end would cut off is left out, its line stays.
      const fits = (1 - t / duration) * laneWidth() > 48;
      const tick = make("b", "", fits ? clock(t) : "");
      tick.style.left = (100 * t) / duration + "%";
      ticks.push(tick);
    }
    within("axis")?.replaceChildren(...ticks);
    show.redrawn?.();
  };
  const scale = (factor) => {
    const middle = (box.scrollLeft + box.clientWidth / 2) / inner.clientWidth;
    zoom = Math.max(1, Math.min(MAX_ZOOM, factor));
    inner.style.width = 100 * zoom + "%";
    box.scrollLeft = middle * inner.clientWidth - box.clientWidth / 2;
    redraw();
  };
  within("in").addEventListener("click", () => scale(zoom * 2));
  within("out").addEventListener("click", () => scale(zoom / 2));
  within("fit").addEventListener("click", () => scale(1));
  addEventListener("resize", redraw);
  box.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-at]");
    const lane = event.target.closest(".lane");
    if (jump) return show.seek(Number(jump.dataset.at) * show.duration(), true);
    if (!lane) return;
    const bounds = lane.getBoundingClientRect();
    show.seek(((event.clientX - bounds.left) / bounds.width) * show.duration());
  });
  head.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -5, ArrowRight: 5, PageUp: 60, PageDown: -60 };
    if (event.key in steps) show.seek(show.time() + steps[event.key]);
    else if (event.key === "Home") show.seek(0);
    else if (event.key === "End") show.seek(show.duration());
    else if (event.key === " ") show.toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { place, redraw };
};
