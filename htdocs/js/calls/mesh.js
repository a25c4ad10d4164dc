// Who is connected to whom. Each page says hello to the others with what it takes part in (a call,
// live typing); of two pages that share something, the one with the greater id calls the other. Pages are
// known by an id of their own, not by name: a call outlives a reconnect of the socket, even under another name.

import { randomId } from "../../functions.js";
import { isIgnored, preference } from "../preferences.js";
import { text } from "../texts.js";
import { CallView } from "./call_view.js";
import { Hellos } from "./hellos.js";
import { IceServers } from "./ice_servers.js";
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
/** Somebody whose socket went is kept this long, unless the connection itself says otherwise. */
const KEEP_MS = 30000;
/** How often connections are looked at, and after how many looks one that does not come about is made anew;
    then after twice as many, and so on. */
const LOOK_MS = 5000;
const PATIENCE = 3;
const LONGEST_PATIENCE = 12;

export class Mesh {
  #id = randomId();
  #others = new Map();
  #ice = new IceServers();
  inCall = false;
  #hellos;
  isLive = false;

  constructor(room) {
    this.room = room;
    this.media = new Media(() => this.#follow());
    this.view = new CallView(this);
    this.#hellos = new Hellos((name) => this.#sayHello(name));
    addEventListener("pagehide", () => this.leave());
    setInterval(() => this.#look(), LOOK_MS);
  }

  get others() {
    return [...this.#others.values()];
  }

  get callers() {
    return this.others.filter(({ call }) => call);
  }

  /** Pressed by a person: ask how, or leave. */
  callButton() {
    if (this.inCall) this.leave();
    else this.view.openDialog();
  }

  /** Enters the call. Throws what opening the microphone or camera throws. */
  async join(withCamera) {
    if (this.callers.length >= MAX_IN_CALL) throw new Error(text("callFull", { limit: MAX_IN_CALL }));
    await Promise.all([this.media.open(withCamera), this.#ice.fetch()]);
    this.inCall = true;
    this.#helloAll();
    this.update();
  }

  leave(reason) {
    if (!this.inCall) return;
    this.inCall = false;
    this.media.close();
    this.#helloAll();
    this.update();
    if (reason) this.room.events.notice("notice", reason);
  }

  /** What is shared with whom may have changed: connections follow. */
  async update() {
    const wanted = () => preference("liveTyping") && this.room.members.count <= MAX_OTHERS;
    if (wanted()) await this.#ice.fetch();
    const wasLive = this.isLive;
    this.isLive = wanted();
    if (this.isLive !== wasLive) this.#helloAll();
    this.#follow();
  }

  async welcomed() {
    if (this.#takesPart) await this.#ice.fetch();
    for (const other of this.#others.values()) other.peer?.resume(this.#ice.configuration);
    if (this.#takesPart) this.#helloAll();
    this.update();
  }

  joined(name) {
    if (this.#takesPart) this.#hellos.tell(name);
  }

  left(name) {
    this.#hellos.answered(name);
    const other = this.#named(name);
    if (!other) return;
    clearTimeout(other.gone);
    other.gone = setTimeout(() => {
      if (other.peer?.state !== "connected") this.#forget(other);
    }, KEEP_MS);
    // Without a connection there is nothing that could live on.
    if (!other.peer) this.#forget(other);
  }

  renamed(from, to) {
    this.#hellos.answered(from);
    const other = this.#named(from);
    if (other) other.name = to;
    this.#drawn();
  }

  signaled(from, data) {
    if (typeof data !== "object" || data === null || typeof data.page !== "string" || data.page.length > 64) return;
    if (data.to !== undefined && data.to !== this.#id) return;
    if (data.kind === "hello") this.#hello(from, data);
    else if (data.kind === "full") this.leave(text("callFull", { limit: MAX_IN_CALL }));
    else this.#negotiated(from, data);
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
    if (data.answer) this.#hellos.answered(from);
    let other = this.#others.get(data.page);
    if (other && other.name !== from) {
      // The same page under a new name, after a reconnect. A name that is still there is somebody else's claim.
      if (this.room.members.has(other.name)) return;
      other.name = from;
    }
    if (!other) {
      const before = this.#named(from);
      if (before) this.#forget(before);
      if (this.#others.size >= MAX_OTHERS) return;
      other = { page: data.page, name: from, call: false, live: false, peer: null, stream: null, looks: 0, patience: PATIENCE };
      this.#others.set(data.page, other);
    }
    clearTimeout(other.gone);
    const wasInCall = other.call;
    other.call = data.call === true;
    other.live = data.live === true;
    if (this.inCall && other.call && !wasInCall && this.callers.length >= MAX_IN_CALL) {
      other.call = false;
      this.#send(other.name, { kind: "full", to: other.page });
    } else if (!data.answer) {
      this.#sayHello(from, { answer: true, to: other.page });
    }
    this.#reconcile(other);
    if (!other.call && !other.live && !other.peer) this.#others.delete(other.page);
    this.#drawn();
  }

  /** A description, candidates, or the wish for a new connection. */
  #negotiated(from, data) {
    const other = this.#others.get(data.page);
    if (!other || other.name !== from || !this.#shares(other)) {
      // They think that we share something: this tells them what is so.
      if (data.to) this.#sayHello(from, { answer: true, to: data.page });
      return;
    }
    if (data.session !== other.peer?.session) {
      // The caller names the connection. What is about another one is old, or new and begins with an offer.
      if (this.#calls(other) || typeof data.session !== "string" || data.description?.type !== "offer") return;
      other.peer?.close();
      other.peer = this.#connect(other, data.session);
      this.#reconcile(other);
    }
    if (data.kind !== "again") other.peer.signaled(data);
    else if (this.#calls(other) && other.peer.state !== "connected") this.#callAnew(other);
  }

  /** Both pages see the same two ids, so they agree on who calls, and who gives way. */
  #calls(other) {
    return this.#id > other.page;
  }

  #shares(other) {
    const types = this.isLive && other.live && (other.peer || this.others.filter(({ live, peer }) => live && peer).length < MAX_LIVE);
    return (this.inCall && other.call) || Boolean(types);
  }

  #reconcile(other) {
    if (!this.#shares(other)) {
      other.peer?.close();
      other.peer = null;
      other.stream = null;
      return;
    }
    if (!other.peer && this.#calls(other)) other.peer = this.#connect(other, randomId());
    other.peer?.setTracks(this.inCall && other.call ? this.media.tracks : [], this.media.stream);
  }

  /** What does not come about is begun anew, ever later; the other page may have lost its half of it. */
  #look() {
    if (this.#takesPart) this.#ice.fetch();
    for (const other of this.#others.values()) {
      if (other.peer?.state === "connected") {
        Object.assign(other, { looks: 0, patience: PATIENCE });
      } else if (this.#shares(other)) {
        other.looks += 1;
        if (other.looks < other.patience) continue;
        Object.assign(other, { looks: 0, patience: Math.min(other.patience * 2, LONGEST_PATIENCE) });
        if (this.#calls(other)) this.#callAnew(other);
        else if (other.peer) this.#send(other.name, { kind: "again", to: other.page, session: other.peer.session });
        else this.#sayHello(other.name);
      }
    }
  }

  #callAnew(other) {
    other.peer?.close();
    other.peer = null;
    this.#reconcile(other);
    this.#drawn();
  }

  #connect(other, session) {
    const peer = new Peer({
      configuration: this.#ice.configuration,
      caller: this.#calls(other),
      session,
      events: {
        send: (data) => this.#send(other.name, { ...data, to: other.page }),
        onState: (state) => {
          // The other side closed it; if there is still something to share, #look() makes a new one.
          if (state === "closed" && other.peer === peer) {
            peer.close();
            other.peer = null;
          }
          this.#drawn();
        },
        onStream: (stream) => {
          other.stream = stream;
          stream.addEventListener("addtrack", () => this.#drawn());
          stream.addEventListener("removetrack", () => this.#drawn());
          this.#drawn();
        },
        onTyping: (words) => !isIgnored(other.name) && this.room.typing.heard(other.name, words !== "", words),
      },
    });
    return peer;
  }

  #follow() {
    for (const other of this.#others.values()) this.#reconcile(other);
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
    this.room.callers.clear();
    for (const { name } of this.callers) this.room.callers.add(name);
    if (this.inCall) this.room.callers.add(this.you);
    document.body.dataset.channels = this.others.filter(({ peer }) => peer?.channelIsOpen).length;
    this.room.members.draw();
    this.view.draw();
  }

  get #takesPart() {
    return this.inCall || this.isLive;
  }

  #send(to, data) {
    this.room.connection.send({ type: "signal", to, data: { page: this.#id, ...data } });
  }

  #sayHello(name, extra = {}) {
    this.#send(name, { kind: "hello", call: this.inCall, live: this.isLive, ...extra });
  }

  /** To those first whom it concerns most: the ones known to take part. */
  #helloAll() {
    const known = new Set(this.others.map(({ name }) => name));
    this.#hellos.tellAll(this.room.names().sort((a, b) => known.has(b) - known.has(a)));
  }
}
