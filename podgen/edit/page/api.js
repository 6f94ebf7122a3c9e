// Asking the server. Texts that it could not be told are kept until it is back.
const KEPT = "podgen-edit" + location.pathname;

export class Refused extends Error {
  constructor(status, body) {
    super(body.problems?.map((p) => (p.remedy ? `${p.what}; ${p.remedy}` : p.what)).join("\n") || `error ${status}`);
    this.status = status;
    this.now = body.now;
  }
}

export class Away extends Error {}

const ask = async (path, options) => {
  let reply;
  try {
    reply = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away("the server is away");
  }
  if (reply.ok) return reply;
  const body = await reply.json().catch(() => ({ problems: [{ what: `the server answered ${reply.status}` }] }));
  throw new Refused(reply.status, body);
};

export const get = async (path) => (await ask(path)).json();
export const raw = (path, signal) => ask(path, { signal });
export const post = async (path, body = {}, more = {}) => {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...more };
  return (await ask(path, options)).json();
};

// Changes go one after another, in the order in which they were made.
let last = Promise.resolve();
export const change = (order) => {
  const next = last.catch(() => {}).then(() => post("change", order));
  last = next;
  return next;
};
export const settled = () => last.catch(() => {});

export const keep = (texts) => {
  if (texts.length) localStorage.setItem(KEPT, JSON.stringify(texts));
  else localStorage.removeItem(KEPT);
};
export const kept = () => {
  try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; }
};
