// What every page uses: building elements out of text nodes, addresses, times, and asking the server.

/** An element. Children are nodes or strings; strings become text nodes, so markup in them stays text. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** One picture of icons/icons.svg; decoration only, the button around it carries the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `icons/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

export function parameter(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

/** Rooms as the server names them: blanks and underscores become dashes. The server has the last word. */
export function tidyRoom(typed) {
  return typed.normalize("NFC").trim().replace(/[\s_]+/gu, "-").slice(0, 64);
}

export const roomAddress = (room) => `./?room=${encodeURIComponent(room)}`;
export const historyAddress = (room) => `room_history.html?room=${encodeURIComponent(room)}`;

export const messageAddress = (room, id) => new URL(`${historyAddress(room)}&at=${encodeURIComponent(id)}`, document.baseURI).href;

export class ServerError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** How long the server's small answers may take before the page says so. */
const ANSWER_TIMEOUT_MS = 15000;

/** Asks chat-cgi at api/`path`; gives its JSON or throws a ServerError with the code it named. */
export async function askServer(path, { method = "GET", body } = {}) {
  let response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      // A page of another site cannot send this type without asking first: the server insists on it.
      headers: method === "GET" ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (error) {
    throw new ServerError("network", String(error?.message ?? error));
  }
  if (!response.headers.get("Content-Type")?.includes("json")) throw new ServerError("no-server-part", `${response.status}`);
  let answer;
  try {
    answer = await response.json();
  } catch (error) {
    throw new ServerError("network", String(error));
  }
  if (!response.ok) throw new ServerError(answer?.error?.code ?? "other", answer?.error?.message ?? `${response.status}`);
  return answer;
}

/** Formatters are dear to make and there is one message a millisecond at times: made once per kind. */
const formatters = new Map();

function formatter(language, options) {
  const key = language + JSON.stringify(options);
  // The person's own region of that language: half the English-speaking world has no AM and PM.
  const region = navigator.languages?.find((tag) => tag.split("-")[0] === language) ?? language;
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(region, options));
  return formatters.get(key);
}

export function clockTime(date, language) {
  return formatter(language, { hour: "2-digit", minute: "2-digit" }).format(date);
}

export function fullTime(date, language) {
  return formatter(language, { dateStyle: "full", timeStyle: "medium" }).format(date);
}

export function longDay(date, language) {
  return formatter(language, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date);
}

/** "3 hours ago"; past a week the date itself. */
export function ago(date, language, now = Date.now()) {
  const seconds = Math.round((date.getTime() - now) / 1000);
  const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7]];
  let value = seconds;
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(value), unit);
    value /= size;
  }
  return formatter(language, { dateStyle: "medium" }).format(date);
}

/** The first letter or digit a person would see: whole emoji and accents are kept together. */
export function initial(name) {
  const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter() : null;
  const first = segmenter ? segmenter.segment(name)[Symbol.iterator]().next().value?.segment : [...name][0];
  return (first ?? "?").toLocaleUpperCase();
}

/** At most this many letters of a random id: 96 bits, enough that two never meet. */
export function randomId() {
  // Not crypto.randomUUID: that is missing on plain http pages, where a chat on a local network runs.
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
