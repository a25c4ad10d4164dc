// Who is in a conversation or a room for some only: let in, sent away, by link or password; its title; leaving it.

import { roomAddress } from "./addresses.js";
import { copyText } from "./clipboard.js";
import { openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { attempt, smallForm, statusLine } from "./moderation/parts.js";
import { loadTexts, text } from "./texts.js";

await loadTexts("conversations");

/** As the server takes them. */
const MAX_TITLE = "64";

/** @param {Room} room @param {import("./private_rooms.js").PrivateRooms} privately */
export function openClosedRoomDialog(room, privately) {
	/** @param {Message} message */
	const ask = (message) => privately.ask({ ...message, room: room.name });
	const about = room.about;
	const keeps = about?.keeps === true;
	const isPair = about?.kind === "pair";
	return openDialog(room.label, (close) => [
		peopleList(about?.people ?? [], room, keeps && !isPair, ask),
		...(isPair ? [] : [inviteForm(ask)]),
		...(keeps && !isPair ? [linkForm(room, ask), titleForm(room, ask), passwordForm(ask)] : []),
		...(keeps && about?.kind === "room" ? [openForm(ask, close)] : []),
		...(isPair ? [] : [leaveForm(ask, close)]),
	]);
}

/** @typedef {(message: Message) => Promise<Message>} AskRoom */

/** @param {Person[]} people @param {Room} room @param {boolean} keeps @param {AskRoom} ask */
function peopleList(people, room, keeps, ask) {
	const status = statusLine();
	const rows = people.map(({ name, person }) => {
		const node = element("li", {}, element("bdi", {}, name));
		const onclick = async () => {
			if (await attempt(status, () => ask({ type: "uninvite", to: name, person }))) node.remove();
		};
		const button = { type: "button", class: "link", onclick, "aria-label": `${text("sendAway")}: ${name}` };
		if (keeps && name !== room.me.name) node.append(" ", element("button", button, text("sendAway")));
		return node;
	});
	return element("div", {}, element("ul", { class: "plain-list", id: "closed-people" }, rows), status);
}

/** @param {AskRoom} ask */
function inviteForm(ask) {
	const name = element("input", { id: "invite-name", dir: "auto", autocomplete: "off" });
	const act = () => ask({ type: "invite", to: name.value.trim() });
	return smallForm("invite-form", text("letIn"), [["letInName", name]], { className: "primary", key: "letInDo", act });
}

/** @param {Room} room @param {AskRoom} ask */
function linkForm(room, ask) {
	const uses = element("input", { id: "link-uses", type: "number", min: "1", max: "500", value: "1" });
	const link = element("input", { id: "link", readonly: "", dir: "ltr", hidden: "" });
	const act = async () => {
		const { token } = await ask({ type: "link", uses: Number(uses.value) || 1 });
		link.value = new URL(`${roomAddress(room.name)}#invitation=${token}`, document.baseURI).href;
		link.hidden = false;
		link.select();
		await copyText(link.value, link);
	};
	/** @type {(HTMLElement | [string, HTMLElement])[]} */
	const fields = [["linkUses", uses], link];
	link.setAttribute("aria-label", text("linkTitle"));
	return smallForm("link-form", text("linkTitle"), fields, { className: "", key: "linkMake", act });
}

/** @param {Room} room @param {AskRoom} ask */
function titleForm(room, ask) {
	const title = element("input", { id: "closed-title", dir: "auto", maxlength: MAX_TITLE, autocomplete: "off" });
	title.value = room.about?.title ?? "";
	const act = () => ask({ type: "rename", text: title.value.trim() });
	return smallForm("title-form", text("converseTitle"), [["converseTitle", title]], {
		className: "",
		key: "save",
		act,
	});
}

/** @param {AskRoom} ask */
function passwordForm(ask) {
	const password = element("input", { id: "closed-password", type: "password", autocomplete: "new-password" });
	const act = () => ask({ type: "password", text: password.value });
	return smallForm("password-form", text("passwordTitle"), [["passwordHint", password]], {
		className: "",
		key: "save",
		act,
	});
}

/** @param {AskRoom} ask @param {() => void} close */
function openForm(ask, close) {
	const name = element("input", { id: "open-name", dir: "auto", autocomplete: "off" });
	const history = element("input", { id: "open-history", type: "checkbox" });
	const act = async () => {
		await ask({
			type: "make_public",
			...(name.value.trim() && { text: name.value.trim() }),
			...(history.checked && { history: "all" }),
		});
		close();
	};
	/** @type {(HTMLElement | [string, HTMLElement])[]} */
	const fields = [element("p", { class: "hint" }, text("openHint")), ["openName", name], ["openHistory", history]];
	return smallForm("open-form", text("openTitle"), fields, { className: "danger", key: "openDo", act });
}

/** @param {AskRoom} ask @param {() => void} close */
function leaveForm(ask, close) {
	const act = async () => {
		await ask({ type: "leave" });
		close();
	};
	return smallForm("leave-form", text("leaveForGood"), [], { className: "danger", key: "leaveForGood", act });
}
