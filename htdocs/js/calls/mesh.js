// Who is connected to whom. Each page says hello to the others with what it takes part in (a call, live typing); of two
// pages that share something, the one with the greater id calls the other.

import { isIgnored, preference } from "../preferences.js";
import { randomId } from "../random_id.js";
import { text } from "../texts.js";
import { Hellos } from "./hellos.js";
import { IceServers } from "./ice_servers.js";
import { MAX_IN_CALL, MAX_LIVE, MAX_OTHERS } from "./limits.js";
import { Media } from "./media.js";
import { Others } from "./others.js";
import { Peer } from "./peer.js";

/** How often connections are looked at. */
const LOOK_MS = 5000;
/** So long after entering a call a page can be told that it is full. */
const ENTERING_MS = 15000;
/** The longest id of a page that is listened to. */
const MAX_PAGE_ID = 64;

export class Mesh {
	#id = randomId();
	#others = new Others();
	#ice = new IceServers();
	#hellos;
	#uses;
	#enteredAt = 0;
	/** Somebody said so while this page was entering. */
	#isFull = false;
	inCall = false;
	isLive = false;
	/** Called when something of what is shown has changed. */
	onChange = () => {};

	/** @param {CallUses} uses */
	constructor(uses) {
		this.#uses = uses;
		this.media = new Media(
			() => this.#follow(),
			() => uses.notice(text("deviceGone")),
		);
		this.#hellos = new Hellos((name, page) => this.#sayHello(name, page ? { answer: true, to: page } : {}));
		addEventListener("pagehide", () => this.leave());
		setInterval(() => this.#look(), LOOK_MS);
	}

	get callers() {
		return this.#others.callers;
	}

	/**
	 * Enters the call. Throws what opening the microphone or camera throws, and why it cannot be.
	 * @param {boolean} withCamera
	 */
	async join(withCamera) {
		if (this.callers.length >= MAX_IN_CALL) throw new Error(text("callFull", { limit: MAX_IN_CALL }));
		await this.#ice.fetch();
		if (preference("relayOnly") && !this.#ice.hasRelay) throw new Error(text("noRelay"));
		const lacks = await this.media.open(withCamera);
		if (lacks) this.#uses.notice(text(lacks));
		this.inCall = true;
		[this.#enteredAt, this.#isFull] = [performance.now(), false];
		this.#helloAll();
		this.update();
	}

	leave(reason = "") {
		if (!this.inCall) return;
		this.inCall = false;
		this.media.close();
		this.#helloAll();
		this.update();
		if (reason) this.#uses.notice(reason);
	}

	/** What is shared with whom may have changed: connections follow. */
	async update() {
		const wanted = () => preference("liveTyping") && this.#uses.members.count <= MAX_OTHERS;
		if (wanted()) await this.#ice.fetch();
		const wasLive = this.isLive;
		this.isLive = wanted();
		if (this.isLive !== wasLive) this.#helloAll();
		this.#follow();
	}

	async welcomed() {
		if (this.#takesPart) await this.#ice.fetch();
		for (const other of this.#others.all) other.peer?.resume(this.#ice.configuration);
		if (this.#takesPart) this.#helloAll();
		this.update();
	}

	/** @param {string} name */
	joined(name) {
		if (this.#takesPart) this.#hellos.tell(name);
	}

	/** @param {string} name */
	left(name) {
		this.#hellos.answered(name);
		const other = this.#others.named(name);
		if (other) this.#others.left(other, () => this.#changed());
	}

	/** @param {string} from @param {string} to */
	renamed(from, to) {
		this.#hellos.answered(from);
		const other = this.#others.named(from);
		if (other) other.name = to;
		this.#changed();
	}

	/** @param {string} from @param {any} data A stranger's: nothing about it is certain. */
	signaled(from, data) {
		if (typeof data?.page !== "string" || data.page.length > MAX_PAGE_ID) return;
		if (data.to !== undefined && data.to !== this.#id) return;
		if (data.kind === "hello") this.#hello(from, data);
		else if (data.kind === "full") this.#toldFull();
		else this.#negotiated(from, data);
	}

	/** @param {string} words @returns Names of those it reached. */
	tellLive(words) {
		const reached = new Set();
		if (!this.isLive) return reached;
		for (const { live, peer, name } of this.#others.all) {
			if (live && peer?.tellTyping(words)) reached.add(name);
		}
		return reached;
	}

	/** @param {string} from @param {{ page: string, call?: unknown, live?: unknown, answer?: unknown }} data */
	#hello(from, data) {
		if (data.answer) this.#hellos.answered(from);
		const other = this.#others.get(data.page) ?? this.#others.add(data.page, from);
		if (!other) return;
		if (other.name !== from) {
			// The same page under a new name, after a reconnect. A name that is still there is somebody else's claim.
			if (this.#uses.members.has(other.name)) return;
			other.name = from;
		}
		clearTimeout(other.gone);
		const wasInCall = other.call;
		other.call = data.call === true;
		other.live = data.live === true;
		if (this.inCall && other.call && !wasInCall && this.callers.length >= MAX_IN_CALL) {
			if (this.#isFull) this.#toldFull();
			else {
				other.call = false;
				this.#send(other.name, { kind: "full", to: other.page });
			}
		} else if (!data.answer) {
			this.#hellos.answer(from, data.page);
		}
		this.#reconcile(other);
		if (!other.call && !other.live && !other.peer) this.#others.forget(other);
		this.#changed();
	}

	/** Anybody can say so; what counts is whom this page sees in the call that it is just entering. */
	#toldFull() {
		this.#isFull = performance.now() - this.#enteredAt < ENTERING_MS;
		if (this.#isFull && this.callers.length >= MAX_IN_CALL) this.leave(text("callFull", { limit: MAX_IN_CALL }));
	}

	/**
	 * A description, candidates, or the wish for a new connection.
	 * @param {string} from
	 * @param {any} data
	 */
	#negotiated(from, data) {
		const other = this.#others.get(data.page);
		if (!other || other.name !== from || !this.#shares(other)) {
			// They think that we share something: this tells them what is so.
			if (data.to) this.#hellos.answer(from, data.page);
			return;
		}
		if (data.session !== other.peer?.session) {
			// The caller names the connection. What is about another one is old, or new and begins with an offer.
			if (this.#calls(other) || typeof data.session !== "string" || data.description?.type !== "offer") return;
			other.peer?.close();
			other.peer = this.#connect(other, data.session);
			this.#reconcile(other);
		}
		if (data.kind !== "again") other.peer?.signaled(data);
		else if (this.#calls(other) && !other.isConnected) this.#callAnew(other);
	}

	/**
	 * Both pages see the same two ids, so they agree on who calls, and who gives way.
	 * @param {Other} other
	 */
	#calls(other) {
		return this.#id > other.page;
	}

	/** @param {Other} other */
	#shares(other) {
		const lines = this.#others.all.filter(({ live, peer }) => live && peer).length;
		const types = this.isLive && other.live && (other.peer !== null || lines < MAX_LIVE);
		return (this.inCall && other.call) || types;
	}

	/** @param {Other} other */
	#reconcile(other) {
		if (!this.#shares(other)) {
			other.disconnect();
			return;
		}
		if (!other.peer && this.#calls(other)) other.peer = this.#connect(other, randomId());
		other.peer?.setTracks(this.inCall && other.call ? this.media.tracks : [], this.media.stream);
	}

	/** What does not come about is begun anew, ever later; the other page may have lost its half of it. */
	#look() {
		if (this.#takesPart) this.#ice.fetch();
		for (const other of this.#others.all) {
			if (other.isConnected) other.calm();
			else if (this.#shares(other) && other.isOverdue()) this.#tryAgain(other);
		}
	}

	/** @param {Other} other */
	#tryAgain(other) {
		if (this.#calls(other)) this.#callAnew(other);
		else if (other.peer) this.#send(other.name, { kind: "again", to: other.page, session: other.peer.session });
		else this.#sayHello(other.name);
	}

	/** @param {Other} other */
	#callAnew(other) {
		other.disconnect();
		this.#reconcile(other);
		this.#changed();
	}

	/** @param {Other} other @param {string} session */
	#connect(other, session) {
		const peer = new Peer({
			configuration: this.#ice.configuration,
			caller: this.#calls(other),
			session,
			events: {
				send: (data) => this.#send(other.name, { ...data, to: other.page }),
				onState: (state) => {
					// The other side closed it; if there is still something to share, #look() makes a new one.
					if (state === "closed" && other.peer === peer) other.disconnect();
					this.#changed();
				},
				onStream: (stream) => {
					other.stream = stream;
					stream.addEventListener("addtrack", () => this.#changed());
					stream.addEventListener("removetrack", () => this.#changed());
					this.#changed();
				},
				onTyping: (words) => !isIgnored(other.name) && this.#uses.heard(other.name, words),
			},
		});
		return peer;
	}

	#follow() {
		for (const other of this.#others.all) this.#reconcile(other);
		this.#changed();
	}

	#changed() {
		const { callers, me } = this.#uses;
		callers.clear();
		for (const { name } of this.callers) callers.add(name);
		if (this.inCall) callers.add(me.name);
		document.body.dataset.channels = String(this.#others.all.filter(({ peer }) => peer?.channelIsOpen).length);
		this.onChange();
	}

	get #takesPart() {
		return this.inCall || this.isLive;
	}

	/** @param {string} to @param {Record<string, unknown>} data */
	#send(to, data) {
		this.#uses.send({ type: "signal", to, data: { page: this.#id, ...data } });
	}

	/** @param {string} name @param {Record<string, unknown>} [extra] */
	#sayHello(name, extra = {}) {
		this.#send(name, { kind: "hello", call: this.inCall, live: this.isLive, ...extra });
	}

	/** To those first whom it concerns most: the ones known to take part. */
	#helloAll() {
		const known = new Set(this.#others.all.map(({ name }) => name));
		const names = this.#uses.members.others();
		this.#hellos.tellAll(names.sort((a, b) => Number(known.has(b)) - Number(known.has(a))));
	}
}
