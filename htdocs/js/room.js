// One room of this window: makes its parts and wires them. A part gets what it uses and no more; what the server says
// reaches all of them as events of the feed, in the order in which they follow it here. While another room is shown, it
// keeps what there is to know and has nothing in the page.

import { historyAddress } from "./addresses.js";
import { byeWords } from "./banner.js";
import { Calls } from "./calls/calls.js";
import { composerUses } from "./composing/uses.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Edges } from "./edges.js";
import { Feed } from "./feed.js";
import { LazyReadBy } from "./lazy_read_by.js";
import { LazyTyping } from "./lazy_typing.js";
import { commandOf } from "./lines.js";
import { Me } from "./me.js";
import { Members } from "./members.js";
import { RoomMessages } from "./messages/room_messages.js";
import { MessageView } from "./message_view.js";
import { OwnLines } from "./own_lines.js";
import { PAGE, Position } from "./position.js";
import { Reading } from "./reading.js";
import { Recall } from "./recall.js";
import { Sending } from "./sending.js";
import { text } from "./texts.js";
import { Timeline } from "./timeline.js";

export class Room {
	#uses;
	#feed = new Feed();
	readBy = new LazyReadBy(this, this.#feed);
	#topic = "";
	#callers = new Set();
	#position = new Position(this);
	me = new Me();
	recall = new Recall();
	isShown = false;
	/** The server has not said yet that this is one of the person's rooms. */
	isWanted = false;
	/** When the server let them in last, by this page's clock. */
	welcomedAt = -Infinity;
	isEntering = false; // Asked for on this connection, and not answered yet.
	/** Who waits for an answer, and takes it before anybody else. @type {Set<(message: Message) => boolean>} */
	listeners = new Set();
	/** Why they are not in it and do not come back by themselves; "" otherwise. */
	out = "";
	/** Of a room for some only: who is in it. @type {About | null} */
	about = null;
	keys = /** @type {Keys} */ ({});

	/** @param {string} name @param {RoomUses} uses */
	constructor(name, uses) {
		this.name = this.label = name;
		this.#uses = uses;
		const { me } = this;
		const openPerson = (/** @type {string} */ person, /** @type {HTMLElement} */ button) =>
			uses.menus((menus) => menus.person(person, button));
		const send = (this.send = (/** @type {Message} */ message) => uses.send(this, message));
		this.members = new Members(me, uses.people, this.#callers);
		this.messages = new RoomMessages(this, uses.menus);
		this.view = new MessageView(me, uses.backdrop, this.messages.actions(openPerson), () => this.name);
		this.timeline = new Timeline({
			scroller: uses.scroller,
			list: byId("log"),
			look: this.view,
			isOther: (record) => record.from !== me.name,
			load: (question) => this.conversation.canAsk && send({ type: "history", limit: PAGE, ...question }),
			onSettled: () => this.#settled(),
		});
		this.conversation = new Conversation({
			me,
			members: this.members,
			timeline: this.timeline,
			events: {
				onSpoken: (record, urgent) => this.#spoken(record, urgent),
				onArrived: (msgid) => this.sending.arrived(msgid),
				onChanged: (id, change) => this.messages.changed(id, change),
			},
		});
		this.calls = new Calls({
			room: name,
			me,
			members: this.members,
			callers: this.#callers,
			send,
			notice: (words) => this.conversation.notice("notice", words),
			rings: (from) => this.#rung(from),
			isConversation: () => this.#isConversation && this.level !== "nothing",
			show: () => uses.join(this.name),
			heard: (from, words) => this.typing.heard(from, words !== "", words),
			changed: () => uses.changed(),
		});
		this.typing = new LazyTyping({ send, live: (words) => this.calls.tellLive(words), members: this.members });
		this.edges = new Edges(this);
		this.sending = new Sending(name, uses.tab, {
			me,
			view: this.view,
			send,
			isWelcome: () => this.isWelcome,
			notice: (words) => this.conversation.notice("error", words),
			giveBack: (words) => this.isShown && uses.composer.giveBack(words),
			onChange: () => this.#settled(),
		});
		this.own = new OwnLines({
			room: name,
			me,
			quit: () => uses.quit(),
			join: (other) => uses.join(other),
			talkTo: (other) => uses.talkTo(other),
			part: () => uses.part(this),
			info: (words) => this.conversation.notice("info", words),
			send,
			changeName: () => uses.menus((menus) => menus.changeName()),
			loginUrl: uses.config.login_url,
		});
		this.reading = new Reading(
			(id) => this.isWelcome && uses.mark(this, id),
			() => uses.changed(),
		);
		this.#follow();
	}

	get unread() {
		return this.reading.unread;
	}

	get level() {
		return this.reading.level;
	}

	get isWelcome() {
		return this.conversation.isWelcome;
	}

	get isInCall() {
		return this.calls.isIn;
	}

	#follow() {
		const feed = this.#feed;
		this.own.follow(feed);
		this.me.follow(feed);
		feed.on("welcome", () => ([this.out, this.isEntering, this.keys] = ["", false, {}]));
		this.reading.follow(feed);
		this.conversation.follow(feed);
		this.members.follow(feed);
		this.sending.follow(feed);
		this.calls.follow(feed);
		this.messages.follow(feed);
		feed.on("welcome", ({ topic, description, limits, read }) => {
			this.reading.welcomed(read);
			if (!this.conversation.resumeId) this.timeline.newFrom(this.reading.newFrom);
			this.#topic = topic || description || "";
			if (this.isShown) this.#uses.welcomed(this, limits);
			this.sending.flush();
		});
		feed.on("history", () => this.#position.look());
		feed.on("nick", ({ from, to }) => this.isShown && this.#uses.composer.renamed(from, to));
		feed.on("topic", ({ text: topic = "" }) => ((this.#topic = topic), this.isShown && this.showTopic()));
		feed.on(
			"typing",
			({ from, state = true, text: words }) => from !== this.me.name && this.typing.heard(from, state, words),
		);
		feed.on("parted", (parted) => {
			[this.out, this.keys] = [byeWords(parted), {}];
			this.disconnected();
			this.#uses.parted(this, parted.code);
		});
	}

	/** What the server says about this room. @param {Message} message */
	tell(message) {
		if (![...this.listeners].some((take) => take(message))) this.#feed.tell(message);
	}

	/** From where to go on when it is entered. */
	place() {
		return this.#position.place();
	}

	/**
	 * To a message, loading what is around it; with `isMessage` false, to the first from that moment on.
	 * @param {string} id
	 * @param {{ isMessage?: boolean }} [how]
	 */
	goTo(id, how) {
		this.#position.goTo(id, how);
	}

	toNewest() {
		this.#position.toNewest();
	}

	show() {
		this.isShown = true;
		const { people, composer } = this.#uses;
		byId("history-link").setAttribute("href", historyAddress(this.name));
		this.showTopic();
		this.timeline.newFrom(this.reading.newFrom);
		this.timeline.show();
		this.#showParts(true);
		people.show(this.members);
		composer.show(this, composerUses(this));
		this.#position.look();
		this.#settled();
	}

	/** @param {boolean} isShown */
	#showParts(isShown) {
		for (const part of [this.sending, this.typing, this.calls, this.messages.pins, this.readBy]) part.show(isShown);
	}

	hide() {
		if (this.timeline.isPinned) this.timeline.setLine("");
		this.typing.stopped();
		this.reading.flush();
		this.isShown = false;
		this.timeline.hide();
		this.#showParts(false);
	}

	showTopic() {
		Object.assign(byId("topic"), { textContent: this.#topic, title: this.#topic });
	}

	/**
	 * A line from the composer.
	 * @param {Line} line
	 * @returns False if it could not be taken.
	 */
	submit(line) {
		const isCommand = commandOf(line);
		if (isCommand && this.own.take(line.words)) return true;
		if (!this.sending.add(line)) return false;
		if (isCommand) this.own.sent(line.words);
		if (line.edit) return true;
		this.timeline.setLine("");
		this.toNewest();
		this.typing.stopped();
		return true;
	}

	/** Whether a message with this id is one that is being sent here. @param {string} msgid */
	sends = (msgid) => this.sending.has(msgid);

	/**
	 * Somebody else said something just now.
	 * @param {Entry} record
	 * @param {boolean} urgent A mention or a whisper.
	 */
	#spoken(record, urgent) {
		const { timeline } = this;
		const isAway = document.hidden || !document.hasFocus();
		this.typing.heard(record.from, false);
		this.unread.arrived(record.id, urgent);
		if (!timeline.isPinned) this.edges.unseen += 1;
		if ((isAway || !timeline.isPinned) && !timeline.line) timeline.setLine(record.id);
		this.#uses.attract(this, { urgent, from: record.from, words: record.text ?? "", id: record.id });
		this.#uses.changed();
		// Where the window is elsewhere, nothing else changes.
		this.#settled();
	}

	get #isConversation() {
		return this.about?.kind === "pair" || this.about?.kind === "group";
	}

	/** @param {string} from */
	#rung(from) {
		const words = text("rings", { name: from });
		this.conversation.notice("notice", words);
		const rings = !this.#isConversation; // There it goes on ringing, and is heard by itself.
		this.#uses.attract(this, { urgent: true, rings, from, words, id: this.conversation.resumeId });
	}

	/** After every change of the conversation. */
	#settled() {
		if (!this.isShown) return;
		this.edges.draw(this.timeline, { isWelcome: this.isWelcome, pending: this.sending?.count ?? 0 });
		this.looked();
	}

	/** What is at the end of a visible page has been read. */
	looked() {
		if (!this.isShown || !this.#position.isLoaded || document.hidden || !this.timeline.isPinned || !this.isWelcome)
			return;
		this.reading.seen(this.conversation.resumeId);
	}

	disconnected() {
		this.isEntering = false;
		this.conversation.disconnected();
		this.sending.disconnected();
	}

	redraw() {
		this.timeline.redrawAll();
		this.members.draw();
	}
}
