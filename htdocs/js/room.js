// The room: makes the parts and wires them. A part gets what it uses and no more; what the server says reaches all of
// them as events of the feed, in the order in which they follow it here.

import { isRoomName } from "./addresses.js";
import { Banner, byeWords } from "./banner.js";
import { Calls } from "./calls/calls.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { Edges } from "./edges.js";
import { Feed } from "./feed.js";
import { LazyTyping } from "./lazy_typing.js";
import { Me } from "./me.js";
import { Members } from "./members.js";
import { wireMessageKeys } from "./message_keys.js";
import { MessageView } from "./message_view.js";
import { OwnLines } from "./own_lines.js";
import { PeoplePanel } from "./people_panel.js";
import { onPreference, preference } from "./preferences.js";
import { wireRoomButtons } from "./room_buttons.js";
import { roomSocketAddress } from "./room_socket.js";
import { Sending } from "./sending.js";
import { askServer } from "./server.js";
import { claimTab } from "./tab.js";
import { text } from "./texts.js";
import { nameBackdrop, onTheme } from "./theme.js";
import { onMidnight } from "./midnight.js";
import { Timeline } from "./timeline.js";

/** PHP's sessions end after 24 minutes by default. */
const KEEP_SESSION_MS = 8 * 60 * 1000;
/** Records asked for at a time when scrolling. */
const PAGE = 60;
/** Without chat-cgi the rooms are beside the page and there are no servers to help with calls. */
const BARE_CONFIG = { websocket_url: "./" };

/** @param {string} name */
export async function openRoom(name) {
	document.body.classList.add("in-room");
	byId("room").hidden = false;
	const [config, tab] = await Promise.all([askServer("config").catch(() => BARE_CONFIG), claimTab()]);
	new Room(name, config, tab).start();
}

class Room {
	#name;
	#backdrop = nameBackdrop();
	#me = new Me();
	#feed = new Feed();
	#people = new PeoplePanel();
	#callers = new Set();
	/** @type {Promise<import("./attention.js").Attention> | null} */
	#attention = null;

	/** @param {string} name @param {Config} config @param {Tab} tab */
	constructor(name, config, tab) {
		this.#name = name;
		const [me, feed] = [this.#me, this.#feed];
		const backdrop = () => this.#backdrop;
		this.members = new Members(me, {
			backdrop,
			openPerson: (person, button) => this.#menus((menus) => menus.person(person, button)),
			callers: this.#callers,
		});
		this.view = new MessageView(me, backdrop, {
			openPerson: (person, button) => this.#menus((menus) => menus.person(person, button)),
			openMessage: (record, place) => this.#menus((menus) => menus.message(record, place)),
		});
		document.title = `${name} – ${text("appName")}`;
		this.timeline = new Timeline({
			scroller: byId("scroller"),
			list: byId("log"),
			look: this.view,
			load: (question) =>
				this.conversation.canAsk && this.connection.send({ type: "history", limit: PAGE, ...question }),
			onSettled: () => this.#settled(),
		});
		this.conversation = new Conversation({
			me,
			members: this.members,
			timeline: this.timeline,
			events: {
				onSpoken: (record, urgent) => this.#spoken(record, urgent),
				onArrived: (msgid) => this.sending.arrived(msgid),
			},
		});
		this.connection = new Connection({
			address: () =>
				roomSocketAddress(config.websocket_url, name, { since: this.conversation.resumeId, history: PAGE }),
			onMessage: (message) => feed.tell(message),
			onState: (state, detail) => this.#connectionChanged(state, detail),
		});
		this.banner = new Banner({
			tryNow: () => this.connection.tryNow(),
			enterAgain: () => this.connection.start(),
			isServerThere: () => askServer("config").then(Boolean, () => false),
		});
		this.calls = new Calls({
			room: name,
			me,
			members: this.members,
			callers: this.#callers,
			send: (message) => this.connection.send(message),
			notice: (words) => this.conversation.notice("notice", words),
			rings: (from) => this.#rung(from),
			heard: (from, words) => this.typing.heard(from, words !== "", words),
		});
		this.typing = new LazyTyping({
			send: (message) => this.connection.send(message),
			live: (words) => this.calls.tellLive(words),
			members: this.members,
		});
		this.edges = new Edges(name);
		this.sending = new Sending(name, tab, {
			me,
			view: this.view,
			send: (message) => this.connection.send(message),
			isWelcome: () => this.conversation.isWelcome,
			notice: (words) => this.conversation.notice("error", words),
			giveBack: (words) => this.composer.giveBack(words),
			onChange: () => this.#settled(),
		});
		this.own = new OwnLines({
			room: name,
			me,
			quit: () => this.#quit(),
			info: (words) => this.conversation.notice("info", words),
			send: (message) => this.connection.send(message),
			changeName: () => this.#menus((menus) => menus.changeName()),
			loginUrl: config.login_url,
		});
		this.composer = new Composer(name, {
			submit: (line) => this.#submit(line),
			notice: (words) => this.conversation.notice("error", words),
			names: () => this.members.others(),
			personOf: (name) => this.members.get(name)?.person ?? "",
			typed: (words, whisperTo, person) => this.typing.typed(words, whisperTo, person),
		});
		this.#followServer();
		this.#followPreferences();
		wireRoomButtons(name, {
			jump: () => this.timeline.jumpToEnd(),
			changeName: () => this.#menus((menus) => menus.changeName()),
			command: (words) => this.#submit({ words, to: "" }),
		});
		wireMessageKeys(() => this.composer.focus());
	}

	start() {
		if (isRoomName(this.#name)) this.connection.start();
		else this.banner.show("closed", { words: text("error_bad_room") });
		// A session ends when nothing is asked for a while; somebody in a room is there all the time.
		setInterval(() => askServer("session").catch(() => {}), KEEP_SESSION_MS);
		if (matchMedia("(hover: hover)").matches) this.composer.focus();
	}

	#followServer() {
		const [me, feed] = [this.#me, this.#feed];
		this.own.follow(feed);
		me.follow(feed);
		this.conversation.follow(feed);
		this.members.follow(feed);
		this.sending.follow(feed);
		this.calls.follow(feed);
		feed.on("welcome", ({ room, topic, description, limits }) => {
			this.composer.limit = limits?.message ?? 4096;
			byId("room-name").textContent = room;
			showTopic(topic || description || "");
			this.banner.welcomed();
			this.own.comeBack();
			this.sending.flush();
		});
		feed.on("nick", ({ from, to }) => this.composer.renamed(from, to));
		feed.on("topic", (record) => showTopic(record.text ?? ""));
		feed.on("typing", ({ from, state = true, text: words }) => {
			if (from !== me.name) this.typing.heard(from, state, words);
		});
		feed.on("bye", (bye) => bye.reason !== "shutting down" && this.connection.stop({ words: byeWords(bye) }));
	}

	/**
	 * A line from the composer.
	 * @param {Line} line
	 * @returns False if it could not be taken.
	 */
	#submit(line) {
		if (this.own.take(line.words)) return true;
		if (!this.sending.add(line)) return false;
		this.own.sent(line.words);
		this.timeline.setLine("");
		this.timeline.jumpToEnd();
		this.typing.stopped();
		return true;
	}

	/** Not by the outbox: sent again after each return, it would lock the person out. */
	#quit() {
		this.connection.send({ type: "quit" });
		this.connection.stop({ words: text("byeQuit") });
	}

	/**
	 * Somebody else said something just now.
	 * @param {Entry} record
	 * @param {boolean} urgent A mention or a whisper.
	 */
	#spoken(record, urgent) {
		const { timeline } = this;
		const isAway = document.hidden || !document.hasFocus();
		this.typing.heard(record.from, false);
		if (!timeline.isPinned) this.edges.unseen += 1;
		if ((isAway || !timeline.isPinned) && !timeline.line) timeline.setLine(record.id);
		if (isAway)
			this.#attract({ urgent, from: record.from, words: record.text ?? "", onOpen: () => timeline.jumpToEnd() });
	}

