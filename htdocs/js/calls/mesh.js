// Who is connected to whom. Each page says hello to the others with what it takes part in (a call,
// live typing); two pages that share something get a connection. Pages are known by an id of their
// own, not by name: a call outlives a reconnect of the socket, even under another name.

import { askServer, randomId } from "../../functions.js";
import { isIgnored, preference } from "../preferences.js";
import { text } from "../texts.js";
import { CallView } from "./call_view.js";
import { Media } from "./media.js";
import { Peer } from "./peer.js";

/** People in one call: each sends its picture to each of the others. */
export const MAX_IN_CALL = 6;
/** From this many people on a call starts without camera. */
export const QUIET_FROM = 5;
/** Data channels kept for live typing; the others hear of it over the socket. */
const MAX_LIVE = 5;
/** Other pages remembered. */
const MAX_OTHERS = 200;
/** Hellos to a whole room are spread out, so that they never use up what messages may need. */
const HELLO_EVERY_MS = 150;
/** In larger rooms a call is announced to as many as this, the others learn of it when they ask. */
const MAX_HELLOS = 100;
/** Somebody whose socket went is kept this long, unless the connection itself says otherwise. */
const KEEP_MS = 30000;

export class Mesh {
  #room;
  #id = randomId();
  #others = new Map();
  #configuration = { iceServers: [] };
  #inCall = false;
  #hellos = [];
  #helloTimer = 0;

