// Who the person on this page is, beyond one connection: what they changed is kept, a name that is gone is told. And
// the commands that the page carries out itself.

import { byId } from "./dom.js";
import { text } from "./texts.js";

/** @param {string} words */
const isOwnCommand = (words) =>
	/^\/(?:quit|part|join\s.*|query\s+\S.*|(?:un)?ignore\s+\S+|ignore|history(?:\s+\d+)?)\s*$/iu.test(words);

/** @param {string} name */
const isAnonymous = (name) => /^anonymous/i.test(name);

export class OwnLines {
	#uses;
	/** `/nick` or `/color` is on its way. */
	#changesMe = false;
	/** As they were before this connection. */
	#before = { name: "", color: "", account: "" };
	#isFirst = true;
	/** What the session does not know yet. @type {{ name: string, color: string } | null} */
	#unsaved = null;

	/** @param {OwnLinesUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/** Call before the person on the page changes. @param {Feed} feed */
	follow(feed) {
		const { me } = this.#uses;
		feed.on("welcome", () => (this.#before = { name: me.name, color: me.color, account: me.account }));
		feed.on("you", (you) => this.#changed(you));
	}

	/** The room has let them in, maybe as somebody else. */
	comeBack() {
		const { me, send } = this.#uses;
		const { name, color, account } = this.#before;
		// A name changed by /nick is not the session's; a number behind it means that the old connection lingers.
		if (name && !isAnonymous(name) && !me.name.startsWith(name)) send({ type: "nick", nick: name });
		if (color && color !== me.color && account === me.account) send({ type: "color", color });
		this.#hint(account);
		this.#save();
	}

	/** @param {string} account */
	async #hint(account) {
		const { me, changeName, loginUrl } = this.#uses;
		const hasEnded = account !== "" && me.account === "";
		const hasNoName = this.#isFirst && !me.account && isAnonymous(me.name);
		this.#isFirst = false;
		if (!hasEnded && !hasNoName) return;
		const hints = await import("./name_hint.js");
		if (hasEnded) hints.showLoggedOut(account, me.name, loginUrl);
		else hints.showNameHint(me.name, changeName);
	}

	/** @param {string} words @returns False if they are for the server. */
	take(words) {
		const isOwn = isOwnCommand(words);
		if (isOwn) this.#run(words);
		return isOwn;
	}

	/** They are on their way. @param {string} words */
	sent(words) {
		this.#changesMe ||= /^\/(?:nick|color)\s/iu.test(words);
	}

	/** @param {string} words */
	async #run(words) {
		const { runOwnCommand } = await import("./own_commands.js");
		runOwnCommand(words, this.#uses);
	}

	/** It is said, and kept for the next visit. @param {{ name: string, color: string }} you */
	async #changed({ name, color }) {
		// Whoever has a name needs no hint how to get one.
		const hint = byId("name-hint");
		if (!isAnonymous(name) && hint.dataset.about !== "account") hint.hidden = true;
		if (!this.#changesMe) return;
		this.#changesMe = false;
		const { me, info } = this.#uses;
		if (color !== me.color) info(text("recoloredYou"));
		// An account's name is not ours to change.
		if (me.account) return;
		this.#unsaved = { name, color };
		await this.#save();
	}

	/** Tried again with the next connection; without chat-cgi it holds for this visit. */
	async #save() {
		const unsaved = this.#unsaved;
		if (!unsaved) return;
		try {
			const { saveName } = await import("./name_form.js");
			await saveName(unsaved.name, unsaved.color);
			if (this.#unsaved === unsaved) this.#unsaved = null;
		} catch {
			// It is still unsaved.
		}
	}
}
