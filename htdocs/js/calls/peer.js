// One connection to one other page: audio, video and a data channel, by "perfect negotiation"
// (WebRTC 1.0, section 10.7): either side may change what it sends at any moment, also both at
// once; when two offers meet, the polite side takes its own back.

/** Candidates found within this time travel together: each signal costs a line in somebody's inbox. */
const GATHER_MS = 60;
/** A connection that hiccups gets this long to recover by itself before ICE is restarted. */
const RECOVER_MS = 4000;
/** Of one message over the data channel. */
const MAX_DATA = 4096;
/** Typing that cannot leave at once is stale: nothing is sent while this much waits. */
const MAX_BUFFERED = 16384;
/** Candidates of one signal that are looked at. */
const MAX_CANDIDATES = 64;

export class Peer {
  #connection;
  #events;
  #polite;
  #channel;
  #makingOffer = false;
  #ignoringOffer = false;
  #answerPending = false;
  #candidates = [];
  #candidateTimer = 0;
  #recoverTimer = 0;
  #work = Promise.resolve();
  #senders = new Map();
  #closed = false;

  /** `events`: send(data), onState(state), onStream(stream), onTyping(text). */
  constructor({ configuration, polite, events }) {
    this.#events = events;
    this.#polite = polite;
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

  /** Sends exactly these tracks from now on; what changes is negotiated by itself. */
  setTracks(tracks, stream) {
    for (const [track, sender] of this.#senders) {
      if (tracks.includes(track)) continue;
      this.#connection.removeTrack(sender);
      this.#senders.delete(track);
    }
    for (const track of tracks) {
      if (!this.#senders.has(track)) this.#senders.set(track, this.#connection.addTrack(track, stream));
    }
  }

  /** False if it did not go out. */
  tellTyping(words) {
    if (!this.channelIsOpen || this.#channel.bufferedAmount > MAX_BUFFERED) return false;
    this.#channel.send(JSON.stringify({ typing: words.slice(-MAX_DATA / 4) }));
    return true;
  }

  /** A description or candidates from the other side. One after the other: their order is their meaning. */
  signaled(data) {
    if (data.description) this.#queue(() => this.#describe(data.description));
    else if (Array.isArray(data.candidates)) this.#queue(() => this.#addCandidates(data.candidates.slice(0, MAX_CANDIDATES)));
  }

  /** The way for signals is open again: what may have been lost is said again. */
  resume(configuration) {
    this.#queue(async () => {
      const connection = this.#connection;
      if (connection.signalingState === "have-local-offer") this.#events.send({ description: connection.localDescription });
      else if (connection.connectionState !== "connected") this.restart(configuration);
    });
  }

  restart(configuration) {
    if (this.#closed) return;
    if (configuration) this.#connection.setConfiguration(configuration);
    this.#connection.restartIce();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#candidateTimer);
    clearTimeout(this.#recoverTimer);
    this.#connection.close();
  }

  #queue(step) {
    this.#work = this.#work.then(() => (this.#closed ? undefined : step())).catch((error) => console.warn("call:", error));
  }

  async #offer() {
    // Queued behind an offer from the other side, there may be nothing left to offer.
    if (this.#connection.signalingState !== "stable") return;
    this.#makingOffer = true;
    try {
      await this.#connection.setLocalDescription();
      if (!this.#closed) this.#events.send({ description: this.#connection.localDescription });
    } finally {
      this.#makingOffer = false;
    }
  }

  async #describe(description) {
    const connection = this.#connection;
    const ready = !this.#makingOffer && (connection.signalingState === "stable" || this.#answerPending);
    const collision = description.type === "offer" && !ready;
    this.#ignoringOffer = !this.#polite && collision;
    if (this.#ignoringOffer) return;
    // An answer to an offer that was taken back meanwhile.
    if (description.type === "answer" && connection.signalingState !== "have-local-offer") return;
    this.#answerPending = description.type === "answer";
    await connection.setRemoteDescription(description);
    this.#answerPending = false;
    if (description.type !== "offer") return;
    await connection.setLocalDescription();
    if (!this.#closed) this.#events.send({ description: connection.localDescription });
  }

  async #addCandidates(candidates) {
    for (const candidate of candidates) {
      try {
        await this.#connection.addIceCandidate(candidate);
      } catch (error) {
        // Candidates of an offer that was ignored fit nothing here.
        if (!this.#ignoringOffer) console.warn("call: candidate", error.message);
      }
    }
  }

  #gather(candidate) {
    if (!candidate?.candidate) return;
    this.#candidates.push(candidate.toJSON());
    clearTimeout(this.#candidateTimer);
    this.#candidateTimer = setTimeout(() => {
      const candidates = this.#candidates.splice(0, MAX_CANDIDATES);
      if (candidates.length && !this.#closed) this.#events.send({ candidates });
    }, GATHER_MS);
  }

  #stateChanged() {
    clearTimeout(this.#recoverTimer);
    if (this.state === "failed") this.restart();
    else if (this.state === "disconnected") this.#recoverTimer = setTimeout(() => this.restart(), RECOVER_MS);
    this.#events.onState(this.state);
  }

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
