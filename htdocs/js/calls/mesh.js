// Who is connected to whom. Each page says hello to the others with what it takes part in (a call, live typing); of two
// pages that share something, the one with the greater id calls the other.

import { preference } from "../preferences.js";
import { randomId } from "../../client/random_id.js";
import { text } from "../texts.js";
import { connect } from "./connect.js";
import { Hellos } from "./hellos.js";
import { IceServers } from "./ice_servers.js";
import { MAX_IN_CALL, MAX_LIVE, MAX_OTHERS } from "./limits.js";
import { Media } from "./media.js";
import { Moments } from "./moments.js";
import { Others } from "./others.js";

/** How often connections are looked at. */
const LOOK_MS = 5000;
/** The longest id of a page that is listened to. */
const MAX_PAGE_ID = 64;

export class Mesh {
	#id = randomId();
	#others = new Others();
	#ice;
	#hellos;
	#uses;
	#moments;
	#toldScreen = false;
	inCall = false;
	isLive = false;
	/** Called when something of what is shown has changed. */
	onChange = () => {};

	/** @param {CallUses} uses @param {number} welcomedAt When the room let this page in, by performance.now(). */
	constructor(uses, welcomedAt) {
		this.#moments = new Moments(welcomedAt);
		this.#uses = uses;
		this.#ice = new IceServers(uses.room);
		this.media = new Media(
			() => this.#shared(),
			() => uses.notice(text("deviceGone")),
		);
		this.#hellos = new Hellos((name, page) => this.#sayHello(name, page ? { answer: true, to: page } : {}));
		addEventListener("pagehide", () => this.leave());
		setInterval(() => this.#look(), LOOK_MS);
	}

	get callers() {
		return this.#others.callers;
	}

	/** Enters the call. Throws what opening the microphone or camera throws, and why it cannot be. @param {JoinBy} by */
	async join(by) {
		if (this.callers.length >= MAX_IN_CALL) throw new Error(text("callFull", { limit: MAX_IN_CALL }));
		await this.#ice.fetch();
		if (preference("relayOnly") && !this.#ice.hasRelay) throw new Error(text("noRelay"));
		const lacks = by === "listening" ? "" : await this.media.open(by === "video");
		if (lacks) this.#uses.notice(text(lacks));
		this.inCall = true;
		this.#moments.enteredCall();
		this.#helloAll();
		this.#sayHello(this.#uses.me.name); // Their other devices stop ringing.
		this.update();
	}

	/** To those who call, and to one's own other devices, which stop ringing. */
	decline() {
		for (const { name, page } of this.callers) this.#send(name, { kind: "declined", to: page });
		this.#send(this.#uses.me.name, { kind: "declined" });
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
		this.#moments.welcomed();
		if (this.#takesPart) await this.#ice.fetch();
		for (const other of this.#others.all) other.peer?.resume(this.#ice.configuration);
		if (this.#takesPart) this.#helloAll();
		this.update();
	}

	/** @param {string} name */
	joined(name) {
		if (this.#others.doubt(name, () => this.#changed()) || this.#takesPart) this.#hellos.tell(name);
	}

	/** @param {string} name */
	left(name) {
		this.#hellos.answered(name);
		this.#others.left(name, () => this.#changed());
	}

	/** Kicked or banned: nothing goes to them any more. @param {string} name */
	expelled(name) {
		this.#hellos.answered(name);
		this.#others.expel(name);
		this.#changed();
	}

	/** @param {string} from @param {string} to */
	renamed(from, to) {
		this.#hellos.answered(from);
		this.#others.rename(from, to);
		this.#changed();
	}

	/**
	 * @param {string} from
	 * @param {any} data A stranger's: nothing about it is certain.
	 * @param {string} person Who that is, as the server says.
	 */
	signaled(from, data, person = "") {
		if (typeof data?.page !== "string" || data.page.length > MAX_PAGE_ID) return;
		if (data.to !== undefined && data.to !== this.#id) return;
		if (data.kind === "hello") this.#hello(from, data, person);
		else if (data.kind === "full") this.#toldFull();
		else if (data.kind === "declined") this.inCall && this.#uses.notice(text("callDeclined", { name: from }));
		else if (this.#others.get(data.page)?.person === person) this.#negotiated(from, data);
		else if (data.to) this.#hellos.answer(from, data.page);
	}

	/** @param {string} words @returns Names of those it reached. */
	tellLive(words) {
		return this.isLive ? this.#others.tellLive(words) : new Set();
	}

	/**
	 * @param {string} from
	 * @param {{ page: string, call?: unknown, live?: unknown, screen?: unknown, answer?: unknown }} data
	 * @param {string} person
	 */
	#hello(from, data, person) {
		if (data.answer) this.#hellos.answered(from);
		// A page that takes part in nothing needs no place: its person may have another one that does.
		if (!this.#others.get(data.page) && !data.call && !data.live)
			return data.answer || this.#hellos.answer(from, data.page);
		const other = this.#others.claim(data.page, from, person, (name) => this.#uses.members.has(name));
		if (!other) return;
		const wasInCall = other.call;
		other.says(data);
		// The first one calls; who comes later comes to a call that is known.
		const begins = other.call && !wasInCall && !this.inCall && this.callers.length === 1;
		if (begins && this.#moments.isSettled) this.#uses.rings(other.name);
		if (this.inCall && other.call && !wasInCall && this.callers.length >= MAX_IN_CALL) {
			if (this.#moments.isFull) this.#toldFull();
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
		if (this.#moments.toldFull() && this.callers.length >= MAX_IN_CALL)
			this.leave(text("callFull", { limit: MAX_IN_CALL }));
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
		if (!this.#shares(other)) return other.disconnect();
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
		if (this.#others.hasConnectedTwin(other)) this.#others.forget(other);
		else if (this.#calls(other)) this.#callAnew(other);
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
		const how = { configuration: this.#ice.configuration, caller: this.#calls(other), session };
		const uses = { send: this.#send.bind(this), changed: () => this.#changed(), heard: this.#uses.heard };
		return connect(other, how, uses);
	}

	/** What this page sends is another: also those hear of it to whom only its kind matters. */
	#shared() {
		if (this.media.isScreen !== this.#toldScreen) for (const { name } of this.callers) this.#sayHello(name);
		this.#toldScreen = this.media.isScreen;
		this.#follow();
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
		// Addresses of this machine are in it: they are for that person and nobody who has taken the name.
		const person = this.#others.named(to)?.person || this.#uses.members.get(to)?.person;
		this.#uses.send({ type: "signal", to, person, data: { page: this.#id, ...data } });
	}

	/** @param {string} name @param {Record<string, unknown>} [extra] */
	#sayHello(name, extra = {}) {
		const { inCall: call, isLive: live } = this;
		this.#send(name, { kind: "hello", call, live, screen: this.media.isScreen, ...extra });
	}

	/** To those first whom it concerns most: the ones known to take part. */
	#helloAll() {
		const known = new Set(this.#others.all.map(({ name }) => name));
		this.#hellos.tellAll(this.#uses.members.others().sort((a, b) => Number(known.has(b)) - Number(known.has(a))));
	}
}
