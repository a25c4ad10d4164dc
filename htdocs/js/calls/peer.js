// One connection to one other page: audio, video and a data channel. The caller of the two makes the
// first offer; after that it is "perfect negotiation" (WebRTC 1.0, section 10.7): either side may change
// what it sends at any moment, also both at once; when two offers meet, the polite side takes its own back.
//
// The first offer has one maker because a browser that takes back an offer while it gathers addresses can
// be left with none: seen in Chromium on a busy machine, where "gathering" then lasts for ever.
// Signals may get lost on the way (a full inbox, a socket that breaks), so what matters is said again
// until it shows effect, and what arrives twice does no harm.

/** Candidates found within this time travel together: each signal costs a line in somebody's inbox. */
const GATHER_MS = 60;
/** A connection that hiccups gets this long to recover by itself before ICE is restarted. */
const RECOVER_MS = 4000;
/** Of one message over the data channel. */
const MAX_DATA = 4096;
/** Typing that cannot leave at once is stale: nothing is sent while this much waits. */
const MAX_BUFFERED = 16384;
/** Candidates of one signal. */
const MAX_CANDIDATES = 64;
/** After this long without effect a signal is sent again, then later and later, but not for ever. */
const AGAIN_MS = 2000;
const AGAIN_LONGEST_MS = 10000;
const MAX_AGAIN = 12;

export class Peer {
	#connection;
	#events;
	#caller;
	#channel;
	/** Numbers one's own offers, so that an answer is known to be to the last one. */
	#turn = 0;
	#mayOffer;
	/** @type {RTCIceCandidateInit[]} */
	#candidates = [];
	#told = 0;
	#candidateTimer = 0;
	#recoverTimer = 0;
	#againTimer = 0;
	#repeats = 0;
	#work = Promise.resolve();
	/** @type {Map<MediaStreamTrack, RTCRtpSender>} */
	#senders = new Map();
	#closed = false;

