// Who is there: thrown out, muted, banned.

import { element } from "/chat/js/dom.js";
import { ask } from "../ask.js";
import { choice, deedButton, field, filter, head, table } from "../parts.js";

/** @type {[string, string][]} */
const TIMES = [
	["10", "10 minutes"],
	["60", "an hour"],
	["1440", "a day"],
	["10080", "a week"],
	["", "for good"],
];

const reason = () => field("Reason, which they are told", element("input", { name: "reason", maxlength: "200" }));

/** By what somebody is kept out. @param {any} person @returns {[string, string][]} */
function ways({ nick, account, address }) {
	/** @type {[string, string][]} */
	const found = [[nick, `who is called ${nick}`]];
	if (account) found.unshift([`account:${account}`, `the account ${account}`]);
	if (address) {
		found.push([`address:${address}`, `guests from ${address}`], [`everybody:${address}`, `everybody from ${address}`]);
	}
	return found;
}

/** @param {string} room @returns {[string, string][]} */
const places = (room) => [
	[room, `the room ${room}`],
	["*", "every room"],
];

/** @param {any} person @param {() => void} again */
export function measures(person, again) {
	const { room, nick } = person;
	const fields = () => [
		field("Whom", choice("who", ways(person))),
		field("Where", choice("room", places(room))),
		field("How long", choice("minutes", TIMES)),
		reason(),
	];
	/** @type {(words: string, deed: string, about: string) => HTMLElement} */
	const button = (words, deed, about) =>
		deedButton(words, {
			deed,
			values: {},
			title: `${words} ${nick}`,
			label: `${words} ${nick} in ${room}`,
			about,
			content: fields(),
			done: again,
		});
	return [
		deedButton("Kick", {
			deed: "kick",
			values: { room, who: nick },
			title: `Kick ${nick}`,
			label: `Kick ${nick} out of ${room}`,
			about: `They are out of ${room} at once, and may come back.`,
			content: [reason()],
			done: again,
		}),
		button("Mute", "mute", "They read and do not speak."),
		button("Ban", "ban", "They are out, and stay out."),
	];
}

/** @param {{ again: () => void }} view */
export async function people({ again }) {
	const found = await ask("people");
	const list = table(
		"People",
		[
			{ label: "Name", cell: (it) => element("bdi", {}, it.nick) },
			{ label: "Room", cell: (it) => element("a", { href: `#room/${encodeURIComponent(it.room)}` }, it.room) },
			{ label: "Account", cell: (it) => (it.account ? element("bdi", {}, it.account) : "guest") },
			{ label: "Address", cell: (it) => it.address ?? "–" },
			{ label: "What to do", hidden: true, class: "actions", cell: (it) => measures(it, again) },
		],
		found,
		"Nobody is there.",
	);
	return [head(`People (${found.length})`, filter("Find in the list", list)), list];
}
