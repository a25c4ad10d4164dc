// Lists of rooms that come page by page and can be searched: the body of both list pages.

import { askServer, byId, element, parameter } from "../functions.js";
import { errorWords } from "./frame.js";
import { text } from "./texts.js";

/** Rooms asked for at once. */
const PAGE = 50;
/** A pause in typing before the server is asked. */
const SEARCH_AFTER_MS = 250;

/** `query` picks the list at the server; `card(room)` draws one; `empty` is said when there is none. */
export function showRooms({ query, card, empty }) {
  const list = byId("rooms");
  const more = byId("more");
  const filter = byId("filter");
  let next = null;
  let asked = 0;
  let timer = 0;
  filter.value = parameter("q");

  async function load(after) {
    asked += 1;
    const mine = asked;
    list.setAttribute("aria-busy", "true");
    try {
      const wanted = new URLSearchParams({ ...query, limit: PAGE, q: filter.value.trim() });
      if (after) wanted.set("after", after);
      const answer = await askServer(`rooms?${wanted}`);
      if (mine !== asked) return;
      if (!after) list.replaceChildren();
      list.append(...answer.rooms.map(card));
      next = answer.next ?? null;
      if (!list.childElementCount) list.append(nothing(filter.value.trim() ? text("nothingFound") : empty));
    } catch (error) {
      if (mine !== asked) return;
      next = null;
      list.replaceChildren(nothing(errorWords(error), () => load(after)));
    }
    more.hidden = next === null;
    list.setAttribute("aria-busy", "false");
  }

  more.addEventListener("click", () => load(next));
  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => load(null), SEARCH_AFTER_MS);
  });
  load(null);
  return () => load(null);
}

function nothing(words, again) {
  return element("li", { class: "empty" }, words,
    again ? element("button", { type: "button", onclick: again }, text("tryAgain"))
      : element("a", { class: "button", href: "room_create.html" }, text("newRoom")));
}