	/** @param {PeerUses} parts */
	constructor({ configuration, caller, session, events }) {
		this.session = session;
		this.#events = events;
		this.#caller = caller;
		this.#mayOffer = caller;
		this.#connection = new RTCPeerConnection(configuration);
		const connection = this.#connection;
		connection.addEventListener("negotiationneeded", () => this.#queue(() => this.#offer()));
		connection.addEventListener("icecandidate", ({ candidate }) => this.#gather(candidate));
		connection.addEventListener("track", ({ streams }) => streams[0] && events.onStream(streams[0]));
		connection.addEventListener("connectionstatechange", () => this.#stateChanged());
		// Agreed on beforehand under one number, so that no side has to be the one who opens it.
		this.#channel = connection.createDataChannel("typing", { negotiated: true, id: 0 });
		this.#channel.addEventListener("open", () => events.onState(this.state));
		this.#channel.addEventListener("message", ({ data }) => this.#received(data));
	}

	get state() {
		return this.#connection.connectionState;
	}

	get channelIsOpen() {
		return this.#channel.readyState === "open";
	}

	/** For tests and for the curious: what is sent and received. */
	getStats() {
		return this.#connection.getStats();
	}

	/**
	 * Sends exactly these tracks from now on. Another of the same kind takes over at once, the rest is negotiated.
	 * @param {MediaStreamTrack[]} tracks
	 * @param {MediaStream} stream
	 */
	setTracks(tracks, stream) {
		for (const [track, sender] of this.#senders) {
			if (tracks.includes(track)) continue;
			this.#senders.delete(track);
			const next = tracks.find(({ kind }) => kind === track.kind);
			if (next && !this.#senders.has(next)) {
				this.#senders.set(next, sender);
				sender.replaceTrack(next).catch((error) => console.warn("call:", error));
			} else this.#connection.removeTrack(sender);
		}
		for (const track of tracks) {
			if (!this.#senders.has(track)) this.#senders.set(track, this.#connection.addTrack(track, stream));
		}
	}

	/**
	 * False if it did not go out.
	 * @param {string} words
	 */
	tellTyping(words) {
		if (!this.channelIsOpen || this.#channel.bufferedAmount > MAX_BUFFERED) return false;
		this.#channel.send(JSON.stringify({ typing: words.slice(-MAX_DATA / 4) }));
		return true;
	}

	/**
	 * A description or candidates from the other side. One after the other: their order is their meaning.
	 * @param {{ description?: RTCSessionDescriptionInit, turn?: number, candidates?: RTCIceCandidateInit[] }} data
	 */
	signaled({ description, turn, candidates }) {
		if (description) this.#queue(() => this.#describe(description, turn));
		else if (Array.isArray(candidates)) this.#queue(() => this.#addCandidates(candidates.slice(0, MAX_CANDIDATES)));
	}

	/**
	 * The way for signals is open again: what may have been lost is said again.
	 * @param {RTCConfiguration} configuration
	 */
	resume(configuration) {
		if (this.#closed) return;
		this.#connection.setConfiguration(configuration);
		if (this.state === "failed") this.#connection.restartIce();
		this.#sayAgain();
	}

	close() {
		this.#closed = true;
		for (const timer of [this.#candidateTimer, this.#recoverTimer, this.#againTimer]) clearTimeout(timer);
		this.#connection.close();
	}

	/** @param {() => Promise<void>} step */
	#queue(step) {
		const run = () => (this.#closed ? undefined : step());
		this.#work = this.#work.then(run).catch((error) => console.warn("call:", error));
	}

	/** @param {Record<string, unknown>} data */
	#send(data) {
		if (!this.#closed) this.#events.send({ session: this.session, ...data });
	}

	async #offer() {
		// Queued behind an offer from the other side, there may be nothing left to offer; the browser asks again.
		if (!this.#mayOffer || this.#connection.signalingState !== "stable") return;
		await this.#connection.setLocalDescription();
		this.#turn += 1;
		this.#send({ description: this.#connection.localDescription, turn: this.#turn });
		this.#repeatLater();
	}

	/** @param {RTCSessionDescriptionInit} description @param {number} [turn] Which offer it answers, or is. */
	async #describe(description, turn) {
		const connection = this.#connection;
		const waits = connection.signalingState === "have-local-offer";
		if (description.type === "answer") {
			// To an offer that was taken back, or answered before.
			if (waits && turn === this.#turn) await connection.setRemoteDescription(description);
			return;
		}
		// Two offers met: the caller's stands, and is repeated until it is answered.
		if (waits && this.#caller) return;
		this.#mayOffer = true;
		// The same offer once more means that the answer was lost: it is simply taken and answered again.
		await connection.setRemoteDescription(description);
		await connection.setLocalDescription();
		this.#send({ description: connection.localDescription, turn });
		this.#repeatLater();
	}

	/** @param {RTCIceCandidateInit[]} candidates */
	async #addCandidates(candidates) {
		// Before the offer they belong to, which is on its way and brings them along.
		if (!this.#connection.remoteDescription) return;
		for (const candidate of candidates) {
			// One of a description that is no longer, or not yet, the one in use fits nothing here.
			await this.#connection.addIceCandidate(candidate).catch(() => {});
		}
	}

	/** @param {RTCIceCandidate | null} candidate */
	#gather(candidate) {
		if (!candidate?.candidate) return;
		this.#candidates.push(candidate.toJSON());
		this.#candidateTimer ||= setTimeout(() => this.#tellCandidates(), GATHER_MS);
	}

	#tellCandidates() {
		this.#candidateTimer = 0;
		const next = this.#candidates.slice(this.#told, this.#told + MAX_CANDIDATES);
		this.#told += next.length;
		if (next.length) this.#send({ candidates: next });
		if (this.#told < this.#candidates.length)
			this.#candidateTimer = setTimeout(() => this.#tellCandidates(), GATHER_MS);
	}

	#repeatLater() {
		this.#repeats = 0;
		this.#schedule();
	}

	#schedule() {
		clearTimeout(this.#againTimer);
		if (this.#closed || this.#repeats >= MAX_AGAIN) return;
		this.#againTimer = setTimeout(
			() => {
				this.#repeats += 1;
				if (this.#sayAgain()) this.#schedule();
			},
			Math.min(AGAIN_LONGEST_MS, AGAIN_MS * 1.5 ** this.#repeats),
		);
	}

	/** False if there is nothing that the other side could be missing. */
	#sayAgain() {
		const { signalingState, connectionState, localDescription } = this.#connection;
		// A description holds the candidates found since.
		if (signalingState === "have-local-offer") this.#send({ description: localDescription, turn: this.#turn });
		else if (connectionState === "connected" || !localDescription) return false;
		else this.#send({ candidates: this.#currentCandidates() });
		return true;
	}

	/** Without those of a description before the last restart. */
	#currentCandidates() {
		const sdp = this.#connection.localDescription?.sdp ?? "";
		const current = this.#candidates.filter(({ usernameFragment }) => sdp.includes(`a=ice-ufrag:${usernameFragment}`));
		return current.slice(0, MAX_CANDIDATES);
	}

	#stateChanged() {
		clearTimeout(this.#recoverTimer);
		const restart = () => this.#closed || this.#connection.restartIce();
		if (this.state === "failed") restart();
		else if (this.state === "disconnected") this.#recoverTimer = setTimeout(restart, RECOVER_MS);
		this.#events.onState(this.state);
	}

	/** @param {unknown} data */
	#received(data) {
		if (typeof data !== "string" || data.length > MAX_DATA) return;
		try {
			const { typing } = JSON.parse(data);
			if (typeof typing === "string") this.#events.onTyping(typing);
		} catch {
			// Not ours.
		}
	}
}
