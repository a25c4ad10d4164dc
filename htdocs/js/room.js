// The room: puts the parts together. Each part knows its own business and is told about the others
// by what this file hands it.

import { askServer, byId, element, historyAddress, icon, randomId } from "../functions.js";
import { Attention } from "./attention.js";
import { Calls } from "./calls/calls.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { nameBackdrop, onTheme } from "./frame.js";
import { Members } from "./members.js";
import { MessageView } from "./message_view.js";
import { claimTab, Outbox } from "./outbox.js";
import { PendingView } from "./pending_view.js";
import { MessageKeys } from "./message_keys.js";
import { PeoplePanel } from "./people_panel.js";
import { ignore, onPreference, preference, readStored, unignore, writeStored } from "./preferences.js";
import { RoomEvents } from "./room_events.js";
import { text } from "./texts.js";
import { Timeline } from "./timeline.js";
import { Typing } from "./typing.js";

/** PHP's sessions end after 24 minutes by default. */
const KEEP_SESSION_MS = 8 * 60 * 1000;
/** Records asked for at a time when scrolling. */
const PAGE = 60;

class Room {
  you = "";
  yourColor = "";
  account = null;
  moderator = false;
  background = [255, 255, 255];
  callers = new Set();
  #clock = 0;

  constructor(name, config, tab) {
    this.name = name;
    this.client = clientToken();
    this.config = config;
    this.background = nameBackdrop();
    this.view = new MessageView(this);
    this.members = new Members(this);
    this.attention = new Attention(`${name} – ${text("appName")}`);
    this.pending = new PendingView(this.view, { again: (msgid) => this.#again(msgid), discard: (msgid) => this.outbox.discard(msgid) });
    this.timeline = new Timeline({
      scroller: byId("scroller"),
      list: byId("log"),
      render: (record) => this.view.entry(record),
      decorate: (...all) => this.view.decorate(...all),
      load: (question) => this.#load(question),
      onSettled: () => this.settled(),
    });
    this.connection = new Connection({
      address: () => this.#address(),
      onMessage: (message) => this.events.handle(message),
      onState: (state, detail) => this.#state(state, detail),
    });
    this.events = new RoomEvents(this);
    this.outbox = new Outbox(name, tab.owner, (message) => this.#outboxChanged(message));
    this.calls = new Calls(this);
    this.typing = new Typing({ send: (message) => this.connection.send(message), live: (words) => this.calls.tellLive(words), members: this.members });
    this.composer = new Composer(this);
    for (const message of this.outbox.messages) this.pending.draw(message);
    this.outbox.adopt(name, tab.gone);
    this.people = new PeoplePanel();
    new MessageKeys(this);
    this.#wireButtons();
  }

  start() {
    this.connection.start();
    // A session ends when nothing is asked for a while; somebody in a room is there all the time.
    setInterval(() => askServer("session").catch(() => {}), KEEP_SESSION_MS);
    if (matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  // What the parts call

  names() {
    return this.members.names().filter((name) => name !== this.you);
  }

  /** A line from the composer. False: it could not be taken. */
  submit(words, whisperTo) {
    const own = /^\/(ignore|unignore)\s+(\S+)\s*$/u.exec(words);
    if (own) {
      (own[1] === "ignore" ? ignore : unignore)(own[2]);
      return true;
    }
    const taken = whisperTo ? this.outbox.add("whisper", words, { to: whisperTo }) : this.outbox.add("say", words);
    if (!taken) {
      this.events.notice("error", text("outboxFull"));
      return false;
    }
    this.timeline.setLine("");
    this.timeline.jumpToEnd();
    this.flush();
    this.typing.stopped();
    return true;
  }

  /** Sends what waits, once the room has let us in. */
  flush() {
    this.outbox.flush((message) => this.events.isWelcome && this.connection.send(message));
  }

  typed = (words, whisperTo) => this.typing.typed(words, whisperTo);

  whisper = (name) => {
    this.people.uncover();
    this.composer.whisper(name);
  };

  answer = (words) => {
    this.composer.whisper("");
    this.composer.insert(words);
  };

  mention = (name) => {
    this.people.uncover();
    this.composer.insert(name);
  };

  command = (line) => this.submit(line, "");

  openPerson = async (name, button) => {
    const { openPersonMenu } = await import("./person_menu.js");
    openPersonMenu(this, name, this.members.get(name)?.color, button);
  };

  openMessage = async (record, place) => (await import("./message_menu.js")).openMessageMenu(this, record, place);

  changeName = async () => {
    const { openNameDialog } = await dialogs();
    openNameDialog({ you: this.you, color: this.yourColor, apply: (name, color) => {
      if (name !== this.you) this.connection.send({ type: "nick", nick: name });
      if (color && color !== this.yourColor) this.connection.send({ type: "color", color });
      byId("name-hint").hidden = true;
    } });
  };

  /** After every change of the conversation: edges, emptiness, the button to the end. */
  settled() {
    const { timeline, events } = this;
    const silent = !byId("log").querySelector(".entry") && this.pending.count === 0;
    const empty = events.isWelcome && silent && timeline.reachesStart && timeline.reachesEnd;
    byId("empty-room").hidden = !empty;
    const edge = !events.isWelcome || empty ? "" : timeline.reachesStart ? text("beginning", { room: this.name }) : text("loadingOlder");
    if (byId("edge").textContent !== edge) byId("edge").textContent = edge;
    const away = !timeline.isPinned;
    if (!away) events.unseen = 0;
    byId("jump").hidden = !away;
    byId("jump-text").textContent = events.unseen ? text("unreadCount", { count: events.unseen }) : text("jumpNewest");
  }

  /** A line above the conversation; without words it goes. */
  banner(words, { bad = false, button, action } = {}) {
    const box = byId("banner");
    box.hidden = !words;
    box.className = bad ? "banner bad" : "banner";
    box.replaceChildren(element("span", {}, words ?? ""), ...(button ? [element("button", { type: "button", class: "link", onclick: action }, button)] : []));
  }

  // Connection

  #address() {
    const base = new URL(this.config.websocket_url ?? "./", document.baseURI);
    const url = new URL(encodeURIComponent(this.name), base.href.endsWith("/") ? base : `${base.href}/`);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("format", "json");
    url.searchParams.set("client", this.client);
    // Heard only if the session does not say who this is.
    const name = readStored("name", "");
    if (name) url.searchParams.set("nick", name);
    if (this.events.resumeId) url.searchParams.set("since", this.events.resumeId);
    else url.searchParams.set("history", String(PAGE));
    return url;
  }

  #state(state, detail) {
    this.#stopCounting();
    document.body.dataset.connection = state;
    if (state !== "connecting") this.events.disconnected();
    if (state === "connecting") {
      // A connection that opens at once needs no words.
      this.#clock = setTimeout(() => this.banner(text("connecting")), 800);
    } else if (state === "waiting") {
      const draw = () => this.banner(text("reconnecting", { seconds: Math.max(0, Math.ceil((detail.until - Date.now()) / 1000)) }), { bad: true, button: text("tryNow"), action: () => this.connection.tryNow() });
      draw();
      this.#clock = setInterval(draw, 1000);
    } else if (state === "offline") {
      this.banner(text("offline"), { bad: true });
    } else if (state === "closed") {
      this.banner(detail?.words, { bad: true, button: text("rejoin"), action: () => this.connection.start() });
    }
  }

  /** The server let us in. */
  connected() {
    this.#stopCounting();
    this.banner("");
    document.body.dataset.connection = "welcome";
  }

  #stopCounting() {
    // One table of timers serves both kinds.
    clearTimeout(this.#clock);
  }

  #load({ before, since }) {
    // Answers are told apart by their kind, so what was missed must be in before more is asked for.
    if (!this.events.isWelcome || this.events.isCatchingUp) return false;
    const question = { type: "history", limit: PAGE };
    if (before) question.before = before;
    if (since) question.since = since;
    return this.connection.send(question);
  }

  // Messages under way

  #outboxChanged(message) {
    this.pending.draw(message);
    if (message.state === "waiting" || message.state === "failed") this.settled();
  }

  #again(msgid) {
    this.outbox.again(msgid);
    this.flush();
  }

