// The bar above every page but the room: the ways to the other pages, the name, light or dark.

import { nameColor } from "./colors.js";
import { byId, element, icon } from "./dom.js";
import { loadSession } from "./server.js";
import { text } from "./texts.js";
import { dress, nameBackdrop, toggleTheme } from "./theme.js";

/** Address, text and picture of each. */
const PAGES = [
	["room_list.html", "rooms", "rooms"],
	["room_list_historical.html", "archive", "history"],
	["room_create.html", "newRoom", "plus"],
];

/**
 * Fills `#top`.
 * @param {Session | null} session Null while unknown.
 */
export function drawTop(session) {
	const here = location.pathname.split("/").at(-1) || "index.html";
	/** @param {string} href */
	const current = (href) => (here === href ? "page" : null);
	const links = PAGES.map(([href, key, picture]) =>
		element(
			"a",
			{ class: "button plain", href, "aria-label": text(key), "aria-current": current(href) },
			icon(picture),
			element("span", {}, text(key)),
		),
	);
	const name = session?.name || text("yourName");
	const chip = element(
		"a",
		{
			class: `button plain name-chip${session?.name ? "" : " unset"}`,
			href: "set_username.html",
			"aria-label": `${text("yourName")}: ${name}`,
			"aria-current": current("set_username.html"),
		},
		icon("person"),
		element("bdi", {}, name),
	);
	if (session?.name) chip.style.setProperty("--name-color", nameColor(session.name, session.color, nameBackdrop()));
	const words = text("theme");
	byId("top").replaceChildren(
		element("a", { class: "skip-link", href: "#content" }, text("skip")),
		element(
			"a",
			{ class: "brand", href: "./" },
			element("img", { src: "icons/favicon.svg", alt: "" }),
			text("appName"),
		),
		element("nav", { "aria-label": text("rooms") }, links),
		chip,
		element(
			"button",
			{ type: "button", class: "plain round", "aria-label": words, title: words, onclick: toggleTheme },
			icon("theme"),
		),
	);
}

/**
 * Called by every page but the room: language and bar.
 * @param {string} titleKey
 */
export async function openPage(titleKey) {
	await dress("pages");
	document.title = `${text(titleKey)} – ${text("appName")}`;
	drawTop(null);
}

/** Who is here, in the bar too. */
export async function greet() {
	const session = await loadSession();
	drawTop(session);
	return session;
}
