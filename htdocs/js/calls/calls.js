// Calls and live typing, as the room sees them. It is all that a page without them loads: the rest comes when somebody
// calls, is called, or wants live typing.

import { byId } from "../dom.js";
import { isIgnored, preference } from "../preferences.js";
import { text } from "../texts.js";

/** Some browsers have no calls, others have them switched off. */
const IS_SUPPORTED = "RTCPeerConnection" in globalThis && "MediaStream" in globalThis;

/** Reasons of the server to end the connection, or the stay in the room, for which a call ends with it. */
const OUT = new Set(["kicked", "banned", "quit", "part"]);

export class Calls {
	#uses;
	/** @type {Promise<Mesh> | null} */
	#loading = null;
	/** @type {Mesh | null} */
	#mesh = null;
	/** @type {import("./call_view.js").CallView | null} */
	#view = null;
	/** @type {Promise<import("./ringing.js").Ringing> | null} */
	#ringing = null;
	#isShown = false;
	#welcomedAt = 0;

	/** @param {CallUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/** The button that starts, joins or leaves the call. */
	async pressed() {
		if (!IS_SUPPORTED) {
			this.#uses.notice(text("callUnsupported"));
			return;
		}
		await this.#load();
		this.#view?.pressed();
	}

	/** A call goes on while another room is shown. @param {boolean} isShown */
	show(isShown) {
		this.#isShown = isShown;
		this.#view?.show(isShown);
		if (!isShown || this.#view) return;
		const button = byId("call-button");
		button.removeAttribute("aria-pressed");
		button.setAttribute("aria-label", text("call"));
		button.title = text("call");
	}

	get isIn() {
		return this.#mesh?.inCall ?? false;
	}

	/** The room is left. */
	end() {
		this.#mesh?.leave();
	}

	/** @param {Feed} feed */
	follow(feed) {
		if (!IS_SUPPORTED) return;
		const { me } = this.#uses;
		feed.on("welcome", () => (this.#welcomedAt = performance.now()));
		feed.on("welcome", async () => {
			if (this.#isWanted) (await this.#load()).welcomed();
		});
		// A page of who was there already is told of as "here".
		feed.on(["join", "here"], ({ from }) => from !== me.name && this.#mesh?.joined(from));
		feed.on("quit", ({ from }) => this.#mesh?.left(from));
		feed.on("nick", ({ from, to }) => this.#mesh?.renamed(from, to));
		// Out of the room is out of the call, whatever their own page does.
		feed.on(["kick", "ban"], ({ to }) => this.#mesh?.expelled(to));
		feed.on(["bye", "parted"], ({ reason }) => OUT.has(reason) && this.#mesh?.leave());
		feed.on("signal", async ({ from, person, data }) => {
			// In the order they came: the promise of one module keeps it.
			if (from === me.name) this.#elsewhere(data);
			else if (!isIgnored(from)) (await this.#load()).signaled(from, data, person);
		});
	}

	/** Another device of the person on this page has entered the call, or wants none. @param {any} data */
	async #elsewhere(data) {
		const isIn = data?.kind === "hello" && data.call === true;
		if (!isIn && data?.kind !== "declined") return;
		(await this.#ringing)?.stop();
		(await import("../ring.js")).hush();
		if (isIn) this.#uses.notice(text("callElsewhere"));
	}

	/** In a conversation a call rings until somebody answers. @param {Mesh} mesh @param {string} name */
	async #rings(mesh, name) {
		const { isConversation, rings, show } = this.#uses;
		rings(name);
		if (!isConversation()) return;
		this.#ringing ??= import("./ringing.js").then(({ Ringing }) => new Ringing());
		(await this.#ringing).start(name, {
			isOver: () => mesh.inCall || mesh.callers.length === 0,
			decline: () => mesh.decline(),
			answer: async (by) => {
				show();
				await this.#view?.join(by);
			},
		});
	}

	/**
	 * Sends what is being typed over the data channels; the names of those it reached.
	 * @param {string} words
	 * @returns {Set<string>}
	 */
	tellLive(words) {
		return this.#mesh?.tellLive(words) ?? new Set();
	}

	async updateLive() {
		if (this.#isWanted) (await this.#load()).update();
	}

	get #isWanted() {
		return IS_SUPPORTED && (this.#loading !== null || preference("liveTyping"));
	}

	/** The mesh and its view, loaded once. The view shows the mesh; the mesh only says when it has changed. */
	#load() {
		this.#loading ??= Promise.all([import("./mesh.js"), import("./call_view.js")]).then(
			([{ Mesh }, { CallView }]) => {
				/** @type {Mesh} */
				const mesh = new Mesh({ ...this.#uses, rings: (name) => this.#rings(mesh, name) }, this.#welcomedAt);
				const view = new CallView(mesh, this.#uses);
				mesh.onChange = () => {
					view.draw();
					this.#ringing?.then((ringing) => ringing.look());
					this.#uses.members.draw();
					this.#uses.changed();
				};
				view.show(this.#isShown);
				[this.#mesh, this.#view] = [mesh, view];
				return mesh;
			},
			(error) => {
				// The network may have failed; the next signal or click tries again.
				this.#loading = null;
				throw error;
			},
		);
		return this.#loading;
	}
}
