// The widget's words, in the languages that the pages have.

const TEXTS = {
	en: {
		chat: "Chat",
		open: "Open the chat",
		close: "Close the chat",
		unread: "{count} new",
		message: "Message",
		placeholder: "Write as {name}",
		send: "Send",
		earlier: "Earlier messages",
		name: "Your name",
		rename: "Change your name, {name}",
		save: "Save",
		connecting: "Connecting …",
		waiting: "Not connected. Trying again.",
		offline: "Not connected.",
		closed: "The chat has ended here.",
		removed: "deleted",
		edited: "edited",
		private: "to {name} alone",
		came: "{name} came",
		went: "{name} left",
		failed: "Not sent: {reason}",
		people: "{count} here",
		who: "Who is here",
		alone: "Nobody else is here.",
		messages: "Messages",
		conversations: "Conversations",
		back: "Back to the conversations",
		sending: "sending …",
		full: "Too many messages wait to be sent.",
		gap: "Some messages in between are no longer kept.",
		maybe: "it may have been done already",
	},
	cs: {
		chat: "Chat",
		open: "Otevřít chat",
		close: "Zavřít chat",
		unread: "nových: {count}",
		message: "Zpráva",
		placeholder: "Píšete jako {name}",
		send: "Odeslat",
		earlier: "Starší zprávy",
		name: "Vaše jméno",
		rename: "Změnit jméno, {name}",
		save: "Uložit",
		connecting: "Připojuji …",
		waiting: "Bez spojení. Zkouším znovu.",
		offline: "Bez spojení.",
		closed: "Chat zde skončil.",
		removed: "smazáno",
		edited: "upraveno",
		private: "jen pro {name}",
		came: "{name} přichází",
		went: "{name} odchází",
		failed: "Neodesláno: {reason}",
		people: "zde: {count}",
		who: "Kdo je zde",
		alone: "Nikdo další zde není.",
		messages: "Zprávy",
		conversations: "Konverzace",
		back: "Zpět na konverzace",
		sending: "odesílá se …",
		full: "Příliš mnoho zpráv čeká na odeslání.",
		gap: "Některé zprávy mezi tím už nejsou uloženy.",
		maybe: "možná už je hotovo",
	},
};

/** @typedef {keyof typeof TEXTS.en} Word */

/**
 * What says things in a language; English where there is none.
 * @param {string} language As of `lang`: `cs`, `cs-CZ`.
 * @returns {(word: Word, values?: Record<string, string | number>) => string}
 */
export function words(language) {
	const texts = language.toLowerCase().startsWith("cs") ? TEXTS.cs : TEXTS.en;
	return (word, values = {}) => texts[word].replace(/\{(\w+)\}/gu, (_, name) => String(values[name] ?? ""));
}
