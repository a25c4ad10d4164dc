// A message's text as nodes: links, pictures of this site, smileys, the reader's own name, dice.

import { element, hiddenWords } from "./dom.js";
import { preference } from "./preferences.js";
import { text } from "./texts.js";
import { isOwnPicture, tokenize } from "./tokens.js";

/** Pictures shown below one message. */
const MAX_PICTURES = 4;

/** @param {string} words @param {string} nick Marked where it is named. @returns {(Node | string)[]} */
export function wordNodes(words, nick) {
	/** @type {string[]} */
	const pictures = [];
	return [...tokenNodes(words, nick, pictures), ...pictureNodes(pictures)];
}

/**
 * @param {string} words
 * @param {string} nick
 * @param {string[]} pictures Gets the addresses of those that are this site's.
 * @returns {(Node | string)[]}
 */
export function tokenNodes(words, nick, pictures) {
	return tokenize(words, { nick, smileys: preference("smileys") }).map((token) => {
		if (token.kind === "mention") return element("mark", { class: "named" }, token.text);
		if (token.kind === "smiley") {
			const src = `smileys/${token.picture}.svg`;
			return element("img", { class: "smiley", src, alt: token.text, title: token.text });
		}
		if (!token.address) return token.text;
		if (isOwnPicture(token.address, location.origin)) pictures.push(token.address);
		return linkNode(token.address, token.text, foreignHost(token));
	});
}

/**
 * @param {string} address
 * @param {string} words
 * @param {string} host Where it leads, beside words that do not say so; "" for none.
 */
export function linkNode(address, words, host) {
	const rel = "noopener noreferrer nofollow";
	const link = element("a", { href: address, target: "_blank", rel }, words);
	return host ? element("span", {}, link, element("bdi", { class: "host" }, ` (${host})`)) : link;
}

/** @param {string[]} addresses */
export const pictureNodes = (addresses) => addresses.slice(0, MAX_PICTURES).map(picture);

/**
 * The name that a browser asks for, where the one that was typed has letters that may look like others; else "".
 * @param {Token} token
 */
function foreignHost({ text: typed, address = "" }) {
	const host = new URL(address).host || (address.split("@").at(-1) ?? "");
	return host.includes("xn--") && !typed.includes("xn--") ? host : "";
}

/** @param {string} src */
function picture(src) {
	const alt = text("image", { name: src.split("/").at(-1) ?? "" });
	const image = element("img", { class: "picture", src, loading: "lazy", alt });
	image.addEventListener("error", () => image.remove());
	return image;
}

/**
 * "Throws 2 6-sided dice: 6, 3, 1": the numbers at the end as dice.
 * @param {string} words
 * @returns {(Node | string)[]}
 */
export function diceNodes(words) {
	const match = /^(.*?:\s*)(\d+(?:,\s*\d+)*)(.*)$/su.exec(words);
	if (!match) return [words];
	const [, before, values, after] = match;
	const dice = values
		.split(/,\s*/)
		.flatMap((value, index) => [index ? hiddenWords(", ") : "", element("span", { class: "die" }, value)]);
	return [before, element("span", { class: "dice-values" }, dice), after];
}
