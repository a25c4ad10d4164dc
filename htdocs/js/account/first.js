// first.html: the first administrator, a first room, and whether the rooms can be reached.

import { roomAddress, tidyRoom } from "../addresses.js";
import { loadConfig } from "../config.js";
import { byId, element } from "../dom.js";
import { askServer } from "../server.js";
import { text } from "../texts.js";
import { askAccount, input, openAccountPage, secrets, showForm, valueOf } from "./form.js";
import { checkSocket } from "./socket_check.js";

const code = secrets.get("code") ?? "";
await openAccountPage("firstTitle");
const config = await loadConfig();
const socket = element("p", { class: "status", id: "socket-check", role: "status" }, text("socketChecking"));

const codeField = () => {
	const made = input("code", text("firstCode"), { autocomplete: "off", autocapitalize: "none" }, text("firstCodeHint"));
	/** @type {HTMLInputElement} */ (made.querySelector("input")).value = code;
	return made;
};

if (config.accounts) {
	showForm({
		title: text("firstTitle"),
		lead: text("firstLead"),
		fields: [
			codeField(),
			input("name", text("name"), { autocomplete: "username", dir: "auto" }, text("nameHint")),
			input("password", text("password"), { type: "password", autocomplete: "new-password" }, text("passwordHint")),
		],
		button: text("firstGo"),
		below: [socket],
		send: async () => {
			const wish = { name: valueOf("name").trim(), password: valueOf("password"), word: valueOf("code").trim() };
			await askAccount("first", wish);
			askForRoom();
		},
	});
	if (code) byId("name").focus();
} else {
	byId("content").append(
		element("h1", {}, text("firstTitle")),
		element("p", { class: "lead", role: "alert" }, text("noAccounts")),
		socket,
	);
}

function askForRoom() {
	const room = input("room", text("room"), { autocomplete: "off", dir: "auto", autocapitalize: "none" });
	/** @type {HTMLInputElement} */ (room.querySelector("input")).value = "lobby";
	showForm({
		title: text("firstRoom"),
		lead: text("firstRoomLead"),
		fields: [room],
		button: text("enter"),
		below: [socket],
		send: async () => location.assign(roomAddress(tidyRoom(valueOf("room")))),
	});
}

// What does not know it has no need of it.
const { seen } = await askServer("config?seen=1").catch(() => ({}));
await checkSocket(config.websocket_url, seen, (result) => {
	socket.textContent = text(result.key, { text: result.text, url: result.url });
	socket.classList.toggle("bad", result.key !== "socketGood" && result.key !== "socketOpen");
	socket.dataset.result = result.key;
});
