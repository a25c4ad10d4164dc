// What the server says, and what the room does about it: docs/chat-protocol.md, the JSON half.

import { byId } from "../functions.js";
import { isIgnored } from "./preferences.js";
import { hasText, text } from "./texts.js";
import { mentions } from "./tokens.js";

const SPOKEN = new Set(["say", "me", "dice"]);
const RECORDS = new Set([...SPOKEN, "join", "quit", "color", "nick", "topic", "kick", "ban", "redact", "clear"]);
/** Answers after which the message will not be taken, however often it is sent. */
const LASTING = new Set(["too_long", "empty", "bad_field", "bad_json", "usage", "unknown_command", "not_moderator", "no_such_user", "bad_name", "bad_color", "not_found"]);

/** Why something that carries no msgid did not reach one person. */
const UNHEARD = new Set(["no_such_user", "busy"]);

/** Whether to come back after a bye, by its reason. */
const BYE_WORDS = { kicked: "byeKicked", banned: "byeBanned", quit: "byeQuit", refused: "byeRefused" };

export class RoomEvents {
  #room;
  /** Answers to history come in the order asked; the first after a welcome comes unasked. */
  #catchingUp = false;
  #lastOwn = 0;

  /** True between the server's welcome and the end of the connection. */
  isWelcome = false;
  /** The newest record seen, without a gap before it: where to resume. */
  resumeId = "";
  /** Messages that came while the person read further up. */
  unseen = 0;

  constructor(room) {
    this.#room = room;
  }

  handle(message) {
    const { type } = message;
    if (RECORDS.has(type)) this.#record(message);
    else this[`on_${type}`]?.(message);
  }

  get isCatchingUp() {
    return this.#catchingUp;
  }

  disconnected() {
    const { timeline, outbox } = this.#room;
    this.isWelcome = false;
    outbox.interrupted();
    timeline.forgetLoading();
  }

  /** A line only for this person, in its place among the messages. */
  notice(type, words) {
    this.#room.timeline.addLive({ type, id: this.#idNow(), text: words, from: "" }, { own: true });
  }

  on_welcome(message) {
    const room = this.#room;
    const first = !this.resumeId;
    const before = room.you;
    this.isWelcome = true;
    this.#catchingUp = true;
    Object.assign(room, { you: message.you, yourColor: message.color ?? "", account: message.account ?? null, moderator: Boolean(message.moderator) });
    room.composer.limit = message.limits?.message ?? 4096;
    room.outbox.pace({ rate: message.limits?.rate || 10, burst: message.limits?.burst || 20 });
    room.members.reset(message.members ?? []);
    this.#topic(message.topic || message.description || "");
    byId("room-name").textContent = message.room;
    room.connected();
    // What waits from before was drawn under no name yet.
    for (const waiting of room.outbox.messages) room.pending.draw(waiting);
    room.calls.welcomed();
    if (first && !room.account && /^anonymous/i.test(room.you)) room.hintName();
    // A name changed by /nick is not the session's; a number behind it means that the old connection lingers.
    if (before && !/^anonymous/i.test(before) && !message.you.startsWith(before)) room.connection.send({ type: "nick", nick: before });
    room.flush();
  }

