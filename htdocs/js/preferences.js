// What this browser remembers, in localStorage. Storage may be off, full or hold another version's
// values: then the defaults hold and the page works on, it only forgets.

const PREFIX = "chat.";

const DEFAULTS = {
  theme: "", // "" follows the system
  language: "",
  notify: false,
  smileys: true,
  events: true,
  typing: false,
  liveTyping: false,
  relayOnly: false,
  ignored: [],
};

/** The longest ignore list kept: it is looked through for every message. */
const MAX_IGNORED = 500;

export function readStored(key, fallback, storage = localStorage) {
  try {
    const raw = storage.getItem(PREFIX + key);
    return raw === null ? fallback : JSON.parse(raw);
  } catch {
    return fallback;
  }
}

export function writeStored(key, value, storage = localStorage) {
  try {
    storage.setItem(PREFIX + key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function dropStored(key, storage = localStorage) {
  try {
    storage.removeItem(PREFIX + key);
  } catch {
    // Nothing was kept, so nothing is left.
  }
}

export function storedKeys(start, storage = localStorage) {
  try {
    return Object.keys(storage).filter((key) => key.startsWith(PREFIX + start)).map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

export function preference(name) {
  const fallback = DEFAULTS[name];
  const value = readStored(`preference.${name}`, fallback);
  return typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) ? value : fallback;
}

const listeners = new Set();

export function setPreference(name, value) {
  writeStored(`preference.${name}`, value);
  for (const listener of listeners) listener(name, value);
}

/** Called for a change here and in this site's other tabs. */
export function onPreference(listener) {
  listeners.add(listener);
}

globalThis.addEventListener?.("storage", (event) => {
  const start = `${PREFIX}preference.`;
  if (!event.key?.startsWith(start)) return;
  const name = event.key.slice(start.length);
  if (!Object.hasOwn(DEFAULTS, name)) return;
  for (const listener of listeners) listener(name, preference(name));
});

export const isIgnored = (name) => preference("ignored").includes(name);

export function ignore(name) {
  const rest = preference("ignored").filter((other) => other !== name);
  setPreference("ignored", [...rest, name].slice(-MAX_IGNORED));
}

export function unignore(name) {
  setPreference("ignored", preference("ignored").filter((other) => other !== name));
}
