// index.html: with ?room=NAME the room itself, without it the form that leads there. Each loads only its own parts.

import { parameter, tidyRoom } from "./addresses.js";
import { element } from "./dom.js";
import { readStored, writeStored } from "./storage.js";
import { text } from "./texts.js";
import { dress } from "./theme.js";

/** How long after a part of the page did not arrive it is loaded anew by itself, each time; then a person may. */
const AGAIN_AFTER_MS = [1_000, 4_000];
/** A server that answers nothing for so long is away. */
const ANSWER_MS = 10_000;

const room = tidyRoom(parameter("room"));
try {
	await dress(room ? "room" : "pages");
	if (room) await (await import("./chat.js")).openChat(room);
	else await (await import("./entry.js")).showEntry();
	if (tries()) keepTries(0);
} catch (error) {
	// A part of the page did not arrive: better a word and a button than a white page.
	console.error(error);
	const words = element("div", { class: "empty", role: "alert" }, text("loadsAgain"));
	document.body.append(element("main", { class: "content narrow" }, words));
	if (tries() < AGAIN_AFTER_MS.length && keepTries(tries() + 1)) {
		setTimeout(() => loadAgain(words), AGAIN_AFTER_MS[tries() - 1]);
	} else {
		letPersonTry(words);
	}
}

/** Unless the server is away: the browser's own page about that would be all there is. @param {HTMLElement} words */
async function loadAgain(words) {
	try {
		await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
		location.reload();
	} catch {
		letPersonTry(words);
	}
}

/** @param {HTMLElement} words */
function letPersonTry(words) {
	const again = { type: "button", class: "primary", onclick: () => location.reload() };
	words.replaceChildren(text("cannotLoad"), element("button", again, text("tryAgain")));
}

/** How often this tab was loaded anew by itself. */
function tries() {
	return Number(readStored("loads", 0, "sessionStorage"));
}

/** @param {number} count @returns Whether it is kept: else this would go on for ever. */
function keepTries(count) {
	return writeStored("loads", count, "sessionStorage");
}

/** Long after all that somebody waits for: the pages are kept for when there is no network. */
const KEEP_AFTER_MS = 20_000;

setTimeout(async () => {
	try {
		await navigator.serviceWorker?.register("service_worker.js");
	} catch {
		// Then they start with a network only.
	}
}, KEEP_AFTER_MS);
