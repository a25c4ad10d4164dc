// The window of the chat: one connection, the rooms on it, and the one of them that is shown.

import { Connection } from "../client/connection.js";
import { invitationInAddress, isRoomName, leadsToLogIn, messageInAddress, roomAddress, tidyRoom } from "./addresses.js";
import { Attach } from "./attachments/attach.js";
import { Banner, byeWords } from "./banner.js";
import { Composer } from "./composer.js";
import { loadConfig } from "./config.js";
import { byId } from "./dom.js";
import { beat } from "./heartbeat.js";
import { wireMessageKeys } from "./message_keys.js";
import { keptRooms, keepRooms } from "./my_rooms.js";
import { Outlook } from "./outlook.js";
import { putAddress } from "./page_address.js";
import { followPage } from "./page_events.js";
import { PeopleList } from "./people_list.js";
import { PeoplePanel } from "./people_panel.js";
import { followPreferences } from "./page_preferences.js";
import { PrivateRooms, isOfSome } from "./private_rooms.js";
import { speaksText } from "./protocol.js";
import { Room } from "./room.js";
import { openMenus } from "./window_menus.js";
import { wireRoomButtons } from "./room_buttons.js";
import { roomSocketAddress } from "./room_socket.js";
import { Rooms } from "./rooms.js";
import { Scroller } from "./scroller.js";
import { askServer, keepSession } from "./server.js";
import { Sidebar } from "./sidebar.js";
import { claimTab } from "./tab.js";
import { text } from "./texts.js";
import { nameBackdrop } from "./theme.js";

/** @param {string} name Of the room in the page's address. */
export async function openChat(name) {
	document.body.classList.add("in-room");
	byId("room").hidden = false;
	const [config, tab] = await Promise.all([loadConfig(), claimTab()]);
	new Chat(config, tab).start(name);
}

class Chat {
	#config;
	#backdrop = nameBackdrop();
	#panel = new PeoplePanel();
	#composer = new Composer();
	#scroller = new Scroller(byId("scroller"), byId("conversation"));
	#attach = new Attach(() => this.#shown, this.#composer);
	#outlook = new Outlook((name) => this.show(name));
	#talkTo = (/** @type {string} */ name) => this.privately.talkTo(name, this.#shown.members.get(name)?.person);

	/** @param {Config} config @param {Tab} tab */
	constructor(config, tab) {
		this.#config = config;
		const backdrop = () => this.#backdrop;
		const people = new PeopleList({
			backdrop,
			openPerson: (person, button) => this.#menus((menus) => menus.person(person, button)),
		});
		/** @type {RoomUses} */
		const uses = {
			config,
			tab,
			people,
			backdrop,
			scroller: this.#scroller,
			composer: this.#composer,
			menus: (open) => this.#menus(open),
			send: (room, message) => this.#send(room, message),
			mark: (room, id) => this.rooms.protocol === 2 && this.#send(room, { type: "read", id, shown: room.readBy.on }),
			changed: () => this.sidebar.draw(),
			parted: (room, code) => {
				this.#roomsChanged();
				if (room.isShown) this.privately.knock(room, code, () => this.#enterAgain());
			},
			welcomed: (room, limits) => this.#welcomed(room, limits),
			attract: (room, news) => this.#outlook.attract(room, news),
			quit: () => this.#quit(),
			join: (name) => this.show(name),
			talkTo: this.#talkTo,
			part: (room) => this.#part(room),
		};
		this.privately = new PrivateRooms({
			send: (message) => this.rooms.protocol === 2 && this.connection.send(message),
			show: (name) => this.show(name),
			notice: (words) => this.#shown.conversation.notice("error", words),
		});
		this.rooms = new Rooms({
			make: (name) => new Room(name, uses),
			send: (message) => this.connection.send(message),
			changed: () => this.#roomsChanged(),
			show: (room) => this.#showRoom(room, "replace"),
			renamed: (room) => room.isShown && this.#placed(room, "replace", messageInAddress()),
			dropped: (room) => this.#dropped(room),
			bye: (bye) => this.connection.ended(bye, { words: byeWords(bye) }),
		});
		this.connection = new Connection({
			address: () => this.#address(),
			onMessage: (it) => leadsToLogIn(it, config, this.rooms) || this.privately.take(it) || this.rooms.tell(it),
			onState: (state, detail) => this.#connectionChanged(state, detail),
			onForeign: (said) => speaksText(said) && this.connection.stop({ words: text("oldServer") }),
		});
		this.banner = new Banner({
			tryNow: () => this.connection.tryNow(),
			enterAgain: () => this.#enterAgain(),
			isServerThere: () => askServer("config").then(Boolean, () => false),
		});
		this.sidebar = new Sidebar(this.rooms, {
			show: (name, how) => this.show(name, how),
			part: (room) => this.#part(room),
			privately: this.privately,
			notify: (room, level) => this.#setLevel(room, level),
		});
		wireRoomButtons({
			jump: () => this.#shown.toNewest(),
			call: () => this.#shown.calls.pressed(),
			changeName: () => this.#menus((menus) => menus.changeName()),
			command: (words) => this.#shown.submit({ words, to: "" }),
		});
		wireMessageKeys(
			() => this.#composer.focus(),
			() => this.#shown,
		);
		followPage(
			() => this.#shown,
			(name, place, at) =>
				place === "push" ? this.show(name, { at }) : this.#showRoom(this.rooms.have(name), place, at),
		);
		followPreferences(this.rooms, () => void (this.#backdrop = nameBackdrop()));
	}

	/** @param {string} name */
	start(name) {
		for (const kept of keptRooms()) this.rooms.have(kept);
		const room = Object.assign(this.rooms.have(name), { keys: invitationInAddress() });
		this.#showRoom(room, isOfSome(name) ? "replace" : "keep", messageInAddress());
		if (this.#shown.out) this.#drawBanner();
		else this.connection.start();
		keepSession();
		beat((message) => this.connection.send(message));
		this.#focus();
	}

	get #shown() {
		const { shown } = this.rooms;
		if (!shown) throw new Error("no room is shown");
		return shown;
	}

	/**
	 * Goes to a room, there to the message `at`; enters it if need be.
	 * @param {string} typed
	 * @param {{ byKeyboard?: boolean, at?: string }} [how]
	 */
	show(typed, how = {}) {
		const name = tidyRoom(typed);
		if (!name) return;
		if (this.rooms.protocol === 1 && name !== this.#shown.name) {
			location.assign(roomAddress(name, how.at));
			return;
		}
		this.#showRoom(this.rooms.have(name), "push", how.at);
		if (!how.at) this.#focus(how);
	}

	/**
	 * @param {Room} room
	 * @param {"push" | "replace" | "keep"} place What becomes of the page's address.
	 * @param {string} [at] A message in it.
	 */
	#showRoom(room, place, at) {
		const old = this.rooms.shown;
		this.sidebar.close();
		if (at) room.goTo(at);
		if (room === old) {
			if (at) putAddress(place, room.name, at);
			return;
		}
		old?.hide();
		this.rooms.shown = room;
		this.#placed(room, place, at);
		if (!isRoomName(room.name)) room.out = text("error_bad_room");
		room.show();
		this.#attach.shown();
		if (!room.isWelcome && !room.isEntering && !room.out) this.rooms.enter(room);
		this.#drawBanner();
		this.sidebar.draw();
		if (old) this.#outlook.announce(room.label);
	}

	/** @param {Room} room @param {"push" | "replace" | "keep"} place @param {string} [at] */
	#placed(room, place, at) {
		putAddress(place, room.name, at);
		byId("room-name").textContent = room.label;
		this.#composer.label = room.label;
		this.#outlook.title(`${room.label} – ${text("appName")}`);
	}

	/** To where one writes; on a phone that would bring up the keyboard. @param {{ byKeyboard?: boolean }} [how] */
	#focus({ byKeyboard = false } = {}) {
		if (byKeyboard || matchMedia("(hover: hover)").matches) this.#composer.focus();
		else byId("room-name").focus({ preventScroll: true });
	}

