// Accounts: who may log in, what they are part of, and what they may.

import { element } from "/chat/js/dom.js";
import { ask, doDeed } from "../ask.js";
import { answered, deedButton, field, filter, form, head, moment, table, tell } from "../parts.js";

/** @param {string} text */
const words = (text) => text.split(/[\s,]+/u).filter(Boolean);

/** @param {any} it */
function stateOf(it) {
	if (it.disabled) return element("span", { class: "tag bad" }, "disabled");
	return element("span", { class: "tag" }, it.password === "none" ? "no password yet" : "can log in");
}

/** How somebody is shown: name and status. @param {any} [profile] */
function shownAs(profile) {
	const { display_name: name, status, avatar } = profile ?? {};
	const parts = [name, status && [status.emoji, status.text].filter(Boolean).join(" "), avatar && "with a picture"];
	const known = parts.filter(Boolean);
	return known.length ? element("bdi", {}, known.join(", ")) : "–";
}

export async function accounts() {
	const found = await ask("accounts");
	const list = table(
		"Accounts",
		[
			{
				label: "Account",
				cell: (it) =>
					element("a", { href: `#account/${encodeURIComponent(it.account)}` }, element("bdi", {}, it.account)),
			},
			{ label: "Kind", cell: (it) => it.kind },
			{ label: "Shown as", cell: (it) => shownAs(it.profile) },
			{ label: "Since", cell: (it) => moment(it.created) },
			{ label: "State", cell: stateOf },
			{ label: "Groups", cell: (it) => it.groups.join(" ") || "–" },
		],
		found,
		"There are none.",
	);
	const make = element("button", { type: "button", class: "primary", onclick: create }, "Make an account");
	return [head(`Accounts (${found.length})`, filter("Find in the list", list), make, inviteButton()), list];
}

function create() {
	return answered({
		title: "Make an account",
		go: "Make it",
		content: [
			field("Name", element("input", { name: "name", required: true, autocomplete: "off", autocapitalize: "none" })),
			field(
				"Groups",
				element("input", { name: "groups", autocapitalize: "none" }),
				"such as staff; admin administers the site",
			),
			element("p", { class: "hint" }, "Its owner chooses the password, by a link that you get now."),
		],
		send: async ({ name, groups }) => {
			await doDeed("register", { name, group: words(groups) });
			const { value } = await doDeed("link", { name });
			location.assign(`#account/${encodeURIComponent(name)}`);
			showAddress(`A link for ${name}`, value);
		},
	});
}

function inviteButton() {
	const uses = element("input", { name: "uses", type: "number", min: "1", max: "10000", value: "1", required: true });
	return deedButton("Invite", {
		deed: "invite",
		values: {},
		title: "Invite people to make accounts",
		content: [field("How many accounts may be made by the link", uses)],
		done: ({ value }) => showAddress("An invitation", value),
	});
}

/**
 * What its owner adds to the address of the chat's pages.
 * @param {string} title
 * @param {{ address: string, until: string }} link
 */
function showAddress(title, { address, until }) {
	const shown = element("input", { readonly: true, value: address, class: "mono" });
	return answered({
		title,
		go: "Copy and close",
		content: [
			field(
				"Behind the address of the chat's pages",
				shown,
				"as https://chat.example.org/ and this; give it to them alone",
			),
			element("p", { class: "hint" }, "Good until ", moment(until), "."),
		],
		send: async () => {
			shown.select();
			await navigator.clipboard?.writeText(address);
			tell("Copied.");
		},
	});
}

/** @param {{ what: string, again: () => void }} view */
export async function account({ what: name, again }) {
	const [{ rights }, all] = await Promise.all([
		ask(`account?name=${encodeURIComponent(name)}`).catch(() => ({ rights: [] })),
		ask("accounts"),
	]);
	const it = all.find((/** @type {any} */ other) => other.account === name);
	if (!it)
		return [
			head(name, element("a", { href: "#accounts" }, "All accounts")),
			element("p", {}, "There is no such account."),
		];
	/** @type {(words: string, deed: string, about: string, more?: object) => HTMLElement} */
	const button = (label, deed, about, more = {}) =>
		deedButton(label, { deed, values: { name }, title: `${label}: ${name}`, about, done: again, ...more });
	const deeds = element(
		"div",
		{ class: "row" },
		button("Password link", "link", "A link by which they choose a password, once, for a day.", {
			done: (/** @type {any} */ { value }) => showAddress(`A link for ${name}`, value),
		}),
		button("Log out everywhere", "logout", "All their log-ins end; they may log in anew."),
		it.disabled
			? button("Enable", "enable", "They may log in again.")
			: button("Disable", "disable", "Nobody logs in by it any more; who is in is out at once.", { danger: true }),
		button("Remove", "unregister", "The account is gone; what they said stays. It cannot be undone.", {
			danger: true,
			done: () => location.assign("#accounts"),
		}),
	);
	return [
		head(name, element("a", { href: "#accounts" }, "All accounts")),
		element("section", { class: "card" }, element("p", {}, stateOf(it), " since ", moment(it.created)), deeds),
		groupsOf(it, again),
		rightsOf(rights, it),
	];
}

/** @param {any} it @param {() => void} again */
function groupsOf(it, again) {
	const input = element("input", { name: "groups", value: it.groups.join(" "), autocapitalize: "none" });
	return form({ class: "form card" }, [field("Groups", input, "joined by blanks; admin administers the site")], {
		button: [element("button", {}, "Set the groups")],
		send: async ({ groups }) => {
			const wanted = words(groups);
			const add = wanted.filter((group) => !it.groups.includes(group));
			const remove = it.groups.filter((/** @type {string} */ group) => !wanted.includes(group));
			if (add.length + remove.length === 0) return;
			tell((await doDeed("groups", { name: it.account, add, remove })).text);
			again();
		},
	});
}

/** @param {any[]} rights @param {any} it */
function rightsOf(rights, it) {
	const list = table(
		"Rights",
		[
			{ label: "Right", cell: (right) => right.right },
			{
				label: "May",
				cell: (right) => element("span", { class: right.allowed ? "good" : "bad" }, right.allowed ? "yes" : "no"),
			},
			{ label: "Because of", cell: (right) => right.by },
			{ label: "Line", cell: (right) => (right.line ? `${right.file}:${right.line}` : "as without a line") },
		],
		rights,
		it.disabled ? "Nobody can log in by it." : "Nothing is known of its rights.",
	);
	return element("section", {}, element("h2", {}, "Rights"), list);
}
