// The WebSocket to the server: opens it, notices when it is gone, comes back by itself, to another server where there
// is one, and asks with a ping whether anybody is still there. Of what goes over it, it knows no more than that each
// message is an object with a type.

import { environment as surroundings } from "./environment.js";

/** The longest wait before trying again, for the first failure; doubled with each, up to the second. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** No wait is shorter: a server that refuses at once is not asked in a loop. */
const SHORTEST_WAIT_MS = 50;
/** Before the next server of a list is tried: the first was lost, not refused. */
const NEXT_SERVER_MS = 300;
/** A connection that stays up this long was a good one: the next wait starts small again. */
const GOOD_AFTER_MS = 10_000;
/** Silence after which we ask whether anybody is there; browsers cannot send pings. */
const PING_AFTER_MS = 30_000;
/** The same when an answer is due, because something was sent. */
const PING_WHEN_DUE_MS = 8000;
/** No word at all for this long after a question: the line is dead though nobody said so. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Milliseconds to wait before the next try: anything up to a bound that doubles, so that a thousand clients of a server
 * that has gone do not come in the same second ("full jitter").
 * @param {number} failures
 * @param {number} chance From 0 to 1.
 */
export const backoff = (failures, chance) =>
	Math.max(SHORTEST_WAIT_MS, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * chance);

export class Connection {
	/** @type {import("./types.d.ts").Socket | null | undefined} */
	#socket;
	#uses;
	#environment;
	/** May be replaced at any time. @type {import("./types.d.ts").Servers} */
	servers;
	#server = "";
	#failures = 0;
	#retryTimer = 0;
	#quietTimer = 0;
	#openedAt = 0;
	/** Tries in a row after which no connection was open. */
	#unopened = 0;
	#isWanted = false;
	/** Ends the watch over page and network. @type {(() => void) | undefined} */
	#unwatch;
	/** Of the try that is under way: a list of servers that comes late opens nothing any more. */
	#turn = 0;
	/** What the server that shut down asked its clients to spread over, in milliseconds. */
	#spread = 0;

	/**
	 * @param {import("./types.d.ts").ConnectionUses} uses
	 * @param {import("./types.d.ts").Environment} [environment]
	 */
	constructor(uses, environment = surroundings) {
		this.#uses = uses;
		this.#environment = environment;
		// Where there is no other to go to.
		this.servers = uses.servers ?? { isExhausted: true, next: uses.first ?? (() => ""), failed() {}, worked() {} };
	}

	get isOpen() {
		return this.#socket?.readyState === 1;
	}

	start() {
		this.#isWanted = true;
		this.#unwatch ??= this.#environment.watch({
			back: () => this.tryNow(),
			gone: () => this.#lost(),
			leave: () => {
				this.#drop();
				this.#uses.onState("offline");
			},
		});
		this.#open();
	}

	/** Ends it for good. @param {object} [detail] Why; handed to `onState`. */
	stop(detail) {
		this.#isWanted = false;
		this.#unwatch = void this.#unwatch?.();
		this.#drop();
		this.#uses.onState("closed", detail);
	}

	/** Does not wait any longer. */
	tryNow() {
		if (!this.#isWanted || this.#socket) return;
		this.#failures = 0;
		this.#open();
	}

	/**
	 * The server says that it is the end. One that goes itself may ask that not all come back in the same moment.
	 * @param {{ reason: string, spread?: any }} bye
	 * @param {object} detail As of {@link stop}.
	 */
	ended({ reason, spread }, detail) {
		if (reason === "shutting down") this.#spread = Math.min(LONGEST_WAIT_MS, spread) || 0;
		else this.stop(detail);
	}

	/** @param {import("./types.d.ts").Message} message @returns False if it could not be sent now. */
	send(message) {
		if (!this.isOpen) return false;
		this.#socket?.send(JSON.stringify(message));
		if (message.type !== "ping") this.#askAfter(PING_WHEN_DUE_MS);
		return true;
	}

	async #open() {
		this.#drop();
		const turn = this.#turn;
		this.#uses.onState("connecting");
		// The opening itself may hang too: the same clock runs.
		this.#quietTimer = this.#environment.setTimeout(() => turn === this.#turn && this.#lost(), ANSWER_TIMEOUT_MS);
		let socket;
		try {
			const next = this.servers.next();
			// In the same moment, if it is known; of a list the best, which is the first.
			this.#server = [next instanceof Promise ? await next : next].flat()[0];
			if (turn !== this.#turn) return;
			socket = this.#environment.open(this.#uses.address(this.#server));
		} catch (error) {
			if (turn === this.#turn) this.#lost(error);
			return;
		}
		this.#socket = socket;
		const listen = (/** @type {string} */ event, /** @type {(event: any) => void} */ run) =>
			socket.addEventListener(event, (detail) => socket === this.#socket && run(detail));
		listen("open", () => {
			this.#openedAt = this.#environment.now();
			this.#unopened = 0;
			this.#askAfter(PING_AFTER_MS);
		});
		listen("message", ({ data }) => {
			this.#askAfter(PING_AFTER_MS);
			const message = parse(data);
			if (message) this.#uses.onMessage(message);
			else this.#uses.onForeign?.(data);
		});
		// A close follows. Node's ws ends the program where nobody listens.
		listen("error", () => {});
		listen("close", () => this.#lost());
	}

	/** @param {number} silence */
	#askAfter(silence) {
		const { setTimeout, clearTimeout } = this.#environment;
		clearTimeout(this.#quietTimer);
		this.#quietTimer = setTimeout(() => {
			this.send({ type: "ping" });
			this.#quietTimer = setTimeout(() => this.#lost(), ANSWER_TIMEOUT_MS);
		}, silence);
	}

	#drop() {
		this.#turn += 1;
		this.#environment.clearTimeout(this.#quietTimer);
		this.#environment.clearTimeout(this.#retryTimer);
		const socket = this.#socket;
		this.#socket = null;
		socket?.close();
	}

	/** @param {unknown} [error] Why no try could be made. */
	#lost(error) {
		if (!this.#isWanted) return;
		const { now, setTimeout, isOffline } = this.#environment;
		if (!this.#openedAt) this.#unopened += 1;
		else if (now() - this.#openedAt > GOOD_AFTER_MS) {
			this.#failures = 0;
			this.servers.worked(this.#server);
		}
		this.servers.failed(this.#server);
		this.#openedAt = 0;
		this.#drop();
		const wait = this.#wait();
		// Only a hint: a machine may have no other network than its own, where the server is too.
		const state = isOffline() ? "offline" : "waiting";
		this.#uses.onState(state, { until: Date.now() + wait, unopened: this.#unopened, error });
		this.#retryTimer = setTimeout(() => this.#open(), wait);
	}

	#wait() {
		const { random } = this.#environment;
		const spread = this.#spread || (this.servers.isExhausted ? 0 : NEXT_SERVER_MS);
		this.#spread = 0;
		if (spread) return Math.max(SHORTEST_WAIT_MS, spread * random());
		this.#failures += 1;
		return backoff(this.#failures - 1, random());
	}
}

/** @param {unknown} data @returns {import("./types.d.ts").Message | undefined} Nothing: it is no message. */
function parse(data) {
	try {
		const message = JSON.parse(String(data));
		if (typeof message?.type === "string") return message;
	} catch {
		// Nor is this.
	}
}
