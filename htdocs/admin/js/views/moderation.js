// Bans and mutes, and what members reported.

import { element } from "/chat/js/dom.js";
import { ask } from "../ask.js";
import { deedButton, filter, head, moment, table } from "../parts.js";
import { measures } from "./people.js";

/** @param {{ again: () => void }} view */
export async function bans({ again }) {
	const found = await ask("bans");
	const list = table(
		"Bans and mutes",
		[
			{ label: "Whom", cell: (it) => element("bdi", {}, it.who) },
			{ label: "What", class: "nowrap", cell: (it) => it.what },
			{ label: "Where", cell: (it) => (it.room === "*" ? "every room" : it.room) },
			{ label: "Until", class: "nowrap", cell: (it) => (it.until ? moment(it.until) : "for good") },
			{ label: "Account", cell: (it) => it.account ?? "–" },
			{ label: "Address", cell: (it) => it.address ?? "–" },
			{ label: "By", class: "nowrap", cell: (it) => it.by },
			{ label: "Reason", cell: (it) => it.reason || "–" },
			{
				label: "What to do",
				hidden: true,
				class: "actions",
				cell: (it) =>
					deedButton("Lift", {
						deed: it.what === "ban" ? "unban" : "unmute",
						values: { room: it.room, who: it.who },
						title: `Lift the ${it.what} of ${it.who}`,
						label: `Lift the ${it.what} of ${it.who}`,
						done: again,
					}),
			},
		],
		found,
		"Nobody is banned or muted.",
	);
	return [head(`Bans and mutes (${found.length})`, filter("Find in the list", list)), list];
}

/** @param {{ again: () => void }} view */
export async function reports({ again }) {
	const found = await ask("reports");
	const list = table(
		"Reports",
		[
			{ label: "When", cell: (it) => moment(it.id) },
			{ label: "Room", cell: (it) => element("a", { href: `#room/${encodeURIComponent(it.room)}` }, it.room) },
			{ label: "About", cell: (it) => element("bdi", {}, it.about) },
			{ label: "By", cell: (it) => element("bdi", {}, it.by) },
			{ label: "Reason", cell: (it) => it.reason },
			{
				label: "What to do",
				hidden: true,
				class: "actions",
				cell: (it) => [
					...(it.message ? [takeBack(it, again)] : []),
					...measures({ room: it.room, nick: it.about, account: it.account }, again),
					deedButton("Resolved", {
						deed: "resolve",
						values: { room: it.room, id: it.id },
						title: "Take the report off the list",
						label: `Resolved: the report about ${it.about}`,
						done: again,
					}),
				],
			},
		],
		found,
		"Nothing was reported.",
	);
	return [head(`Reports (${found.length})`), list];
}

/** @param {any} it @param {() => void} again */
function takeBack(it, again) {
	return deedButton("Take back", {
		deed: "redact",
		values: { room: it.room, id: it.message },
		title: "Take the message back",
		label: `Take back the message of ${it.about}`,
		about: "Its text is overwritten in the log.",
		danger: true,
		done: again,
	});
}
