// What stands around every page's content: language, light or dark, the bar with the rooms and the name.

import { askServer, byId, element, icon } from "../functions.js";
import { nameColor } from "./colors.js";
import { onPreference, preference, setPreference } from "./preferences.js";
import { chooseLanguage, hasText, setLanguage, text, translatePage } from "./texts.js";

const PAGES = [
  ["room_list.html", "rooms", "rooms"],
  ["room_list_historical.html", "archive", "history"],
  ["room_create.html", "newRoom", "plus"],
];

/** The page's language and look; call first, before anything is drawn. */
export function dress() {
  setLanguage(chooseLanguage(preference("language")));
  applyTheme();
  onPreference((name) => name === "theme" && applyTheme());
  translatePage();
}

function applyTheme() {
  const theme = preference("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

const isDark = () => {
  const theme = preference("theme");
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

/** The other one; when that is what the system says anyway, the choice goes back to the system. */
export function toggleTheme() {
  const wanted = isDark() ? "light" : "dark";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  setPreference("theme", wanted === system ? "" : wanted);
}

/** Calls `changed` whenever the colors of the page turn over. */
export function onTheme(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  onPreference((name) => name === "theme" && changed());
}

/** What names are written on, as [r, g, b]: readable colors are computed for it. */
export function nameBackdrop() {
  const probe = element("i", { hidden: true });
  probe.style.backgroundColor = "var(--name-backdrop)";
  document.body.append(probe);
  const painted = getComputedStyle(probe).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
  probe.remove();
  return painted.length >= 3 ? painted.slice(0, 3) : [255, 255, 255];
}

/** Fills `#top`; `session` is the answer of api/session, or null while unknown. */
export function drawTop(session) {
  const here = location.pathname.split("/").at(-1) || "index.html";
  const links = PAGES.map(([href, key, picture]) =>
    element("a", { class: "button plain", href, "aria-label": text(key), "aria-current": here === href ? "page" : null }, icon(picture), element("span", {}, text(key))));
  const name = session?.name || text("yourName");
  const chip = element("a", { class: `button plain name-chip${session?.name ? "" : " unset"}`, href: "set_username.html", "aria-label": `${text("yourName")}: ${name}`, "aria-current": here === "set_username.html" ? "page" : null },
    icon("person"), element("bdi", {}, name));
  if (session?.name) chip.style.setProperty("--name-color", nameColor(session.name, session.color, nameBackdrop()));
  byId("top").replaceChildren(
    element("a", { class: "skip-link", href: "#content" }, text("skip")),
    element("a", { class: "brand", href: "./" }, element("img", { src: "icons/favicon.svg", alt: "" }), text("appName")),
    element("nav", { "aria-label": text("rooms") }, links),
    chip,
    element("button", { type: "button", class: "plain round", "aria-label": text("theme"), title: text("theme"), onclick: toggleTheme }, icon("theme")),
  );
}

/** Who the server takes this browser for. Without chat-cgi: nobody, and `missing` says why. */
export async function loadSession() {
  try {
    return await askServer("session");
  } catch (error) {
    return { name: null, color: null, account: null, missing: error.code === "no-server-part", failed: true };
  }
}

/** The words for an error of askServer. */
export function errorWords(error) {
  if (error.code === "no-server-part") return text("noServerPart");
  const key = `error_${String(error.code).replaceAll("-", "_")}`;
  return hasText(key) ? text(key) : text("error_other", { text: error.message });
}

/** Called by every page but the room: language, bar, session. */
export async function openPage(titleKey) {
  dress();
  document.title = `${text(titleKey)} – ${text("appName")}`;
  drawTop(null);
  const session = await loadSession();
  drawTop(session);
  return session;
}
