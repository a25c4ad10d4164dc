// Who the person on this page is, as the server last said.

import { readStored, writeStored } from "./storage.js";

export class Me extends EventTarget {
	name = "";
	color = "";
	/** Whom they logged in as; "" for a guest. Until the server says so, as in the last visit. */
	account = String(readStored("account", ""));
	moderator = false;

	/** @param {Partial<Pick<Me, "name" | "color" | "account" | "moderator">>} change What is undefined stays. */
	update(change) {
		for (const [field, value] of Object.entries(change)) {
			if (value !== undefined) Object.assign(this, { [field]: value });
		}
		this.dispatchEvent(new Event("change"));
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ you, color = "", account = "", moderator = false }) => {
			this.update({ name: you, color, account, moderator });
			writeStored("account", account);
		});
		feed.on("you", ({ name, color, moderator }) => this.update({ name, color, moderator }));
		feed.on("nick", ({ from, to }) => from === this.name && this.update({ name: to }));
		feed.on("color", ({ from, color }) => from === this.name && this.update({ color }));
	}
}