	/** @param {string} from */
	#rung(from) {
		const words = text("rings", { name: from });
		this.conversation.notice("notice", words);
		this.#attract({ urgent: true, rings: true, from, words, onOpen: () => byId("call-button").focus() });
	}

	/** @param {(menus: RoomMenus) => void} open */
	async #menus(open) {
		const { RoomMenus } = await import("./room_menus.js");
		const uses = {
			me: this.#me,
			backdrop: () => this.#backdrop,
			members: this.members,
			whisper: (/** @type {string} */ other, /** @type {string | undefined} */ person) =>
				this.#compose((composer) => composer.whisper(other, person)),
			mention: (/** @type {string} */ other) => this.#compose((composer) => composer.insert(other)),
			answer: (/** @type {string} */ words) => this.#compose((composer) => composer.answer(words)),
			command: (/** @type {string} */ words) => this.#submit({ words, to: "" }),
			rename: (/** @type {string} */ name, /** @type {string} */ color) => this.#rename(name, color),
		};
		open(new RoomMenus(this.#name, uses));
	}

	/** Somebody who looks elsewhere is told. @param {Noted} noted */
	async #attract(noted) {
		this.#attention ??= import("./attention.js").then(({ Attention }) => new Attention(document.title));
		(await this.#attention).note(noted);
	}

	/** After every change of the conversation. */
	#settled() {
		this.edges.draw(this.timeline, { isWelcome: this.conversation.isWelcome, pending: this.sending?.count ?? 0 });
	}

	/** @param {State} state @param {Detail} [detail] */
	#connectionChanged(state, detail) {
		this.banner.show(state, detail);
		if (state === "connecting") return;
		this.conversation.disconnected();
		this.sending.disconnected();
	}

	/**
	 * To the field, also where the list of people covers it.
	 * @param {(composer: Composer) => void} act
	 */
	#compose(act) {
		this.#people.uncover();
		act(this.composer);
	}

	/** @param {string} name @param {string} color "" for as it is. */
	#rename(name, color) {
		if (name !== this.#me.name) this.connection.send({ type: "nick", nick: name });
		if (color && color !== this.#me.color) this.connection.send({ type: "color", color });
		byId("name-hint").hidden = true;
	}

	#followPreferences() {
		const redraw = () => {
			this.timeline.redrawAll();
			this.members.draw();
		};
		onTheme(() => {
			this.#backdrop = nameBackdrop();
			redraw();
		});
		const showEvents = () => byId("log").classList.toggle("hide-events", !preference("events"));
		onPreference((name) => {
			if (name === "smileys" || name === "ignored") redraw();
			if (name === "events") showEvents();
			if (name === "liveTyping") this.calls.updateLive();
		});
		showEvents();
		onMidnight(redraw);
		addEventListener("visibilitychange", () => document.hidden && this.timeline.isPinned && this.timeline.setLine(""));
	}
}

/** @param {string} words */
const showTopic = (words) => Object.assign(byId("topic"), { textContent: words, title: words });
