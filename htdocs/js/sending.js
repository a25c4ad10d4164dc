// From the field to the server: messages wait in the outbox, are shown as pending, and end with an ack or a refusal.

import { isCommandMessage } from "../client/commands.js";
import { Outbox } from "./outbox.js";
import { PendingView } from "./pending_view.js";
import { hasText, text } from "./texts.js";

/** Refusals after which the message will not be taken, however often it is sent. */
const LASTING = new Set([
	"too_long",
	"empty",
	"bad_field",
	"bad_json",
	"usage",
	"unknown_command",
	"not_moderator",
	"no_such_user",
	"bad_name",
	"bad_color",
	"not_found",
	"not_yours",
	"too_late",
	"refused",
]);

/** Why something that carries no msgid did not reach one person: it is repeated or forgotten, nobody has written it. */
const UNHEARD = new Set(["no_such_user", "busy"]);

export class Sending {
	#send;
	#isWelcome;
	#notice;
	#onChange;
	#giveBack;
	#outbox;
	#pending;

	/** @param {string} room @param {Tab} tab @param {SendingUses} parts */
	constructor(room, tab, { me, view, send, isWelcome, notice, giveBack, onChange }) {
		this.#send = send;
		this.#isWelcome = isWelcome;
		this.#notice = notice;
		this.#giveBack = giveBack;
		this.#onChange = onChange;
		this.#pending = new PendingView(me, view, {
			again: (msgid) => {
				this.#outbox.again(msgid);
				this.flush();
			},
			room,
			discard: (msgid) => this.#outbox.discard(msgid),
			isWelcome,
		});
		this.#outbox = new Outbox(room, tab.owner, me.account, (message) => {
			this.#pending.draw(message);
			if (message.state === "waiting" || message.state === "failed") this.#onChange();
		});
		this.#redraw();
		this.#outbox.takeOver(tab.gone);
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ limits, account = "" }) => {
			this.#outbox.setAccount(account);
			this.#outbox.pace(limits);
			// What waits from before was drawn under no name yet.
			this.#redraw();
		});
		feed.on("ack", ({ msgid }) => this.#outbox.acknowledged(msgid));
		feed.on("error", (refusal) => this.#refused(refusal));
	}

	/** The copies below the conversation are in the page only while the room is. @param {boolean} isShown */
	show(isShown) {
		this.#pending.show(isShown);
		if (isShown) this.#redraw();
	}

	/** @param {string} msgid */
	has(msgid) {
		return this.#outbox.messages.some((message) => message.msgid === msgid);
	}

	/** Messages that are shown as not yet in the log. */
	get count() {
		return this.#pending.count;
	}

	/** @param {Line} line @returns False if too much waits already. */
	add({ words, to, person, edit, literal, reply, files }) {
		let taken;
		if (edit) taken = this.#outbox.add({ type: "edit", text: words, target: edit });
		else if (to) taken = this.#outbox.add({ type: "whisper", text: words, to, person });
		else taken = this.#outbox.add({ type: "say", text: words, literal, reply, files });
		if (taken) this.flush();
		else this.#notice(text("outboxFull"));
		return taken !== null;
	}

	/** Sends what waits, once the room has let us in. */
	flush() {
		this.#outbox.flush((message) => this.#isWelcome() && this.#send(message));
	}

	disconnected() {
		this.#outbox.interrupted();
	}

	/**
	 * A message is in the log: the copy below the conversation goes.
	 * @param {string} msgid
	 */
	arrived(msgid) {
		this.#outbox.acknowledged(msgid);
		this.#pending.remove(msgid);
	}

	#redraw() {
		for (const message of this.#outbox.messages) this.#pending.draw(message);
	}

	/** @param {Refusal} refusal */
	#refused({ code, text: words, msgid }) {
		if (!msgid && UNHEARD.has(code)) return;
		const said = hasText(`error_${code}`) ? text(`error_${code}`) : words;
		const message = msgid ? this.#outbox.refused(msgid, said) : null;
		if (!message) {
			this.#notice(said);
		} else if (LASTING.has(code) && isCommandMessage(message) && this.#giveBack(message.text)) {
			// A mistyped command is answered and stands in the field again; where it cannot, it stays in sight.
			this.#outbox.discard(message.msgid);
			this.#notice(said);
		}
		this.#onChange();
	}
}
