// The keys of each kind of entry that have a control: what the script says, else what is inherited.
import { state } from "./state.js";

const seconds = (key, label, hint, more = {}) => ({ key, label, hint, unit: "s", min: 0, max: 600, step: 0.1, ...more });
const cast = (what) => (entry) => state.cast[entry.name]?.[what];
const roles = { volume: { intro: -2, outro: -2, bed: -12 }, fade_in: { intro: 0, bed: 1.5, outro: 1 }, fade_out: { intro: 3, bed: 3, outro: 2 }, duck: { intro: 14, outro: 14, bed: 10 } };
const role = (what) => (entry) => roles[what][entry.says.role || "bed"];

export const FIELDS = {
  turn: [
    { key: "voice", label: "Voice", kind: "voice", inherited: cast("voice") },
    { key: "speed", label: "Speed", min: 0.25, max: 4, step: 0.05, inherited: cast("speed") },
    { key: "gain", label: "Gain", unit: "dB", min: -60, max: 24, step: 0.5, inherited: () => 0, hint: "added to the character's" },
    { key: "pan", label: "Pan", unit: "−1 to 1", min: -1, max: 1, step: 0.05, inherited: cast("pan"), hint: "−1 is left, 1 right" },
    seconds("pause_before", "Pause before", "", { inherited: () => state.pause }),
    seconds("pause_after", "Pause after", "", { inherited: () => state.pause }),
    seconds("overlap", "Overlap", "into the turn before"),
    { key: "seed", label: "Seed", min: 0, max: 4294967295, step: 1, spoken: true },
    { key: "id", label: "Id", kind: "text", inherited: (entry) => entry.id },
  ],
  chapter: [{ key: "url", label: "Link", kind: "text" }, { key: "image", label: "Picture", kind: "text" }],
  music: [
    { key: "file", label: "File", kind: "file" },
    { key: "role", label: "Role", kind: "choice", choices: ["intro", "bed", "outro"], inherited: () => "bed" },
    { key: "volume", label: "Volume", unit: "dB", min: -60, max: 24, step: 0.5, inherited: role("volume") },
    { key: "duck", label: "Duck", unit: "dB", min: 0, max: 60, step: 0.5, inherited: role("duck"), hint: "under speech" },
    { key: "under", label: "Under", unit: "LU", min: 3, max: 60, step: 0.5, hint: "below each turn, instead of a duck" },
    seconds("lead", "Lead", "before the next turn"),
    seconds("fade_in", "Fade in", "", { inherited: role("fade_in") }),
    seconds("fade_out", "Fade out", "", { inherited: role("fade_out") }),
    { key: "start", label: "Start", kind: "text", unit: "s or turn", hint: "seconds, or a turn such as reply.start" },
    { key: "end", label: "End", kind: "text", unit: "s or turn", hint: "seconds, or a turn such as reply.end + 2" },
  ],
  sound: [
    { key: "file", label: "File", kind: "file" },
    { key: "volume", label: "Volume", unit: "dB", min: -60, max: 24, step: 0.5, inherited: () => -6 },
    { key: "pan", label: "Pan", unit: "−1 to 1", min: -1, max: 1, step: 0.05, inherited: () => 0, hint: "−1 is left, 1 right" },
    seconds("at", "At", "from its place", { min: -600, inherited: () => 0 }),
    { key: "wait", label: "Wait", kind: "choice", choices: ["true", "false"], inherited: () => "false", hint: "what follows waits for its end" },
  ],
  pause: [],
  unreadable: [],
};
