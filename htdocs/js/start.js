// index.html: with ?room=NAME the room itself, without it the form that leads there. Each loads only its own parts.

import { parameter, tidyRoom } from "./addresses.js";
import { element } from "./dom.js";
import { text } from "./texts.js";
import { dress } from "./theme.js";

const room = tidyRoom(parameter("room"));
try {
	await dress(room ? "room" : "pages");
	if (room) await (await import("./chat.js")).openChat(room);
	else await (await import("./entry.js")).showEntry();
} catch (error) {
	// A part of the page did not arrive: better a word and a button than a white page.
	console.error(error);
	const again = { type: "button", class: "primary", onclick: () => location.reload() };
	const words = element("div", { class: "empty", role: "alert" }, text("cannotLoad"));
	words.append(element("button", again, text("tryAgain")));
	document.body.append(element("main", { class: "content narrow" }, words));
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
