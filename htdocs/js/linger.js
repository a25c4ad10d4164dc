/** Bytes that may be under way without the daemon's acknowledgement, or one message of any size. */
const WINDOW = 256 * 1024;
/** What a message counts beside its bytes. */
const OVERHEAD = 16;
/** Milliseconds of silence from a daemon that has something to acknowledge, which it does within one second. */
const PATIENCE = 15_000;
/** Milliseconds before the next try: at random up to the first, which doubles up to the second. */
const RETRY = { first: 500, most: 30_000 };
/** Close codes to come again after: the daemon stops, there was no close frame, or another one is to serve soon. */
const PASSING = [1001, 1006, 1012, 1013];

/** @typedef {((event: any) => void) | null} Handler */

/**
 * A WebSocket whose session survives the loss of its connection, for routes of websocketd-rs with `--linger`: nothing
 * is lost, and nothing comes twice (docs/linger.md has the protocol). Without a connection readyState stays OPEN, and
 * send() keeps what it gets: `away` and `back` events say so. A `lost` event says that the session is gone and a new
 * one has begun; its `detail` holds the messages that may not have arrived.
 */
export class LingeringSocket extends EventTarget {
	static CONNECTING = 0;
	static OPEN = 1;
	static CLOSING = 2;
	static CLOSED = 3;
	CONNECTING = 0;
	OPEN = 1;
	CLOSING = 2;
	CLOSED = 3;
	/** @type {Handler} */ onopen = null;
	/** @type {Handler} */ onmessage = null;
	/** @type {Handler} */ onerror = null;
	/** @type {Handler} */ onclose = null;
	/** @type {Handler} */ onlost = null;
	readyState = 0;
	extensions = "";
	protocol = "";
	/** @type {BinaryType} */ #binaryType = "blob";
	#token = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18)))).replace(/[+/]/g, "_");
	/** @type {{ data: any, size: number }[]} Not acknowledged; the first #sent, of #flight bytes, are under way. */
	#kept = [];
	#sent = 0;
	#flight = 0;
	#confirmed = 0; // messages that the daemon has
	#received = 0; // messages that we have
	#tries = 0;
	#patience = PATIENCE;
	#isGreeted = false;
	/** @type {[number?, string?] | null} */ #farewell = null;
	/** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
	/** @type {WebSocket} */ #socket;
	/** @type {WebSocket[]} Nobody hears them any more. A close frame of theirs could end the session until it is here. */
	#old = [];
	#hasHurried = false;

	/** @param {string | URL} url @param {string | string[]} [protocols] */
	constructor(url, protocols = []) {
		super();
		this.#make = () => new WebSocket(url, [`linger.v1.${this.#token}.${this.#received}`, ...[protocols].flat()]);
		this.#socket = this.#connect();
		this.url = this.#socket.url;
		globalThis.addEventListener?.("online", this.#hurry);
	}

	get binaryType() {
		return this.#binaryType;
	}

	set binaryType(type) {
		this.#binaryType = this.#socket.binaryType = type;
	}

	/** Bytes that are not under way. */
	get bufferedAmount() {
		const waiting = this.#kept.slice(this.#sent).reduce((sum, { size }) => sum + size, 0);
		return waiting + (this.#isGreeted ? this.#socket.bufferedAmount : 0);
	}

	/** @param {string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob} data */
	send(data) {
		if (this.readyState === this.CONNECTING) throw new DOMException("not open yet", "InvalidStateError");
		if (this.readyState !== this.OPEN) return;
		const blob = new Blob([data]);
		// A copy of what the caller may change before it is sent again.
		this.#kept.push({ data: typeof data === "string" ? data : blob, size: blob.size });
		this.#pump();
	}

	/** What was sent before goes first. Without a connection the daemon keeps the session until its time is over. */
	close(/** @type {number} */ code = 1000, reason = "") {
		if (this.readyState >= this.CLOSING) return;
		this.#farewell = [code, reason];
		if (!this.#isGreeted) return this.#end(1006, "", false);
		this.readyState = this.CLOSING;
		this.#pump();
	}

	/** @type {() => WebSocket} */ #make;

	#connect() {
		const socket = this.#make();
		socket.binaryType = this.#binaryType;
		socket.onmessage = ({ data }) => this.#take(data);
		socket.onclose = (event) => this.#lose(event);
		this.#isGreeted = false;
		this.#socket = socket;
		if (this.readyState !== this.CONNECTING) this.#watch();
		return socket;
	}

	/** Takes a connection that says nothing for too long for dead. */
	#watch() {
		this.#timer ??= setTimeout(() => {
			this.#patience *= 2;
			this.#hurry();
		}, this.#patience);
	}