  // Buttons

  #wireButtons() {
    byId("room-name").textContent = this.name;
    byId("history-link").href = historyAddress(this.name);
    byId("jump").addEventListener("click", () => this.timeline.jumpToEnd());
    byId("settings-button").addEventListener("click", async () => (await dialogs()).openSettings());
    byId("color-button").addEventListener("click", this.changeName);
    byId("dice-button").addEventListener("click", async () => {
      const { openDiceDialog } = await dialogs();
      openDiceDialog((count, sides, again) => this.command(`/dice ${count} ${sides}${again ? ` ${again}` : ""}`));
    });
    const redraw = () => {
      this.background = nameBackdrop();
      this.timeline.redrawAll();
      this.members.draw();
    };
    onTheme(redraw);
    onPreference((name) => {
      if (name === "smileys") redraw();
      if (name === "ignored") this.#applyIgnored();
      if (name === "events") this.#applyEvents();
      if (name === "liveTyping") this.calls.updateLive();
    });
    this.#applyEvents();
    addEventListener("visibilitychange", () => document.hidden && this.timeline.isPinned && this.timeline.setLine(""));
  }

  #applyEvents() {
    byId("log").classList.toggle("hide-events", !preference("events"));
  }

  #applyIgnored() {
    this.timeline.redrawAll();
    this.members.draw();
  }

  /** A person without a name is told how to get one, once a visit. */
  hintName() {
    const hint = byId("name-hint");
    hint.replaceChildren(element("span", {}, text("anonymousHint", { name: this.you })),
      element("button", { type: "button", class: "link", onclick: this.changeName }, text("chooseName")),
      element("button", { type: "button", class: "plain round", "aria-label": text("close"), onclick: () => hint.remove() }, icon("close")));
    hint.hidden = false;
  }
}

/** Loaded when the first one is opened. */
const dialogs = () => import("./dialogs.js");

/** Tells the server that it is this browser again, so that what is sent twice is stored once. No name, no log-in. */
function clientToken() {
  const token = readStored("client", "") || randomId();
  writeStored("client", token);
  return token;
}

/** Without chat-cgi the rooms are beside the page and there are no servers to help with calls. */
const BARE_CONFIG = { websocket_url: "./", ice_servers: [] };

export async function openRoom(name) {
  document.body.classList.add("in-room");
  byId("room").hidden = false;
  const [config, tab] = await Promise.all([askServer("config").catch(() => BARE_CONFIG), claimTab()]);
  new Room(name, config, tab).start();
}
