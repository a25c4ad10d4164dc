// The administration's page: who is here, which view is shown, and the end of a session.

import { byId, element } from "/chat/js/dom.js";
import { ask, listen } from "./ask.js";
import { answered, field, form, tell, wordsOf } from "./parts.js";
import { account, accounts } from "./views/accounts.js";
import { bans, reports } from "./views/moderation.js";
import { people } from "./views/people.js";
import { audit, log, settings } from "./views/records.js";
import { room, rooms } from "./views/rooms.js";
import { status } from "./views/status.js";

/** @typedef {{ what: string, again: () => void, isShown: () => boolean }} View */

/** @type {Record<string, { words?: string, of?: string, show: (view: View) => Promise<Child[]> }>} */
const VIEWS = {
	status: { words: "Status", show: status },
	people: { words: "People", show: people },
	rooms: { words: "Rooms", show: rooms },
	room: { of: "rooms", show: room },
	accounts: { words: "Accounts", show: accounts },
	account: { of: "accounts", show: account },
	bans: { words: "Bans", show: bans },
	reports: { words: "Reports", show: reports },
	log: { words: "Log", show: log },
	audit: { words: "Audit", show: audit },
	settings: { words: "Settings", show: settings },
};

/** How often it is looked whether somebody is still here. */
const LOOK_MS = 10_000;
const content = byId("content");
let isIn = false;
let shown = 0;
let idleMs = 0;
let lastTouch = Date.now();

for (const what of ["pointerdown", "keydown", "wheel", "touchstart"]) {
	addEventListener(what, () => (lastTouch = Date.now()), { passive: true });
}
// A page that asks by itself would keep a session alive that nobody uses.
setInterval(() => {
	if (isIn && Date.now() - lastTouch > idleMs) leave("You were logged out: nothing was done for a while.");
}, LOOK_MS);
addEventListener("hashchange", () => isIn && show());
byId("skip").addEventListener("click", (event) => {
	event.preventDefault();
	content.focus();
});
listen({ left: () => isIn && drawLogIn("Log in again: the session is over."), prove });

try {
	const session = await ask("session");
	if (session.account) enter(session);
	else
		drawLogIn(
			session.first
				? "There is no administrator yet: `chatctl first-code` at the server's shell prints how to make one."
				: "",
		);
} catch (error) {
	content.replaceChildren(
		element("h1", {}, "Administration"),
		element("p", { class: "card bad", role: "alert" }, wordsOf(error)),
	);
}

/** @param {{ account: string, idle: number }} session */
function enter(session) {
	isIn = true;
	idleMs = session.idle * 1000;
	lastTouch = Date.now();
	const links = Object.entries(VIEWS)
		.filter(([, view]) => view.words)
		.map(([name, view]) => element("a", { class: "button plain", href: `#${name}` }, view.words ?? ""));
	const who = element("span", { class: "who" }, element("bdi", {}, session.account));
	who.append(
		element("button", { type: "button", id: "log-out", onclick: () => leave("You are logged out.") }, "Log out"),
	);
	byId("bar").replaceChildren(
		element("strong", {}, "Administration"),
		element("nav", { "aria-label": "Views" }, links),
		who,
	);
	byId("bar").hidden = false;
	show();
}

/** @param {string} words */
async function leave(words) {
	await ask("session", { method: "DELETE" }).catch(() => {});
	drawLogIn(words);
}

/** @param {string} words Why. */
function drawLogIn(words) {
	isIn = false;
	shown += 1;
	for (const dialog of document.querySelectorAll("dialog")) dialog.close();
	byId("bar").hidden = true;
	document.title = "Log in – Administration";
	content.classList.add("narrow");
	const name = element("input", {
		name: "name",
		id: "name",
		required: true,
		autocomplete: "username",
		autocapitalize: "none",
	});
	const password = element("input", {
		name: "password",
		id: "password",
		type: "password",
		required: true,
		autocomplete: "current-password",
	});
	content.replaceChildren(
		element("h1", {}, "Administration"),
		words ? element("p", { class: "lead", role: "status" }, words) : "",
		form({ class: "form card", id: "log-in" }, [field("Name", name), field("Password", password)], {
			button: [element("button", { class: "primary" }, "Log in")],
			send: async (values) => enter(await ask("session", { method: "POST", body: values })),
		}),
	);
	name.focus();
}

/** The password once more, before what cannot be undone. @returns {Promise<boolean>} */
function prove() {
	const password = element("input", {
		name: "password",
		id: "password-again",
		type: "password",
		required: true,
		autocomplete: "current-password",
	});
	return answered({
		title: "Your password once more",
		go: "Go on",
		content: [
			element("p", {}, "What cannot be undone, or gives somebody rights, needs it every five minutes."),
			field("Password", password),
		],
		send: async (values) => {
			await ask("session/again", { method: "POST", body: values });
		},
	});
}

async function show() {
	const [name, ...rest] = location.hash.slice(1).split("/");
	const view = VIEWS[name] ?? VIEWS.status;
	shown += 1;
	const mine = shown;
	const isShown = () => isIn && mine === shown;
	const current = VIEWS[name] ? (view.of ?? name) : "status";
	for (const link of byId("bar").querySelectorAll("nav a")) {
		const isCurrent = link.getAttribute("href") === `#${current}`;
		if (isCurrent) link.setAttribute("aria-current", "page");
		else link.removeAttribute("aria-current");
		// On a phone the bar is wider than the screen.
		if (isCurrent) link.scrollIntoView({ block: "nearest", inline: "center" });
	}
	content.setAttribute("aria-busy", "true");
	let parts;
	try {
		parts = await view.show({ what: decodeURIComponent(rest.join("/")), again: show, isShown });
	} catch (error) {
		parts = [
			element("h1", { id: "title", tabindex: "-1" }, "That did not work"),
			element("p", { class: "bad", role: "alert" }, wordsOf(error)),
		];
	}
	if (!isShown()) return;
	content.classList.remove("narrow");
	content.removeAttribute("aria-busy");
	content.replaceChildren(.../** @type {(string | Node)[]} */ (parts.filter(Boolean)));
	const title = byId("title");
	document.title = `${title.textContent} – Administration`;
	title.focus({ preventScroll: false });
	tellNothing();
}

/** What was done before is another view's. */
function tellNothing() {
	if (!byId("told").textContent) tell("");
}
