// What the parts of the pages hand each other. Types alone: nothing of this is served.

type Me = import("../../htdocs/js/me.js").Me;
type Feed = import("../../htdocs/js/feed.js").Feed;
type Members = import("../../htdocs/js/members.js").Members;
type MessageView = import("../../htdocs/js/message_view.js").MessageView;
type Timeline = import("../../htdocs/js/timeline.js").Timeline;
type RoomMenus = import("../../htdocs/js/room_menus.js").RoomMenus;
type Typing = import("../../htdocs/js/typing.js").Typing;
type Mesh = import("../../htdocs/js/calls/mesh.js").Mesh;
type Peer = import("../../htdocs/js/calls/peer.js").Peer;
type Other = import("../../htdocs/js/calls/others.js").Other;

// attention.js

interface Noted {
	/** A mention, a whisper or a call, worth a notification. */
	urgent: boolean;
	/** A call: it may be heard. */
	rings?: boolean;
	from: string;
	words: string;
	onOpen: () => void;
}

// banner.js

interface BannerActions {
	tryNow: () => void;
	enterAgain: () => void;
	/** Asks the server's other half. */
	isServerThere: () => Promise<boolean>;
}

// calls/calls.js

/** What a call needs of the room. */
interface CallUses {
	room: string;
	me: Me;
	members: Members;
	/** Names of those in the call; kept up to date for the list of people. */
	callers: Set<string>;
	send: (message: Message) => boolean;
	/** Tells the person something. */
	notice: (words: string) => void;
	/** Somebody begins a call. */
	rings: (from: string) => void;
	/** Somebody types this now. */
	heard: (from: string, words: string) => void;
}

// calls/connect.js

interface ConnectUses {
	send: (to: string, data: Record<string, unknown>) => void;
	/** Something of what is shown has changed. */
	changed: () => void;
	heard: (from: string, words: string) => void;
}

// calls/peer.js

interface PeerUses {
	configuration: RTCConfiguration;
	/** Makes the first offer. */
	caller: boolean;
	/** The caller's name for this connection. */
	session: string;
	events: PeerEvents;
}

interface PeerEvents {
	send: (data: Record<string, unknown>) => void;
	onState: (state: RTCPeerConnectionState) => void;
	onStream: (stream: MediaStream) => void;
	onTyping: (words: string) => void;
}

// calls/tile.js

interface Talker {
	name: string;
	color?: string;
	stream: MediaStream | null;
	/** Of the connection, or "own". */
	state: string;
}

// composer.js

interface ComposerUses {
	/** False if it was not taken. */
	submit: (line: Line) => boolean;
	/** Tells the person why something was not sent. */
	notice: (words: string) => void;
	/** Those that Tab completes. */
	names: () => string[];
	/** Whose name this is; "" where it is not known. */
	personOf: (name: string) => string;
	/** The text has changed. */
	typed: (words: string, whisperTo: string, person: string) => void;
}

// connection.js

interface ConnectionUses {
	/** What to open, asked for each time. */
	address: () => URL;
	onMessage: (message: Message) => void;
	onState: (state: State, detail?: Detail) => void;
}

interface Detail {
	/** When the next try is due, in milliseconds since 1970. */
	until?: number;
	/** Tries in a row after which no connection was open. */
	unopened?: number;
	/** Why it was closed for good. */
	words?: string;
}

type State = "connecting" | "waiting" | "offline" | "closed";

// conversation.js

interface ConversationUses {
	me: { name: string };
	members: { get(name: string): { color?: string } | undefined };
	timeline: Timeline;
	events: ConversationEvents;
}

interface ConversationEvents {
	/** Somebody else said something just now. */
	onSpoken: (record: Entry, urgent: boolean) => void;
	/** A message with this id of its sender's is in the log. */
	onArrived: (msgid: string) => void;
}

// dom.js

type Child = Node | string | null | undefined | false;

// lines.js

/** `to`: whom it is whispered to, "" for everybody. */
type Line = { words: string; to: string; person?: string };

// members.js

interface MembersView {
	/** What names are written on. */
	backdrop: () => Rgb;
	openPerson: (name: string, button: HTMLElement) => void;
	/** Names of those in the call. */
	callers: Set<string>;
}

// message_menu.js

interface MessageActions {
	whisper: (name: string, person?: string) => void;
	answer: (words: string) => void;
	command: (line: string) => void;
}

// message_view.js

/** What a click can do; without them nothing can be clicked. */
interface Actions {
	openPerson: (name: string, button: HTMLElement) => void;
	openMessage: (record: Entry, button: HTMLElement) => void;
}

// outbox.js

interface Outgoing {
	/** The account that it was written as, "" for a guest's. */
	by?: string;
	msgid: string;
	type: "say" | "whisper";
	text: string;
	to?: string;
	/** Whose name `to` was. */
	person?: string;
	/** Milliseconds since 1970. */
	at: number;
	state: "waiting" | "sending" | "sent" | "failed" | "discarded";
	/** Why it failed. */
	reason?: string;
}

// own_lines.js

interface OwnLinesUses {
	room: string;
	me: Me;
	quit: () => void;
	/** Shows an answer. */
	info: (words: string) => void;
	send: (message: Message) => void;
	changeName: () => void;
	loginUrl?: string | null;
}

// pending_view.js

interface PendingActions {
	again: (msgid: string) => void;
	discard: (msgid: string) => void;
	/** With a connection, what waits waits for its turn only. */
	isWelcome: () => boolean;
}

// person_menu.js