  constructor(room) {
    this.#room = room;
    this.media = new Media(() => this.#tracksChanged());
    this.view = new CallView(this);
    addEventListener("pagehide", () => this.leave());
  }

  get you() {
    return this.#room.you;
  }

  get room() {
    return this.#room;
  }

  get inCall() {
    return this.#inCall;
  }

  get others() {
    return [...this.#others.values()];
  }

  get callers() {
    return this.others.filter(({ call }) => call);
  }

  /** Pressed by a person: ask how, or leave. */
  callButton() {
    if (this.#inCall) this.leave();
    else this.view.openDialog();
  }

  /** Enters the call. Throws what opening the microphone or camera throws. */
  async join(withCamera) {
    if (this.callers.length >= MAX_IN_CALL - 1) throw new Error(text("callFull", { limit: MAX_IN_CALL }));
    await Promise.all([this.media.open(withCamera), this.#configure()]);
    this.#inCall = true;
    this.#helloAll();
    this.update();
  }

  leave(reason) {
    if (!this.#inCall) return;
    this.#inCall = false;
    this.media.close();
    this.#helloAll();
    this.update();
    if (reason) this.#room.events.notice("notice", reason);
  }

  /** What is shared with whom may have changed: connections follow. */
  async update() {
    const wasLive = this.isLive;
    this.isLive = preference("liveTyping") && this.#room.members.count <= MAX_OTHERS;
    if (this.isLive && !wasLive) {
      await this.#configure();
      this.#helloAll();
    } else if (wasLive && !this.isLive) {
      this.#helloAll();
    }
    for (const other of this.#others.values()) this.#reconcile(other);
    this.#drawn();
  }

  welcomed() {
    for (const other of this.#others.values()) other.peer?.resume(this.#configuration);
    if (this.#inCall || preference("liveTyping")) this.#helloAll();
    this.update();
  }

  joined(name) {
    if (this.#inCall || this.isLive) this.#sayHello(name, {});
  }

  left(name) {
    const other = this.#named(name);
    if (!other) return;
    other.gone = setTimeout(() => {
      if (other.peer?.state !== "connected") this.#forget(other);
    }, KEEP_MS);
    // Without a connection there is nothing that could live on.
    if (!other.peer) this.#forget(other);
  }

  renamed(from, to) {
    const other = this.#named(from);
    if (other) other.name = to;
    this.#drawn();
  }

  signaled(from, data) {
    if (typeof data !== "object" || data === null || typeof data.page !== "string" || data.page.length > 64) return;
    if (data.to !== undefined && data.to !== this.#id) return;
    if (data.kind === "hello") this.#hello(from, data);
    else if (data.kind === "full") this.leave(text("callFull", { limit: MAX_IN_CALL }));
    else {
      const other = this.#others.get(data.page);
      if (other?.name === from) other.peer?.signaled(data);
    }
  }

  tellLive(words) {
    const reached = new Set();
    if (!this.isLive) return reached;
    for (const { live, peer, name } of this.#others.values()) {
      if (live && peer?.tellTyping(words)) reached.add(name);
    }
    return reached;
  }

  #hello(from, data) {
    let other = this.#others.get(data.page);
    if (other && other.name !== from) {
      // The same page under a new name, after a reconnect. A name that is still there is somebody else's claim.
      if (this.#room.members.has(other.name)) return;
      other.name = from;
    }
    if (!other) {
      const before = this.#named(from);
      if (before) this.#forget(before);
      if (this.#others.size >= MAX_OTHERS) return;
      other = { page: data.page, name: from, call: false, live: false, peer: null, stream: null };
      this.#others.set(data.page, other);
    }
    clearTimeout(other.gone);
    other.call = data.call === true;
    other.live = data.live === true;
    if (!other.call && !other.live && !other.peer) this.#others.delete(other.page);
    const full = this.#inCall && other.call && !other.peer && this.callers.filter(({ peer }) => peer).length >= MAX_IN_CALL - 1;
    if (full) {
      other.call = false;
      this.#send(other.name, { kind: "full", to: other.page });
    } else if (!data.answer && (this.#inCall || this.isLive)) {
      this.#sayHello(from, { answer: true, to: other.page });
    }
    this.#reconcile(other);
    this.#drawn();
  }

  #reconcile(other) {
    const talks = this.#inCall && other.call;
    const types = this.isLive && other.live && (other.peer || this.others.filter(({ live, peer }) => live && peer).length < MAX_LIVE);
    if (!talks && !types) {
      other.peer?.close();
      other.peer = null;
      other.stream = null;
      return;
    }
    other.peer ??= this.#connect(other);
    other.peer.setTracks(talks ? this.media.tracks : [], this.media.stream);
  }

  #connect(other) {
    return new Peer({
      configuration: { ...this.#configuration, iceTransportPolicy: preference("relayOnly") ? "relay" : "all" },
      // Both pages see the same two ids, so they agree on who gives way.
      polite: this.#id < other.page,
      events: {
        send: (data) => this.#send(other.name, { ...data, to: other.page }),
        onState: (state) => {
          if (state === "closed") other.peer = null;
          this.#drawn();
        },
        onStream: (stream) => {
          other.stream = stream;
          stream.addEventListener("addtrack", () => this.#drawn());
          stream.addEventListener("removetrack", () => this.#drawn());
          this.#drawn();
        },
        onTyping: (words) => !isIgnored(other.name) && this.#room.typing.heard(other.name, words !== "", words),
      },
    });
  }

  #tracksChanged() {
    for (const other of this.#others.values()) if (other.peer) this.#reconcile(other);
    this.#drawn();
  }

  #forget(other) {
    clearTimeout(other.gone);
    other.peer?.close();
    this.#others.delete(other.page);
    this.#drawn();
  }

  #named(name) {
    return this.others.find((other) => other.name === name);
  }

  #drawn() {
    this.#room.callers.clear();
    for (const { name } of this.callers) this.#room.callers.add(name);
    if (this.#inCall) this.#room.callers.add(this.you);
    document.body.dataset.channels = this.others.filter(({ peer }) => peer?.channelIsOpen).length;
    this.#room.members.draw();
    this.view.draw();
  }

  /** Fresh each time: credentials for a relay are good for a while only. */
  async #configure() {
    try {
      const { ice_servers: iceServers = [] } = await askServer("config");
      this.#configuration = { iceServers };
    } catch {
      // Without servers calls still work within one network.
    }
  }

  #send(to, data) {
    this.#room.connection.send({ type: "signal", to, data: { page: this.#id, ...data } });
  }

  #sayHello(name, extra) {
    this.#send(name, { kind: "hello", call: this.#inCall, live: Boolean(this.isLive), ...extra });
  }

  /** To those first whom it concerns most: the ones known to take part. */
  #helloAll() {
    clearInterval(this.#helloTimer);
    const known = new Set(this.others.map(({ name }) => name));
    const names = this.#room.names().sort((a, b) => known.has(b) - known.has(a));
    this.#hellos = names.slice(0, MAX_HELLOS);
    // The first few at once: most rooms are small, and leaving a page leaves no time.
    for (const name of this.#hellos.splice(0, 8)) this.#sayHello(name, {});
    this.#helloTimer = setInterval(() => {
      const name = this.#hellos.shift();
      if (name === undefined) clearInterval(this.#helloTimer);
      else this.#sayHello(name, {});
    }, HELLO_EVERY_MS);
  }
}