  on_history({ records = [], more, before, since }) {
    const { timeline } = this.#room;
    const shown = records.filter((record) => this.#isShown(record)).map((record) => this.#prepared(record));
    if (before !== undefined) {
      timeline.addOlder(shown, more);
    } else if (since !== undefined) {
      if (this.#catchingUp) this.#catchUp(records, shown, more);
      else timeline.addNewer(shown, more, { asked: true });
    } else {
      this.#advance(records);
      timeline.showNewest(shown, more);
      this.#catchingUp = false;
    }
    for (const record of records) if (record.msgid) this.#arrived(record);
  }

  /** What was missed while the connection was gone; the server sends page after page by itself. */
  #catchUp(records, shown, more) {
    const { timeline } = this.#room;
    this.#advance(records);
    if (records.some(({ type }) => type === "clear")) timeline.empty();
    for (const record of shown) {
      timeline.addLive(record);
      if (SPOKEN.has(record.type)) this.#announce(record);
    }
    for (const { type, target } of records) if (type === "redact") timeline.replace(target, { redacted: true, text: "" });
    if (!more) this.#catchingUp = false;
  }

  #record(record) {
    const { timeline, members } = this.#room;
    // A line that another program wrote in the old form has no id while it is followed.
    if (!record.id) record = { ...record, id: this.#idNow() };
    else this.#advance([record]);
    members.apply(record);
    if (record.type === "nick" && record.from === this.#room.you) this.#room.you = record.to;
    if (record.type === "color" && record.from === this.#room.you) this.#room.yourColor = record.color;
    if (record.type === "topic") this.#topic(record.text);
    if (record.type === "quit") this.#room.calls.left(record.from);
    if (record.type === "join" && record.from !== this.#room.you) this.#room.calls.joined(record.from);
    if (record.type === "nick") this.#room.calls.renamed(record.from, record.to);
    if (record.type === "redact") {
      timeline.replace(record.target, { redacted: true, text: "" });
      return;
    }
    if (record.type === "clear") timeline.empty();
    if (record.msgid) this.#arrived(record);
    if (!this.#isShown(record)) return;
    const shown = this.#prepared(record);
    timeline.addLive(shown);
    if (SPOKEN.has(record.type)) this.#announce(shown);
  }

  on_whisper(message) {
    const { timeline, you } = this.#room;
    if (message.msgid) this.#arrived(message);
    const color = this.#room.members.get(message.from)?.color;
    const record = { color, ...message, id: message.id ?? this.#idNow() };
    timeline.addLive(record, { own: true });
    if (message.from !== you) this.#announce({ ...record, urgent: true });
  }

  on_ack({ msgid }) {
    this.#room.outbox.acknowledged(msgid);
  }

  on_error({ code, text: words, msgid }) {
    // About a signal or a typing hint: these are repeated or forgotten, and nobody has written them.
    if (!msgid && UNHEARD.has(code)) return;
    const { outbox } = this.#room;
    const said = hasText(`error_${code}`) ? text(`error_${code}`) : words;
    const message = msgid && outbox.refused(msgid, said);
    if (!message) {
      this.notice("error", said);
    } else if (LASTING.has(code) && message.text.startsWith("/")) {
      // A mistyped command is answered and done; a message is kept for another try.
      outbox.discard(msgid);
      this.notice("error", said);
    }
    this.#room.settled();
  }

  on_info({ text: words }) {
    this.notice("info", words);
  }

  on_notice({ text: words }) {
    this.notice("notice", words);
  }

  on_you(message) {
    const room = this.#room;
    room.you = message.name ?? room.you;
    room.yourColor = message.color ?? room.yourColor;
    room.moderator = message.moderator ?? room.moderator;
    room.members.draw();
  }

  on_typing({ from, state = true, text: words }) {
    if (from !== this.#room.you && !isIgnored(from)) this.#room.typing.heard(from, state, words);
  }

  on_signal({ from, data }) {
    if (!isIgnored(from)) this.#room.calls.signaled(from, data);
  }

  on_bye({ reason, text: words = "" }) {
    if (reason === "shutting down") return;
    const key = BYE_WORDS[reason] ?? "byeRefused";
    this.#room.connection.stop({ words: text(key, { reason: words }) });
  }

  #topic(words) {
    byId("topic").textContent = words;
    byId("topic").title = words;
  }

  #advance(records) {
    for (const { id } of records) if (id > this.resumeId) this.resumeId = id;
  }

  #isShown(record) {
    return record.type !== "redact" && record.type !== "color";
  }

  #prepared(record) {
    const mentionsYou = SPOKEN.has(record.type) && record.from !== this.#room.you && mentions(record.text ?? "", this.#room.you);
    return mentionsYou ? { ...record, mentionsYou } : record;
  }

  /** One's own message is in the log: the copy below the conversation goes. */
  #arrived({ msgid }) {
    this.#room.outbox.acknowledged(msgid);
    this.#room.pending.remove(msgid);
  }

  #announce(record) {
    const { attention, timeline, you, typing } = this.#room;
    if (record.from === you || isIgnored(record.from)) return;
    typing.heard(record.from, false);
    const unseen = attention.isAway || !timeline.isPinned;
    if (!timeline.isPinned) this.unseen += 1;
    if (unseen && !timeline.line) timeline.setLine(record.id);
    attention.note({ urgent: record.urgent || record.mentionsYou, from: record.from, words: record.text ?? "", onOpen: () => timeline.jumpToEnd() });
  }

  /** An id for what has none of the server's: sorts after everything seen so far, and is its time. */
  #idNow() {
    const newest = Math.max(Date.parse(this.resumeId) || 0, this.#lastOwn);
    this.#lastOwn = Math.max(Date.now(), newest + 1);
    return new Date(this.#lastOwn).toISOString().replace("Z", "000Z");
  }
}