interface PersonActions {
	whisper: (name: string) => void;
	mention: (name: string) => void;
	command: (line: string) => void;
	changeName: () => void;
}

// preferences.js

interface Preferences {
	/** "" follows the system. */
	theme: string;
	/** "" follows the browser. */
	language: string;
	notify: boolean;
	/** A call is heard. */
	sound: boolean;
	smileys: boolean;
	events: boolean;
	typing: boolean;
	liveTyping: boolean;
	relayOnly: boolean;
	ignored: string[];
}

type Preference = keyof Preferences;

// protocol.js

/** A record of the room's log; also a whisper or a notice, which the page alone keeps, in the same form. */
interface Entry {
	type: string;
	/** Its time, in UTC with microseconds: sorts as text. */
	id: string;
	from: string;
	text?: string;
	to?: string;
	color?: string;
	account?: string;
	/** The sender's number under all names. */
	person?: string;
	/** The sender's own id of the message. */
	msgid?: string;
	/** The record that a `redact` takes back. */
	target?: string;
	redacted?: boolean;
	/** A line of the old script: `clock` is its time of day. */
	old?: boolean;
	clock?: string;
	/** Added by the page. */
	mentionsYou?: boolean;
}

interface Person {
	name: string;
	color?: string;
	/** Whom they logged in as. */
	account?: string;
	/** Their number under all names. */
	person?: string;
}

interface Welcome {
	room: string;
	you: string;
	color?: string;
	account?: string;
	moderator?: boolean;
	topic?: string;
	description?: string;
	members?: Person[];
	limits?: { message?: number; rate?: number; burst?: number };
}

interface HistoryPage {
	records?: Entry[];
	more?: boolean;
	before?: string;
	since?: string;
	/** How far the log was read, shown or not. */
	cursor?: string;
}

/** A page of history as it is shown. */
interface HistoryAnswer {
	records: Entry[];
	/** There are others beyond `cursor`. */
	more: boolean;
	cursor: string;
}

type Refusal = { code: string; text: string; msgid?: string };

type Bye = { reason: string; text?: string; code?: string };

type Message = Record<string, any> & { type: string };

// recall.js

/** `to`: whom it is whispered to, "" for everybody. */
type Draft = { words: string; to: string; person: string };

// room_buttons.js

interface RoomButtons {
	/** To the newest message. */
	jump: () => void;
	changeName: () => void;
	command: (line: string) => void;
}

// room_cards.js

/** What api/rooms says of a room. */
interface RoomFigures {
	name: string;
	description?: string;
	people: number;
	/** In bytes. */
	size: number;
	changed?: string;
}

// room_menus.js

interface MenuUses {
	me: Me;
	members: Members;
	/** What names are written on. */
	backdrop: () => Rgb;
	whisper: (name: string, person?: string) => void;
	mention: (name: string) => void;
	answer: (words: string) => void;
	command: (line: string) => void;
	rename: (name: string, color: string) => void;
}

// room_history.js

/** A page of the archive. */
interface Answer {
	records: Entry[];
	more: boolean;
	oldest?: string;
	description?: string;
}

// room_pages.js

interface RoomListKind {
	/** Which of the server's lists. */
	list: "current" | "historical";
	/** Draws one. */
	card: (room: RoomFigures) => HTMLElement;
	/** Said when there is none. */
	empty: string;
}

// sending.js

interface SendingUses {
	me: Me;
	view: MessageView;
	send: (message: Message) => boolean;
	isWelcome: () => boolean;
	/** Tells the person what did not work. */
	notice: (words: string) => void;
	/** Puts a command back into the field; false if it is in use. */
	giveBack: (words: string) => boolean;
	onChange: () => void;
}

// server.js

/** What api/config says. */
interface Config {
	/** Where the rooms are, relative to the page. */
	websocket_url: string;
	/** Where people log in; relative to the page. */
	login_url?: string | null;
}

/** Who the server takes this browser for. */
interface Session {
	name: string | null;
	color: string | null;
	account: string | null;
	/** chat-cgi is not there. */
	missing?: boolean;
}

// settings_dialog.js

type Switch = "sound" | "smileys" | "events" | "typing" | "liveTyping" | "relayOnly";

// storage.js

type Place = "localStorage" | "sessionStorage";

// tab.js

type Tab = { owner: string; gone: (other: string) => boolean };

// theme.js

/** Red, green and blue, 0 to 255. */
type Rgb = number[];

// timeline.js

interface TimelineUses {
	scroller: HTMLElement;
	list: HTMLElement;
	look: Look;
	/** Asks the server; false if it cannot now. */
	load: (question: Question) => boolean;
	/** Runs after the page has changed. */
	onSettled: () => void;
}

/** How entries are drawn. */
interface Look {
	entry: (record: Entry) => HTMLElement;
	/** Fits an */
	decorate: (node: HTMLElement, record: Entry, before: Entry | undefined, hasLine: boolean) => void;
}

type Item = { record: Entry; node: HTMLElement };

type Question = { before?: string; since?: string };

// times.js

type Options = Intl.DateTimeFormatOptions;

// tokens.js

interface Token {
	kind: "text" | "link" | "mention" | "smiley";
	/** As typed. */
	text: string;
	/** Of a link. */
	address?: string;
	/** Of a smiley, in smileys/. */
	picture?: string;
}

type ToToken = (found: string) => Token | null;

// typing.js

interface TypingUses {
	/** Over the socket. */
	send: (message: Message) => void;
	/** Over data channels; gives the names it reached. */
	live: (words: string) => Set<string>;
	members: { count: number };
}
