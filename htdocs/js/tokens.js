// A message's text cut into what it is made of: words, links, mentions, smileys. Pure: no DOM, so
// that it can be tested anywhere; message_view.js turns the tokens into nodes.

/** Longest run looked at as one link: longer ones are shown as plain text. */
const MAX_LINK = 2048;

/** What ends a link: blanks, quotes of any kind, full-width punctuation, marks that change the direction of text. */
const QUOTES = "\"'`\u2018-\u201f\u2039\u203a\u00ab\u00bb\u300c-\u300f";
const FULL_WIDTH = "\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f";
const END = `\\s<>${QUOTES}${FULL_WIDTH}\u200e\u200f\u202a-\u202e\u2066-\u2069`;
const LINK = new RegExp(`\\b(?:https?://|mailto:|www\\.)[^${END}]+`, "giu");
const LINK_HERE = new RegExp(`(?:https?://|mailto:|www\\.)[^${END}]+`, "iuy");
/** Without a scheme: names below a few domains that are no common words, and addresses of mail. */
const DOMAINS = "com|org|net|edu|gov|info|eu|cz|sk|de|at|pl|uk|fr|it|es|nl";
const BARE = new RegExp(
	`(?<![\\w@./:+-])(?:[\\w.+-]+@)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+(?:${DOMAINS})(?:/[^${END}]*)?(?![\\w-])`,
	"giu",
);

/**
 * What is typed, longest first, and the picture in smileys/ it stands for.
 * @type {[string, string][]}
 */
export const SMILEYS = [
	[":-)", "smile"],
	[":)", "smile"],
	[":-D", "grin"],
	[":D", "grin"],
	["XD", "laugh"],
	["xD", "laugh"],
	[";-)", "wink"],
	[";)", "wink"],
	[":-P", "tongue"],
	[":P", "tongue"],
	[":-p", "tongue"],
	[":p", "tongue"],
	[":-(", "sad"],
	[":(", "sad"],
	[":'-(", "cry"],
	[":'(", "cry"],
	[":-O", "surprised"],
	[":O", "surprised"],
	[":-o", "surprised"],
	["8-)", "cool"],
	[">:-(", "angry"],
	[">:(", "angry"],
	[":-*", "kiss"],
	[":*", "kiss"],
	[":-/", "confused"],
	[":-S", "confused"],
	["<3", "heart"],
	["(y)", "thumbs-up"],
];
const SMILEY_OF = new Map(SMILEYS);

/** @param {string} words */
const escapeRegExp = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const SMILEY = new RegExp(
	`(?<=^|\\s)(?:${SMILEYS.map(([typed]) => escapeRegExp(typed))
		.sort((a, b) => b.length - a.length)
		.join("|")})(?=$|\\s|[.,!?])`,
	"gu",
);

const PICTURE = /\.(?:png|jpe?g|gif|webp|avif)$/i;

const SENTENCE_END = new Set(".,;:!?…");

/** @type {Record<string, string>} */
const OPENING = { ")": "(", "]": "[", "}": "{" };

/**
 * Without the marks that end a sentence rather than an address; a bracket stays if it was opened inside.
 * @param {string} found
 */
function trimLink(found) {
	/** @type {Record<string, number>} */
	const count = {};
	for (const letter of found) count[letter] = (count[letter] ?? 0) + 1;
	let end = found.length;
	for (; end > 0; end -= 1) {
		const last = found[end - 1];
		const open = OPENING[last];
		if (open ? (count[open] ?? 0) >= count[last] : !SENTENCE_END.has(last)) break;
		count[last] -= 1;
	}
	return found.slice(0, end);
}

/**
 * Where the address ends that begins at `at`; `at` if there is none.
 * @param {string} words
 * @param {number} at
 */
export function linkEnd(words, at) {
	LINK_HERE.lastIndex = at;
	return at + (LINK_HERE.exec(words)?.[0].length ?? 0);
}

/** @param {string} typed */
function withScheme(typed) {
	if (/^(?:https?|mailto|[a-z][a-z0-9+.-]*):/i.test(typed)) return typed;
	return /^[^/]*@/.test(typed) ? `mailto:${typed}` : `https://${typed}`;
}

/**
 * The address behind `typed` if it is one of the three schemes that a chat may link to, else null.
 * @param {string} typed
 */
export function safeAddress(typed) {
	try {
		const url = new URL(withScheme(typed));
		const fine =
			["http:", "https:", "mailto:"].includes(url.protocol) && (url.protocol === "mailto:" || url.hostname !== "");
		// user:password@ makes an address look like another site's.
		return fine && !url.username && !url.password ? url.href : null;
	} catch {
		return null;
	}
}

/**
 * True for a picture of this very site. No query: an inline picture must not be able to press a button.
 * @param {string} address
 * @param {string} origin
 */
export function isOwnPicture(address, origin) {
	const url = new URL(address);
	return url.origin === origin && url.search === "" && PICTURE.test(url.pathname);
}

/**
 * True if `words` name `nick`: whole words only, whatever the case.
 * @param {string} words
 * @param {string} nick
 */
export function mentions(words, nick) {
	if (!nick) return false;
	return new RegExp(`(?<![\\p{L}\\p{N}_-])@?${escapeRegExp(nick)}(?![\\p{L}\\p{N}_-])`, "iu").test(words);
}

/** @param {RegExp} pattern @param {string} words @param {ToToken} toToken @returns {Generator<Token>} */
function* cutBy(pattern, words, toToken) {
	let end = 0;
	for (const match of words.matchAll(pattern)) {
		const token = toToken(match[0]);
		if (!token) continue;
		if (match.index > end) yield { kind: "text", text: words.slice(end, match.index) };
		yield token;
		end = match.index + token.text.length;
	}
	if (end < words.length) yield { kind: "text", text: words.slice(end) };
}

/** @param {Iterable<Token>} tokens @param {RegExp} pattern @param {ToToken} toToken @returns {Generator<Token>} */
function* refine(tokens, pattern, toToken) {
	for (const token of tokens) {
		if (token.kind === "text") yield* cutBy(pattern, token.text, toToken);
		else yield token;
	}
}

/** @type {ToToken} */
function linkToken(found) {
	if (found.length > MAX_LINK) return null;
	const link = trimLink(found);
	const address = safeAddress(link);
	return address === null ? null : { kind: "link", text: link, address };
}

/**
 * The tokens of one message; joined, their texts are the message again.
 * @param {string} words
 * @returns {Token[]}
 */
export function tokenize(words, { nick = "", smileys = true } = {}) {
	/** @type {Iterable<Token>} */
	let tokens = refine(cutBy(LINK, words, linkToken), BARE, linkToken);
	if (smileys)
		tokens = refine(tokens, SMILEY, (found) => ({ kind: "smiley", text: found, picture: SMILEY_OF.get(found) }));
	if (nick) {
		const name = new RegExp(`(?<![\\p{L}\\p{N}_-])@?${escapeRegExp(nick)}(?![\\p{L}\\p{N}_-])`, "giu");
		tokens = refine(tokens, name, (found) => ({ kind: "mention", text: found }));
	}
	return [...tokens];
}
