// The rooms, and one of them: what it is about, who has a role, what was said, and its end.

import { element } from "/chat/js/dom.js";
import { ask, doDeed } from "../ask.js";
import { bytes, choice, deedButton, field, filter, form, head, moment, table, tell, wordsOf } from "../parts.js";

/** @param {string} room */
const linkTo = (room) => element("a", { href: `#room/${encodeURIComponent(room)}` }, element("bdi", {}, room));

export async function rooms() {
	const found = await ask("rooms");
	const list = table(
		"Rooms",
		[
			{ label: "Room", cell: (it) => linkTo(it.room) },
			{ label: "People", number: true, cell: (it) => it.people },
			{ label: "Size", number: true, cell: (it) => bytes(it.bytes) },
			{ label: "Last message", cell: (it) => moment(it.last) },
			{
				label: "Kind",
				cell: (it) =>
					element("span", { class: "tag" }, it.private ? `${it.private}, ${it.members} members` : "for everybody"),
			},
		],
		found,
		"There are no rooms yet.",
	);
	return [head(`Rooms (${found.length})`, filter("Find in the list", list)), list];
}

/** @param {{ what: string, again: () => void }} view */
export async function room({ what: name, again }) {
	const about = await ask(`room?room=${encodeURIComponent(name)}`);
	const parts = about.private
		? [element("p", { class: "card" }, "This room is for some only: what is said in it is not shown here.")]
		: [topicOf(about, again), await said(name, again)];
	if (!about.private) parts.push(rolesOf(about, again));
	return [head(name, element("a", { href: "#rooms" }, "All rooms")), ...parts, endOf(about)];
}

/** @param {any} about @param {() => void} again */
function topicOf(about, again) {
	const room = about.room;
	const set = (/** @type {string} */ deed) => async (/** @type {Record<string, string>} */ values) => {
		tell((await doDeed(deed, { room, ...values })).text);
		again();
	};
	const topic = element("input", { name: "topic", value: about.topic ?? "", maxlength: "4096" });
	const slow = element("input", {
		name: "seconds",
		type: "number",
		min: "0",
		max: "3600",
		value: String(about.slow),
		required: true,
	});
	return element(
		"section",
		{ class: "card" },
		form({ class: "form" }, [field("Topic", topic)], {
			button: [element("button", {}, "Set the topic")],
			send: set("topic"),
		}),
		form({ class: "form" }, [field("Seconds between two messages of a member", slow, "0: as many as they like")], {
			button: [element("button", {}, "Set how slow it is")],
			send: set("slow"),
		}),
	);
}

/** What was said last, and before that. @param {string} room @param {() => void} again */
async function said(room, again) {
	const list = element("ol", { class: "lines", "aria-label": "What was said" });
	const older = element("button", { type: "button" }, "Older messages");
	const wrong = element("p", { class: "bad", role: "alert" });
	let first = "";
	const more = async () => {
		try {
			const page = await ask(
				`history?room=${encodeURIComponent(room)}${first && `&before=${encodeURIComponent(first)}`}`,
			);
			list.prepend(...page.map((/** @type {any} */ it) => line(room, it, again)));
			first = page[0]?.id ?? first;
			older.hidden = page.length < 50;
		} catch (error) {
			wrong.textContent = wordsOf(error);
		}
	};
	older.addEventListener("click", more);
	await more();
	const isEmpty = list.childElementCount === 0;
	return element(
		"section",
		{},
		element("h2", {}, "What was said"),
		older,
		wrong,
		isEmpty ? element("p", { class: "empty card" }, "Nothing yet, or it was cleared.") : list,
	);
}

/** @param {string} room @param {any} it @param {() => void} again */
function line(room, it, again) {
	const text = it.redacted
		? element("em", {}, "taken back")
		: it.kind === "topic"
			? `set the topic: ${it.text}`
			: it.text;
	const back = deedButton("Take back", {
		deed: "redact",
		values: { room, id: it.id },
		title: "Take this message back",
		label: `Take back the message of ${it.from}`,
		about: `${it.from}: ${it.text}`,
		danger: true,
		done: again,
	});
	return element(
		"li",
		{},
		element("span", { class: "said" }, element("strong", {}, element("bdi", {}, it.from)), " ", text),
		element("span", { class: "hint" }, moment(it.id)),
		it.id && !it.redacted && it.kind !== "topic" ? back : null,
	);
}

/** @param {any} about @param {() => void} again */
function rolesOf(about, again) {
	const room = about.room;
	const list = table(
		"Roles",
		[
			{ label: "Account", cell: (it) => element("bdi", {}, it.account) },
			{ label: "Role", cell: (it) => it.role },
			{ label: "Given by", cell: (it) => it.by },
			{
				label: "What to do",
				hidden: true,
				class: "actions",
				cell: (it) =>
					deedButton("Take away", {
						deed: "role",
						values: { room, account: it.account, role: "member" },
						title: `Take the role of ${it.account} away`,
						label: `Take away the role of ${it.account}`,
						done: again,
					}),
			},
		],
		about.roles,
		"Nobody has a role here; administrators own every room.",
	);
	const give = form(
		{ class: "form card" },
		[
			element(
				"div",
				{ class: "row" },
				field("Account", element("input", { name: "account", required: true, autocapitalize: "none" })),
				field(
					"Role",
					choice("role", [
						["moderator", "moderator"],
						["owner", "owner"],
					]),
				),
			),
		],
		{
			button: [element("button", {}, "Give the role")],
			send: async (values) => {
				tell((await doDeed("role", { room, ...values })).text);
				again();
			},
		},
	);
	return element("section", {}, element("h2", {}, "Roles"), list, give);
}

/** @param {any} about */
function endOf(about) {
	const room = about.room;
	const { value = "forever", line = null } = about.keep ?? {};
	const place = line ? `chat.ini, line ${line}` : "no line of chat.ini says more";
	const leave = () => location.assign("#rooms");
	const stay = () => dispatchEvent(new HashChangeEvent("hashchange"));
	const age = field(
		"Older than",
		element("input", { name: "older-than", required: true, value: "3months" }),
		"as 90days, 2weeks, 1year",
	);
	return element(
		"section",
		{ class: "card" },
		element("h2", {}, "Keep and delete"),
		element("p", {}, `What is said here is kept: ${value ?? "forever"} (${place}).`),
		element(
			"div",
			{ class: "row" },
			!about.private &&
				deedButton("Clear", {
					deed: "clear",
					values: { room },
					title: `Clear ${room}`,
					about: "What was said so far is hidden; the logs and an export keep it.",
					done: stay,
				}),
			deedButton("Delete old messages", {
				deed: "expire",
				values: { room },
				title: `Delete old messages of ${room}`,
				content: [age],
				danger: true,
				done: stay,
			}),
			deedButton("Delete all messages", {
				deed: "delete",
				values: { room },
				title: `Delete all that was said in ${room}`,
				about: "It cannot be undone.",
				danger: true,
				done: stay,
			}),
			deedButton("Delete the room", {
				deed: "purge",
				values: { room },
				title: `Delete the room ${room}`,
				about: "Its logs, topic, roles, bans and files are deleted. It cannot be undone.",
				danger: true,
				done: leave,
			}),
		),
	);
}