	#address() {
		const name = this.rooms.begin();
		return roomSocketAddress(this.#config.websocket_url, name, name ? this.#shown.place() : {});
	}

	/** @param {Room} room @param {Message} message */
	#send(room, message) {
		return this.connection.send(this.rooms.protocol === 2 ? { ...message, room: room.name } : message);
	}

	/** @param {Room} room @param {Welcome["limits"]} limits */
	#welcomed(room, limits) {
		(this.#composer.welcomed(limits), (this.#attach.limit = limits?.file ?? 0));
		if (this.rooms.protocol === 1) byId("room-name").textContent = room.name;
		this.banner.welcomed();
		room.own.comeBack();
	}

	#roomsChanged() {
		const { protocol } = this.rooms;
		this.sidebar.serves(protocol === 2);
		if (protocol === 2) keepRooms(this.rooms.all.filter(({ out }) => !out).map(({ name }) => name));
		this.#drawBanner();
		this.sidebar.draw();
	}

	#drawBanner() {
		const room = this.#shown;
		if (room.isWelcome) this.banner.welcomed();
		else if (room.out) this.banner.show("closed", { words: room.out });
		else if (this.rooms.protocol === 2) this.banner.show("connecting");
	}

	#enterAgain() {
		const room = this.#shown;
		if (!room.out) this.connection.start();
		else if (isRoomName(room.name)) {
			this.rooms.enter(room);
			if (!this.connection.isOpen) this.connection.start();
			this.#drawBanner();
		}
	}

	/** @param {State} state @param {Detail} [detail] */
	#connectionChanged(state, detail) {
		if (state !== "connecting") this.rooms.disconnected();
		this.banner.show(state, detail);
		this.sidebar.draw();
	}

	/** @param {Room} room */
	#part(room) {
		if (this.rooms.protocol === 2) this.rooms.part(room);
		else this.#quit();
	}

	/** It is none of this person's rooms any more. @param {Room} room */
	#dropped(room) {
		if (room === this.rooms.shown) {
			room.hide();
			const next = this.sidebar.order[0] ?? this.rooms.all[0];
			if (next) this.#showRoom(next, "replace");
			else location.assign("room_list.html");
		}
		this.#roomsChanged();
	}

	/** Not by the outbox: sent again after each return, it would lock the person out. */
	#quit() {
		this.connection.send({ type: "quit" });
		this.connection.stop({ words: text("byeQuit") });
	}

	/** @param {Room} room @param {Level} level */
	#setLevel(room, level) {
		room.reading.level = level;
		this.#send(room, { type: "notify", level });
		this.sidebar.draw();
	}

	/** @param {(menus: RoomMenus) => void} open */
	#menus(open) {
		openMenus(open, this.#shown, {
			backdrop: () => this.#backdrop,
			compose: () => this.#compose(),
			talkTo: this.rooms.protocol === 2 ? this.#talkTo : undefined,
			sendToAll: (message) => this.connection.send(message),
			rooms: this.rooms,
		});
	}

	/** The field, also where the list of people covers it. */
	#compose() {
		this.#panel.uncover();
		return this.#composer;
	}
}