	#rest() {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	/** Comes again at once; the session is taken from a connection that may be dead. */
	#hurry = () => {
		if (this.readyState === this.CONNECTING) return;
		this.#rest();
		this.#socket.onmessage = this.#socket.onclose = null;
		this.#old.push(this.#socket);
		this.#hasHurried = true;
		this.#connect();
	};

	#lose(/** @type {CloseEvent} */ { code, reason, wasClean }) {
		this.#rest();
		// 4409: one that was given up has come after this one.
		const passes = PASSING.includes(code) || (code === 4409 && this.#hasHurried);
		const isOver = this.#isGreeted && (this.readyState !== this.OPEN || !passes);
		if (isOver || this.readyState === this.CONNECTING) return this.#end(code, reason, wasClean);
		this.#isGreeted = false;
		this.#sent = this.#flight = 0;
		if (this.#tries === 0) this.#emit(new Event("away"));
		const most = Math.min(RETRY.first * 2 ** this.#tries++, RETRY.most);
		this.#timer = setTimeout(() => {
			this.#rest();
			this.#connect();
		}, Math.random() * most);
	}

	#take(/** @type {any} */ data) {
		this.#patience = PATIENCE;
		this.#rest();
		const isOwn = typeof data === "string" && data[0] === "\0";
		if (isOwn && data[1] !== "\0") this.#heed(JSON.parse(data.slice(1)));
		else if (!this.#isGreeted) return this.#end(1006, "no --linger here", false);
		else {
			this.#received++;
			this.#emit(new MessageEvent("message", { data: isOwn ? data.slice(1) : data }));
		}
		this.#pump();
	}

	/** A message of the daemon's own. */
	#heed(/** @type {{ linger?: string, received: number }} */ { linger, received }) {
		const isFirst = this.readyState === this.CONNECTING;
		const lost = linger && linger !== "resumed" && !isFirst ? this.#kept.splice(0) : null;
		if (lost) this.#confirmed = this.#received = 0;
		for (; this.#confirmed < received; this.#confirmed++, this.#sent--)
			this.#flight -= (this.#kept.shift()?.size ?? 0) + OVERHEAD;
		if (!linger) return;
		this.#sent = this.#flight = 0;
		if (this.#tries > 0) this.#emit(new Event("back"));
		this.#tries = 0;
		this.#isGreeted = true;
		for (const socket of this.#old.splice(0)) socket.close();
		if (isFirst) {
			this.readyState = this.OPEN;
			const { protocol } = this.#socket;
			this.protocol = protocol.startsWith("linger.v1.") ? "" : protocol;
			this.#emit(new Event("open"));
		}
		if (lost) this.#emit(new CustomEvent("lost", { detail: lost.map(({ data }) => data) }));
	}

	/** Sends what the window has room for. A connection that acknowledges nothing for too long is taken for dead. */
	#pump() {
		if (!this.#isGreeted) return;
		for (let next; (next = this.#kept[this.#sent]); this.#sent++) {
			if (this.#flight > 0 && this.#flight + next.size > WINDOW) break;
			this.#socket.send(next.data);
			this.#flight += next.size + OVERHEAD;
		}
		if (this.#farewell && this.#sent === this.#kept.length) this.#socket.close(...this.#farewell);
		if (this.#sent > 0) this.#watch();
	}

	#end(/** @type {number} */ code, reason = "", wasClean = false) {
		this.#rest();
		globalThis.removeEventListener?.("online", this.#hurry);
		this.#socket.onmessage = this.#socket.onclose = null;
		this.#socket.close();
		this.readyState = this.CLOSED;
		if (!wasClean) this.#emit(new Event("error"));
		this.#emit(new CloseEvent("close", { code, reason, wasClean }));
	}

	#emit(/** @type {Event} */ event) {
		const { onopen: open, onmessage: message, onerror: error, onclose: close, onlost: lost } = this;
		/** @type {Record<string, Handler>} */ ({ open, message, error, close, lost })[event.type]?.call(this, event);
		this.dispatchEvent(event);
	}
}
