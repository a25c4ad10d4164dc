// The servers that help two pages find each other (STUN) or carry their data (TURN), from api/config.

import { preference } from "../preferences.js";
import { askServer } from "../server.js";

/** Credentials for a relay end after a while: they are fetched anew long before, for connections still to come. */
const GOOD_FOR_MS = 10 * 60 * 1000;

export class IceServers {
	/** @type {RTCIceServer[]} */
	#servers = [];
	/** @type {Promise<void> | null} */
	#fetched = null;
	#at = 0;
	#room;

	/** @param {string} room Who is banned there gets no relay for it. */
	constructor(room) {
		this.#room = room;
	}

	/** Asks the server unless its last answer is still good. */
	fetch() {
		if (!this.#fetched || performance.now() - this.#at > GOOD_FOR_MS) {
			this.#at = performance.now();
			this.#fetched = this.#ask();
		}
		return this.#fetched;
	}

	/**
	 * For a connection that begins, or goes on, now.
	 * @returns {RTCConfiguration}
	 */
	get configuration() {
		return { iceServers: this.#servers, iceTransportPolicy: preference("relayOnly") ? "relay" : "all" };
	}

	/** Without one, who hides their address reaches nobody. */
	get hasRelay() {
		return this.#servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)));
	}

	async #ask() {
		try {
			const { ice_servers: servers = [] } = await askServer(`config?room=${encodeURIComponent(this.#room)}`);
			this.#servers = servers;
		} catch {
			// Within one network calls work without servers; in a while they are asked for again.
		}
	}
}
