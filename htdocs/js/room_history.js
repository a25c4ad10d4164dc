// room_history.html: what was said, page by page, with search. Whispers are nowhere in it.

import { historyAddress, parameter, roomAddress, tidyRoom } from "./addresses.js";
import { foldComings } from "./comings.js";
import { byId } from "./dom.js";
import { errorWords } from "./error_words.js";
import { greet, openPage } from "./frame.js";
import { MessageView } from "./message_view.js";
import { askServer } from "./server.js";
import { text } from "./texts.js";
import { nameBackdrop, onTheme } from "./theme.js";

/** Records asked for at once. */
const PAGE = "100";
const SHOWN = new Set(["say", "me", "dice", "topic", "join", "quit", "nick", "kick", "ban"]);

const room = tidyRoom(parameter("room")) || "lobby";
const words = parameter("q");
/** A message that somebody pointed to: the page that ends with it is shown. */
const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(parameter("at")) ? parameter("at") : "";
let backdrop = [255, 255, 255];
const view = new MessageView({ name: "" }, () => backdrop);
/** @type {HTMLButtonElement} */
const older = byId("older");
/** @type {Entry[]} */
let records = [];
let oldest = "";

function draw() {
	backdrop = nameBackdrop();
	const nodes = records.map((record) => view.entry(record));
	nodes.forEach((node, index) => view.decorate(node, records[index], records[index - 1], false));
	foldComings(records.map((record, index) => ({ record, node: nodes[index] })));
	byId("history").replaceChildren(...nodes);
	nodes.find((node) => node.dataset.id === at)?.classList.add("target");
}

/** @param {string} before Records before this id; "" for the newest. */
async function load(before) {
	byId("status").textContent = "";
	older.disabled = true;
	try {
		const wanted = new URLSearchParams({ room, limit: PAGE });
		if (before) wanted.set("before", before);
		if (words) wanted.set("q", words);
		show(await askServer(`history?${wanted}`));
	} catch (error) {
		byId("status").textContent = errorWords(error);
	}
	older.disabled = false;
}

/** @param {{ records: Entry[], more: boolean, oldest?: string, description?: string }} answer */
function show(answer) {
	const page = document.documentElement;
	const height = records.length > 0 ? page.scrollHeight : 0;
	records = [...answer.records.filter(({ type }) => SHOWN.has(type)), ...records];
	byId("description").textContent = answer.description ?? "";
	draw();
	if (height) scrollBy(0, page.scrollHeight - height);
	else scrollTo(0, page.scrollHeight);
	oldest = answer.oldest ?? answer.records[0]?.id ?? oldest;
	older.hidden = !answer.more;
	byId("nothing").hidden = records.length > 0 || answer.more;
	byId("nothing").textContent = text(words ? "nothingFound" : "historyEmpty");
}

/**
 * The next possible id: "before" leaves out the one it names.
 * @param {string} id
 */
function idAfter(id) {
	const micros = Number(id.slice(20, 26)) + 1;
	if (micros < 1e6) return `${id.slice(0, 20)}${String(micros).padStart(6, "0")}Z`;
	return new Date(Date.parse(`${id.slice(0, 19)}Z`) + 1000).toISOString().replace("Z", "000Z");
}

await openPage("archiveTitle");
greet();
document.title = `${text("historyTitle", { room })} – ${text("appName")}`;
byId("title").textContent = text("historyTitle", { room });
byId("enter").setAttribute("href", roomAddress(room));
/** @type {HTMLInputElement} */
const search = byId("search");
search.value = words;
older.addEventListener("click", () => load(oldest));
byId("search-form").addEventListener("submit", (event) => {
	event.preventDefault();
	const wanted = new URLSearchParams({ room });
	if (search.value.trim()) wanted.set("q", search.value.trim());
	location.assign(`room_history.html?${wanted}`);
});
byId("newest").setAttribute("href", historyAddress(room));
byId("newest").hidden = !at;
onTheme(draw);
load(at && idAfter(at));
