// The form that leads into a room: a name, a color, a room, and the rooms where people are.

import { roomAddress, tidyRoom } from "./addresses.js";
import { loadConfig } from "./config.js";
import { byId, element, loadStyle } from "./dom.js";
import { drawEntry } from "./entry_form.js";
import { errorWords } from "./error_words.js";
import { drawTop } from "./frame.js";
import { drawSwatches, saveName } from "./name_form.js";
import { roomCard } from "./room_cards.js";
import { askServer, loadSession } from "./server.js";
import { text } from "./texts.js";

/** Rooms shown below the form: a taste, the list has its own page. */
const MAX_ROOMS_SHOWN = 6;

export async function showEntry() {
	drawEntry(byId("entry"));
	/** @type {HTMLInputElement} */
	const nameField = byId("entry-name");
	/** @type {HTMLInputElement} */
	const roomField = byId("entry-room");
	await Promise.all([loadStyle("css/pages.css"), loadStyle("css/dialogs.css")]);
	byId("entry").hidden = false;
	document.title = text("appName");
	drawTop(null);
	const session = await loadSession();
	drawTop(session);
	nameField.value ||= session.name ?? "";
	roomField.value ||= "lobby";
	const color = drawSwatches(byId("entry-colors"), session.color ?? "");
	byId("entry-form").addEventListener("submit", (event) => {
		event.preventDefault();
		enter(session, nameField.value.trim(), color(), tidyRoom(roomField.value));
	});
	(session.name ? roomField : nameField).focus();
	showRooms();
	showLogIn(session);
}

/** How to get an account's name, where there are accounts. @param {Session} session */
async function showLogIn(session) {
	const { accounts, login_url: address } = await loadConfig();
	if (!accounts || session.account || !address) return;
	const [href, words] = accounts.first ? ["first.html", text("createAdministrator")] : [address, text("logIn")];
	byId("entry-form").after(element("p", { id: "entry-log-in" }, element("a", { href }, words)));
}

/** @param {Session} session @param {string} name @param {string} color @param {string} room */
async function enter(session, name, color, room) {
	const status = byId("entry-status");
	/** @type {HTMLButtonElement} */
	const button = byId("entry-go");
	status.textContent = room ? "" : text("roomMissing");
	if (!room) {
		byId("entry-room").focus();
		return;
	}
	button.disabled = true;
	try {
		const changed = name !== (session.name ?? "") || color !== (session.color ?? "");
		if (name && changed && !session.missing) await saveName(name, color);
		location.assign(roomAddress(room));
	} catch (error) {
		status.textContent = errorWords(error);
		button.disabled = false;
	}
}

async function showRooms() {
	try {
		/** @type {{ rooms: RoomFigures[] }} */
		const { rooms } = await askServer("rooms?people=1");
		if (rooms.length === 0) return;
		byId("entry-room-list").replaceChildren(...rooms.slice(0, MAX_ROOMS_SHOWN).map((room) => roomCard(room)));
		byId("known-rooms").replaceChildren(...rooms.map(({ name }) => new Option(name, name)));
		byId("entry-rooms").hidden = false;
	} catch {
		// The form works without the list.
	}
}
