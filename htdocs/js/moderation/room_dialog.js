// What moderators look after in a room: reports, bans and mutes, how slow it is, who owns and moderates it.

import { messageAddress } from "../addresses.js";
import { openDialog } from "../dialog.js";
import { element } from "../dom.js";
import { text } from "../texts.js";
import { attempt, smallForm, statusLine } from "./parts.js";
import { openPersonDialog } from "./person_dialog.js";
import { ask as askRoom } from "./questions.js";

/** @param {Room} of @param {import("../private_rooms.js").PrivateRooms} privately */
export function openModerationDialog(of, privately) {
	const room = of.name;
	/** @type {Ask} */
	const ask = (line) => askRoom(of, line);
	return openDialog(text("moderateName", { name: room }), (close) => [
		list(
			"mod-reports",
			"reportsTitle",
			() => ask("/reports"),
			"noReports",
			(row, again) => report(room, row, ask, again),
		),
		list(
			"mod-bans",
			"bansTitle",
			() => ask("/bans"),
			"noBans",
			(row, again) => measure(row, ask, again),
		),
		slowForm(ask),
		list(
			"mod-holders",
			"rolesTitle",
			() => ask("/roles"),
			"noRoles",
			({ account = "", role = "" }) => [words([element("bdi", {}, account), ` – ${text(`role_${role}`)}`])],
		),
		...(of.about === null ? [privateForm(of, privately, close)] : []),
	]);
}

/** @param {Room} room @param {import("../private_rooms.js").PrivateRooms} privately @param {() => void} close */
function privateForm(room, privately, close) {
	const act = async () => {
		await privately.ask({ type: "make_private", room: room.name });
		close();
	};
	const fields = [element("p", { class: "hint" }, text("privateHint"))];
	return smallForm("private-form", text("privateTitle"), fields, { className: "danger", key: "privateDo", act });
}

/**
 * A list that is fetched, and again after each change.
 * @param {string} id
 * @param {string} title
 * @param {() => Promise<AnswerRow[]>} fetchRows
 * @param {string} none
 * @param {(row: AnswerRow, again: () => void) => HTMLElement[]} draw
 */
function list(id, title, fetchRows, none, draw) {
	const rows = element("ul", { class: "ignored-list", id });
	const status = statusLine();
	const load = () =>
		fetchRows().then(
			(found) => {
				const lines = found.map((row) => element("li", {}, draw(row, load)));
				rows.replaceChildren(...(lines.length > 0 ? lines : [element("li", { class: "hint" }, text(none))]));
			},
			(error) => status.replaceChildren(error.message),
		);
	load();
	return element("section", { class: "part" }, element("h3", {}, text(title)), rows, status);
}

/** @param {(Node | string)[]} parts */
const words = (parts) => element("span", { class: "words" }, ...parts);

/** @param {string} key @param {string} label @param {() => Promise<unknown>} act @param {() => void} again */
function doing(key, label, act, again) {
	const status = statusLine();
	const onclick = async () => {
		if (await attempt(status, act)) again();
	};
	const button = element("button", { type: "button", "aria-label": `${text(key)}: ${label}`, onclick }, text(key));
	return element("span", { class: "doing" }, button, status);
}

/** @param {string} room @param {AnswerRow} row @param {Ask} ask @param {() => void} again */
function report(room, { id = "", by = "", who = "", reason = "", message }, ask, again) {
	const place = message && element("a", { href: messageAddress(room, message) }, text("reportedMessage"));
	const said = text("reportLine", { by, who }) + (reason ? `: ${reason}` : "");
	const onclick = () => openPersonDialog(who, ask);
	const moderate = element("button", { type: "button", "aria-label": text("moderateName", { name: who }), onclick });
	moderate.append(text("moderate"));
	return [
		words([element("bdi", {}, said), " ", place || ""]),
		moderate,
		doing("resolve", said, () => ask(`/resolve ${id}`), again),
	];
}

/** @param {AnswerRow} row @param {Ask} ask @param {() => void} again */
function measure({ what = "", who = "", until, by = "", reason = "", account, address, everywhere }, ask, again) {
	const end = until ? text("untilTime", { time: new Date(until).toLocaleString() }) : text("forGood");
	const known = [account, address].filter(Boolean).join(", ");
	const parts = [text(`measure_${what}`), who, known && `(${known})`, end, text("byName", { by })];
	const said = parts.filter(Boolean).join(" ") + (everywhere ? `, ${text("inAllRooms")}` : "");
	const line = reason ? `${said}: ${reason}` : said;
	const lift = `/un${what} ${everywhere ? "* " : ""}${who}`;
	return [words([element("bdi", {}, line)]), doing("lift", who, () => ask(lift), again)];
}

/** @param {Ask} ask */
function slowForm(ask) {
	const seconds = element("input", { type: "number", id: "mod-slow", inputmode: "numeric", min: "0", max: "3600" });
	ask("/slow").then(
		([row]) => (seconds.value = String(row?.seconds ?? 0)),
		() => {},
	);
	const act = () => ask(`/slow ${seconds.valueAsNumber || 0}`);
	const button = { className: "", key: "save", act };
	return smallForm("mod-slow-form", text("slowTitle"), [["slowSeconds", seconds]], button);
}
