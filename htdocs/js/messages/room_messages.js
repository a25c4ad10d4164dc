// What a room knows of its messages beside their text: what can be done with them, what they point to, what is pinned.

import { text } from "../texts.js";
import { Pins } from "./pins.js";
import { Referenced } from "./referenced.js";

export class RoomMessages {
	#room;
	#menus;
	/** What the server allows, in minutes. @type {{ edit?: number, delete?: number }} */
	limits = {};
	/** It knows answers, reactions, edits and pins. */
	areKnown = false;

	/** @param {Room} room @param {RoomUses["menus"]} menus */
	constructor(room, menus) {
		this.#room = room;
		this.#menus = menus;
		this.referenced = new Referenced({
			find: (id) => this.find(id),
			ask: (ids) => room.isWelcome && room.send({ type: "messages", ids }),
			redraw: (id) => room.timeline.replace(id, () => ({})),
			answered: (records) => this.#answered(records),
		});
		this.pins = new Pins(room, this.referenced, menus);
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ limits = {}, pins }) => {
			this.limits = limits;
			this.areKnown = Array.isArray(pins);
		});
		this.referenced.follow(feed);
		this.pins.follow(feed);
	}

	/** A record that the page has. @param {string} id */
	find(id) {
		return this.#room.timeline.records.find((record) => record.id === id);
	}

	/** @param {string} id @param {Change} change */
	changed(id, change) {
		this.referenced.changed(id, change);
		if (this.find(id)?.isStale) this.referenced.renew(id);
	}

	/** @param {Entry[]} records */
	#answered(records) {
		for (const { id, reactions = [] } of records) {
			if (this.find(id)?.isStale) this.#room.timeline.replace(id, () => ({ reactions, isStale: false }));
		}
		this.pins.changed();
	}

	/** @param {Act} what @param {Entry} record @param {HTMLElement} place */
	act(what, record, place) {
		this.#menus((menus) => menus.act(what, record, place));
	}

	/** @param {(name: string, button: HTMLElement) => void} openPerson @returns {Actions} */
	actions(openPerson) {
		return {
			openPerson,
			act: (what, record, place) => this.act(what, record, place),
			toggle: (record, emoji, isWanted) => this.react(record, emoji, isWanted),
			goTo: (id) => this.#room.goTo(id),
			referenced: (id, by) => this.referenced.get(id, by),
		};
	}

	/** @param {Entry} record @param {string} emoji @param {boolean} isWanted False to take it back. */
	react({ id }, emoji, isWanted) {
		this.say({ type: isWanted ? "react" : "unreact", target: id, text: emoji });
	}

	/**
	 * What is done with a message goes at once or not at all: later it may mean something else.
	 * @param {Message} message
	 */
	say(message) {
		const { conversation, isWelcome } = this.#room;
		if (!isWelcome || !this.#room.send(message)) conversation.notice("error", text("notNow"));
	}
}
