// Lists of rooms that come page by page and can be searched: the body of both list pages.

import { parameter } from "./addresses.js";
import { byId, element } from "./dom.js";
import { errorWords } from "./error_words.js";
import { askServer } from "./server.js";
import { text } from "./texts.js";

/** Rooms asked for at once. */
const PAGE = "50";
/** A pause in typing before the server is asked. */
const SEARCH_AFTER_MS = 250;

/** @param {RoomListKind} kind @returns {() => void} Asks again. */
export function showRooms({ list, card, empty }) {
	const rooms = byId("rooms");
	const more = byId("more");
	/** @type {HTMLInputElement} */
	const filter = byId("filter");
	let next = "";
	let asked = 0;
	let timer = 0;
	filter.value = parameter("q");

	/** @param {string} after The room that the last page ended with; "" for the first. */
	async function load(after) {
		asked += 1;
		const mine = asked;
		rooms.setAttribute("aria-busy", "true");
		try {
			const wanted = new URLSearchParams({ list, limit: PAGE, q: filter.value.trim() });
			if (after) wanted.set("after", after);
			const answer = await askServer(`rooms?${wanted}`);
			if (mine !== asked) return;
			if (!after) rooms.replaceChildren();
			rooms.append(...answer.rooms.map(card));
			next = answer.next ?? "";
			if (!rooms.childElementCount) rooms.append(nothing(filter.value.trim() ? text("nothingFound") : empty, create()));
		} catch (error) {
			if (mine !== asked) return;
			next = "";
			const again = element("button", { type: "button", onclick: () => load(after) }, text("tryAgain"));
			rooms.replaceChildren(nothing(errorWords(error), again));
		}
		more.hidden = next === "";
		rooms.setAttribute("aria-busy", "false");
	}

	more.addEventListener("click", () => load(next));
	filter.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => load(""), SEARCH_AFTER_MS);
	});
	load("");
	return () => load("");
}

const create = () => element("a", { class: "button", href: "room_create.html" }, text("newRoom"));

/** @param {string} words @param {HTMLElement} action */
const nothing = (words, action) => element("li", { class: "empty" }, words, action);
