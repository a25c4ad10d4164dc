// room_history.html: what was said, page by page, with search. Whispers are nowhere in it.

import {
	historyAddress,
	historyPlaceAddress,
	messageInAddress,
	parameter,
	roomAddress,
	tidyRoom,
} from "./addresses.js";
import { foldComings } from "./comings.js";
import { byId, element } from "./dom.js";
import { errorWords } from "./error_words.js";
import { greet, openPage } from "./frame.js";
import { idAfter } from "./ids.js";
import { MessageView } from "./message_view.js";
import { askServer } from "./server.js";
import { text } from "./texts.js";
import { nameBackdrop, onTheme } from "./theme.js";

/** Records asked for at once. */
const PAGE = "100";
const SHOWN = new Set(["say", "me", "dice", "topic", "join", "quit", "nick", "kick", "ban"]);

const room = tidyRoom(parameter("room")) || "lobby";
const words = parameter("q");
/** A message that somebody pointed to: what was said around it is shown. */
const at = messageInAddress();
let backdrop = [255, 255, 255];
const view = new MessageView({ name: "" }, () => backdrop);
/** @type {HTMLButtonElement} */
const older = byId("older");
/** @type {HTMLButtonElement} */
const newer = byId("newer");
/** @type {Entry[]} */
let records = [];
let [oldest, newestShown] = ["", ""];

function draw() {
	backdrop = nameBackdrop();
	const nodes = records.map((record) => view.entry(record));
	nodes.forEach((node, index) => view.decorate(node, records[index], records[index - 1], false));
	foldComings(records.map((record, index) => ({ record, node: nodes[index] })));
	// A hit leads to where it was said.
	if (words) nodes.forEach((node, index) => linkTo(node, records[index]));
	byId("history").replaceChildren(...nodes);
	nodes.find((node) => node.dataset.id === at)?.classList.add("target");
}

/** @param {HTMLElement} node @param {Entry} record */
function linkTo(node, { id }) {
	const time = node.querySelector("time");
	const href = historyPlaceAddress(room, id);
	time?.replaceWith(element("a", { href, title: text("showThere") }, time.cloneNode(true)));
}

/** @param {Record<string, string>} place @returns {Promise<Answer>} */
function ask(place) {
	const wanted = new URLSearchParams({ room, limit: PAGE, ...place });
	if (words) wanted.set("q", words);
	return askServer(`history?${wanted}`);
}

/** @param {() => Promise<void>} load */
async function loading(load) {
	byId("status").textContent = "";
	older.disabled = newer.disabled = true;
	try {
		await load();
	} catch (error) {
		byId("status").textContent = errorWords(error);
	}
	older.disabled = newer.disabled = false;
	byId("nothing").hidden = records.length > 0 || !older.hidden;
	byId("nothing").textContent = text(words ? "nothingFound" : "historyEmpty");
}

/** @param {Entry[]} entries */
const shown = (entries) => entries.filter(({ type }) => SHOWN.has(type));

/** @param {string} before Records before this id; "" for the newest. */
async function loadOlder(before) {
	const answer = await ask(before ? { before } : {});
	const page = document.documentElement;
	const height = records.length > 0 ? page.scrollHeight : 0;
	records = [...shown(answer.records), ...records];
	byId("description").textContent = answer.description ?? "";
	draw();
	if (height) scrollBy(0, page.scrollHeight - height);
	else scrollTo(0, page.scrollHeight);
	oldest = answer.oldest ?? answer.records[0]?.id ?? oldest;
	older.hidden = !answer.more;
}

async function loadNewer() {
	const answer = await ask({ after: newestShown });
	records = [...records, ...shown(answer.records)];
	draw();
	newestShown = answer.records.at(-1)?.id ?? newestShown;
	newer.hidden = !answer.more;
}

/** The message in the middle, and what was said before and after it. */
async function loadAround() {
	await loadOlder(idAfter(at));
	newestShown = at;
	await loadNewer();
	byId("history").querySelector(".target")?.scrollIntoView({ block: "center" });
}

await openPage("archiveTitle");
greet();
document.title = `${text("historyTitle", { room })} – ${text("appName")}`;
byId("title").textContent = text("historyTitle", { room });
byId("enter").setAttribute("href", roomAddress(room, at));
/** @type {HTMLInputElement} */
const search = byId("search");
search.value = words;
older.addEventListener("click", () => loading(() => loadOlder(oldest)));
newer.addEventListener("click", () => loading(loadNewer));
byId("search-form").addEventListener("submit", (event) => {
	event.preventDefault();
	const wanted = new URLSearchParams({ room });
	if (search.value.trim()) wanted.set("q", search.value.trim());
	location.assign(`room_history.html?${wanted}`);
});
byId("newest").setAttribute("href", historyAddress(room));
byId("newest").hidden = !at;
onTheme(draw);
loading(() => (at ? loadAround() : loadOlder("")));
