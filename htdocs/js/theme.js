// Light or dark, and the language: how every page looks before anything is drawn.

import { element } from "./dom.js";
import { onPreference, preference, setPreference } from "./preferences.js";
import { chooseLanguage, loadTexts, setLanguage, translatePage } from "./texts.js";

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

/** Call first, before anything is drawn. @param {"pages" | "room"} kind Of page. */
export async function dress(kind) {
	applyTheme();
	onPreference((name) => name === "theme" && applyTheme());
	setLanguage(chooseLanguage(preference("language")));
	await Promise.all([loadTexts("shared"), loadTexts(kind), kind === "pages" && loadTexts("dialogs")]);
	translatePage();
}

function applyTheme() {
	const theme = preference("theme");
	if (theme) document.documentElement.dataset.theme = theme;
	else delete document.documentElement.dataset.theme;
}

/** The other one; when that is what the system says anyway, the choice goes back to the system. */
export function toggleTheme() {
	const system = darkSystem.matches ? "dark" : "light";
	const wanted = (preference("theme") || system) === "dark" ? "light" : "dark";
	setPreference("theme", wanted === system ? "" : wanted);
}

/**
 * Calls `changed` whenever the colors of the page turn over.
 * @param {() => void} changed
 */
export function onTheme(changed) {
	darkSystem.addEventListener("change", changed);
	onPreference((name) => name === "theme" && changed());
}

/**
 * What names are written on: readable colors are computed for it.
 * @returns {Rgb}
 */
export function nameBackdrop() {
	const probe = element("i", { hidden: true });
	probe.style.backgroundColor = "var(--name-backdrop)";
	document.body.append(probe);
	const painted =
		getComputedStyle(probe)
			.backgroundColor.match(/[\d.]+/g)
			?.map(Number) ?? [];
	probe.remove();
	return painted.length >= 3 ? painted.slice(0, 3) : [255, 255, 255];
}
