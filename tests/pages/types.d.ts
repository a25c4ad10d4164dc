// What the parts of the pages hand each other. Types alone: nothing of this is served.

type Room = import("../../htdocs/js/room.js").Room;
type Composer = import("../../htdocs/js/composer.js").Composer;
type PeopleList = import("../../htdocs/js/people_list.js").PeopleList;
type Scroller = import("../../htdocs/js/scroller.js").Scroller;
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

interface News {
	/** A mention, a whisper or a call. */
	urgent: boolean;
	/** A call: it may be heard. */
	rings?: boolean;
	from: string;
	words: string;
	id: string;
}

interface Noted extends News {
	room: string;
	/** It is in front of the person. */
	isSeen: boolean;
	/** The title counts it. */
	counts: boolean;
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
	/** It rings there until it is answered. */
	isConversation: () => boolean;
	/** Goes to the room. */
	show: () => void;
	/** Somebody types this now. */
	heard: (from: string, words: string) => void;
	/** The call, or who is in it, has changed. */
	changed: () => void;
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
	/** The picture is a screen's. */
	isScreen: boolean;
	/** It has the room of all others. */
	isLarge: boolean;
}

type DeviceKind = "audioinput" | "videoinput" | "audiooutput";

/** With what somebody comes into a call. */
type JoinBy = "voice" | "video" | "listening";

/** A call that comes in. */
interface RingingCall {
	/** Nobody calls any more, or this page is in it. */
	isOver: () => boolean;
	answer: (by: JoinBy) => Promise<void>;
	decline: () => void;
}

// composer.js

interface ComposerUses {
	/** What was sent before. */
	recall: { isOn: boolean; last: Draft | undefined; add(draft: Draft): void; leave(): void } & Record<
		"older" | "newer",
		() => Draft | undefined
	>;
	/** False if it was not taken. */
	submit: (line: Line) => boolean;
	/** Tells the person why something was not sent. */
	notice: (words: string) => void;
	/** Everybody else who is there. */
	people: () => Person[];
	/** Whose name this is; "" where it is not known. */
	personOf: (name: string) => string;
	/** The text has changed. */
	typed: (words: string, whisperTo: string, person: string) => void;
	/** Whom they logged in as. */
	account: () => string;
	/** What the server's `/help` says; nothing from an older one. */
	commands: () => Promise<AnswerRow[]>;
	/** The newest message of their own that is in the page. */
	lastOwn: () => Entry | undefined;
}

// composing/

/** Something that can be completed is begun at `from`. */
interface Begun {
	kind: "command" | "person" | "emoji";
	/** Without its mark. */
	typed: string;
	from: number;
}

interface Suggestion {
	/** What stands in the text then. */
	insert: string;
	title: string;
	picture?: string;
	/** A person's initial, and its color. */
	avatar?: string;
	color?: string;
	/** A command's arguments, and what it does. */
	rest?: string;
	does?: string;
}

/** What the next message is about: the one that it answers, or becomes. */
interface Task {
	kind: "reply" | "edit";
	id: string;
	from: string;
	/** The beginning of that message. */
	words: string;
	/** What was in the field before. */
	stash: string;
}

// emoji/

interface Emoji {
	text: string;
	/** With light skin, of those that have tones; else "". */
	light: string;
	group: string;
	name: string;
	/** The name and other words, without case and accents. */
	words: string[];
}

// What the connection tells of itself

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
	me: Reader;
	members: { get(name: string): { color?: string } | undefined };
	timeline: Timeline;
	events: ConversationEvents;
}

interface ConversationEvents {
	/** Somebody else said something just now. */
	onSpoken: (record: Entry, urgent: boolean) => void;
	/** A message was edited, taken back, reacted to. */
	onChanged: (id: string, change: Change) => void;
	/** A message with this id of its sender's is in the log. */
	onArrived: (msgid: string) => void;
}

// dom.js

type Child = Node | string | null | undefined | false;

// formatting/

/** Counts the characters that were looked at. */
type Meter = { steps: number };

type Piece =
	| { kind: "text"; text: string }
	| { kind: "code"; text: string }
	| { kind: "link"; text: string; address: string }
	| { kind: "strong" | "em" | "strike" | "spoiler"; pieces: Piece[] };

/** What is open: the mark that began it, and what it holds so far. */
type Frame = { mark: string; pieces: Piece[] };

type Block =
	| { kind: "text"; pieces: Piece[] }
	| { kind: "code"; text: string; language: string }
	| { kind: "quote"; blocks: Block[] }
	| { kind: "list"; isOrdered: boolean; items: { value: number; blocks: Block[] }[] };

// lines.js

/** `to`: whom it is whispered to, "" for everybody. */
interface Line {
	words: string;
	to: string;
	person?: string;
	/** The message that it takes the place of. */
	edit?: string;
	/** The message that it answers. */
	reply?: string;
	/** No command, whatever it begins with. */
	literal?: boolean;
	files?: Attached[];
}

// people_list.js

interface PeopleView {
	/** What names are written on. */
	backdrop: () => Rgb;
	openPerson: (name: string, button: HTMLElement) => void;
}

// messages/

type Act =
	| "react"
	| "reply"
	| "edit"
	| "copy"
	| "link"
	| "pin"
	| "remove"
	| "report"
	| "whisper"
	| "moderate"
	| "former"
	| "menu";

/** What becomes of a message. */
type Change = (entry: Entry) => Partial<Entry>;

/** Who reads. */
type Reader = { name: string; account?: string };

interface Reaction {
	/** The emoji. */
	text: string;
	/** Names, in the order in which they reacted; not all, where there are many. */
	by: string[];
	count?: number;
	/** The reader did so too. */
	own?: boolean;
}

interface ReferencedUses {
	/** What the page has. */
	find: (id: string) => Entry | undefined;
	/** Asks the server; false if it cannot now. */
	ask: (ids: string[]) => boolean;
	/** Draws an entry anew. */
	redraw: (id: string) => void;
	/** The server has said so. */
	answered: (records: Entry[]) => void;
}

// message_view.js

/** What a click can do; without them nothing can be clicked. */
interface Actions {
	openPerson: (name: string, button: HTMLElement) => void;
	/** One of what can be done with a message, as the menu, the bar and the keys have it. */
	act: (what: Act, record: Entry, place: HTMLElement) => void;
	/** Reacts, or takes that back. */
	toggle: (record: Entry, emoji: string, isWanted: boolean) => void;
	/** Goes to a message. */
	goTo: (id: string) => void;
	/** What an entry points to. */
	referenced: (id: string, by: string) => Entry | null | undefined;
}

// outbox.js

/** A file of a message. */
interface Attached {
	id: string;
	name: string;
	type?: string;
	size?: number;
	/** Of a picture, as it is shown. */
	width?: number;
	height?: number;
}

/** Files that go with the next message. */
interface Attachments {
	/** Those that are there. */
	readonly count: number;
	take: () => Attached[];
	/** Whether the message waits for some; `send` is called when they are there. */
	waits: (send: () => void) => boolean;
}

/** What is known of the room that files are for. */
interface AttachRoom {
	name: string;
	conversation: { notice: (kind: "error", words: string) => void };
}

type Outgoing = import("../../htdocs/client/types.d.ts").Outgoing;

// own_lines.js

interface OwnLinesUses {
	room: string;
	me: Me;
	quit: () => void;
	/** Goes to another room. */
	join: (name: string) => void;
	/** Begins a conversation. */
	talkTo?: (name: string) => void;
	/** Leaves this one. */
	part: () => void;
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
	/** Whose files these are. */
	room: string;
}

// person_menu.js

interface PersonActions {
	/** Begins a conversation; absent where the server knows none. */
	talkTo?: (name: string) => void;
	report: (what: string, name: string) => void;
	moderate: (name: string) => void;
	whisper: (name: string) => void;
	mention: (name: string) => void;
	command: (line: string) => void;
	changeName: () => void;
	/** Who is this? */
	show: (name: string) => void;
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
	/** Do not disturb. */
	quiet: boolean;
	smileys: boolean;
	/** Marks like **bold** are shown as what they mean. */
	formatting: boolean;
	events: boolean;
	typing: boolean;
	readMarks: boolean;
	typingOff: string[];
	liveTyping: boolean;
	relayOnly: boolean;
	/** Ctrl+Enter sends, Enter begins a line. */
	ctrlEnter: boolean;
	/** Of emoji: the character of the tone, or "". */
	skinTone: string;
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
	/** Its id on other servers, which had it before a failure. */
	was?: string;
	/** The record that a `redact`, an `edit` or a reaction is about. */
	target?: string;
	redacted?: boolean;
	/** The message that this one answers. */
	reply?: string;
	/** When it got the text it has: the id of the last edit. */
	edited?: string;
	reactions?: Reaction[];
	files?: Attached[];
	/** A line of the old script: `clock` is its time of day. */
	old?: boolean;
	clock?: string;
	/** Added by the page. */
	mentionsYou?: boolean;
	/** Its reactions may be others: the server is asked. */
	isStale?: boolean;
}

interface Person {
	name: string;
	color?: string;
	/** Whom they logged in as. */
	account?: string;
	/** Their number under all names. */
	person?: string;
	status?: import("../../htdocs/client/types.d.ts").Status;
	avatar?: string;
	pub?: any;
}

interface Welcome {
	room: string;
	you: string;
	color?: string;
	account?: string;
	moderator?: boolean;
	/** Ids of what is pinned, newest first; a server that knows none knows no edits, answers and reactions either. */
	pins?: string[];
	/** False where nobody is shown who comes and goes. */
	comings?: boolean;
	topic?: string;
	description?: string;
	members?: Person[];
	limits?: Limits;
	/** The newest record. */
	last?: string;
	/** How far this person has read, on any device; what is newer; and of that, what is for them. */
	read?: string;
	unread?: number;
	mentions?: number;
	notify?: Level;
	/** Protocol 2 says it once, in `hello`. */
	person?: string;
	now?: string;
	lang?: string;
}

interface Limits {
	message?: number;
	rate?: number;
	burst?: number;
	rooms?: number;
	/** A message may have several lines. */
	lines?: boolean;
	/** Minutes in which one may edit; absent: always, 0: never. */
	edit?: number;
	delete?: number;
	/** Bytes of a file; without it there are none. */
	file?: number;
}

/** What a person wants to be told of. */
type Level = "all" | "mentions" | "nothing";

/** Of one room, set on this or another device. */
type Mark = { read?: string; notify?: Level; unread?: number; mentions?: number };

type OwnRoom = Mark & { room: string };

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

type Bye = { reason: string; text?: string; code?: string; spread?: number };

type Message = Record<string, any> & { type: string };

// private_rooms.js

/** What lets somebody into a room for some only. */
type Keys = { invitation?: string; password?: string };

interface PrivateRoomsUses {
	/** False if it cannot be sent now. */
	send: (message: Message) => boolean;
	/** Goes to it. */
	show: (room: string) => void;
	/** Tells the person what did not work. */
	notice: (words: string) => void;
}

/** What a room for some only is. */
interface About {
	kind: "room" | "group" | "pair";
	title?: string;
	/** Whether this person keeps it. */
	keeps?: boolean;
	people?: Person[];
}

// recall.js

/** `to`: whom it is whispered to, "" for everybody. */
interface Draft {
	words: string;
	to: string;
	person: string;
	isPasted?: boolean;
	task?: Task;
}

// room.js

/** What the window does for each of its rooms. */
interface RoomUses {
	config: Config;
	tab: Tab;
	people: PeopleList;
	scroller: Scroller;
	composer: Composer;
	backdrop: () => Rgb;
	menus: (open: (menus: RoomMenus) => void) => void;
	/** False if it cannot be sent now. */
	send: (room: Room, message: Message) => boolean;
	/** This person has read up to there. */
	mark: (room: Room, id: string) => boolean;
	/** What the list of rooms shows of it has changed. */
	changed: () => void;
	/** The stay in it has ended. */
	parted: (room: Room, code: string) => void;
	/** Begins a conversation with somebody, or goes to the one there is. */
	talkTo: (name: string) => void;
	/** The room that is shown has let them in. */
	welcomed: (room: Room, limits: Welcome["limits"]) => void;
	attract: (room: Room, news: News) => void;
	quit: () => void;
	join: (name: string) => void;
	part: (room: Room) => void;
}

// room_buttons.js

interface RoomButtons {
	call: () => void;
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
	room: Room;
	me: Me;
	members: Members;
	/** What names are written on. */
	backdrop: () => Rgb;
	whisper: (name: string, person?: string) => void;
	mention: (name: string) => void;
	talkTo?: (name: string) => void;
	/** Where messages are written. */
	compose: () => Composer;
	command: (line: string) => void;
	rename: (name: string, color: string) => void;
	/** To the server, for all rooms. */
	sendToAll: (message: Message) => void;
	/** Rooms of this window that somebody is in. */
	roomsOf: (person: string) => string[];
}

type MenuActions = MenuUses & {
	report: (what: string, name: string) => void;
	moderate: (name: string) => void;
};

// moderation/

/** Asks by a command; gives what was answered. */
type Ask = (line: string) => Promise<AnswerRow[]>;

/** One line of an answer. */
interface AnswerRow {
	command?: string;
	arguments?: string;
	does?: string;
	id?: string;
	what?: string;
	who?: string;
	account?: string;
	person?: string;
	address?: string;
	role?: string;
	until?: string;
	by?: string;
	reason?: string;
	message?: string;
	seconds?: number;
	everywhere?: boolean;
}

// room_history.js

/** A page of the archive. */
interface Answer {
	records: Entry[];
	more: boolean;
	oldest?: string;
	description?: string;
}

// room_order.js

interface Ranked {
	label: string;
	level: Level;
	unread: { count: number; mentions: number };
}

// rooms.js

interface RoomsUses {
	make: (name: string) => Room;
	send: (message: Message) => boolean;
	/** Which rooms there are, or what is known of them, has changed. */
	changed: () => void;
	show: (room: Room) => void;
	/** The server calls it otherwise than it was asked for. */
	renamed: (room: Room) => void;
	/** It is none of this person's rooms any more. */
	dropped: (room: Room) => void;
	/** The connection ends. */
	bye: (bye: Bye) => void;
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

// search/

/** What api/search answers. */
interface SearchAnswer {
	/** What the text was understood as. */
	query: { words: string[]; from?: string; account?: string; room?: string };
	hits: SearchHit[];
	/** There is more: everything newer was looked at. */
	cursor?: string;
	percent: number;
	/** Compressed files, which are not read. */
	packed?: number;
}

interface SearchHit {
	room: string;
	record: Entry;
	before?: Entry;
	after?: Entry;
	/** Where in the text the words are: begin and length. */
	marks: [number, number][];
}

interface SearchUses {
	/** The room that is shown. */
	here: Named;
	/** What a room is called. */
	labelOf: (room: string) => string;
	/** Goes to a message. */
	show: (room: string, at: string) => void;
}

// server.js

/** What api/config says. */
interface Config {
	/** Where the rooms are, relative to the page. */
	websocket_url: string;
	/** Where people log in; relative to the page. */
	login_url?: string | null;
	/** The chat's own; null without. `first`: nobody has one yet. */
	accounts?: { register: "no" | "invitation" | "open"; first: boolean } | null;
}

/** Who the server takes this browser for. */
interface Session {
	name: string | null;
	color: string | null;
	account: string | null;
	/** By an account of the chat's own: it can be ended here. */
	own?: boolean;
	/** chat-cgi is not there. */
	missing?: boolean;
}

// settings_dialog.js

type Switch =
	| "ctrlEnter"
	| "quiet"
	| "sound"
	| "smileys"
	| "formatting"
	| "events"
	| "typing"
	| "liveTyping"
	| "readMarks"
	| "relayOnly";

// service_worker.js

/** Which store an open page lives from, and since when, in ms. */
type Pin = { store: string; at: number };

// sidebar.js

interface SidebarActions {
	privately: import("../../htdocs/js/private_rooms.js").PrivateRooms;
	show: (name: string, how?: { byKeyboard?: boolean; at?: string }) => void;
	part: (room: Room) => void;
	notify: (room: Room, level: Level) => void;
}

/** `label`: what it is called for people. */
type Named = { name: string; label: string };

type Row = { node: HTMLElement; link: HTMLAnchorElement; more: HTMLElement };

// storage.js

type Place = "localStorage" | "sessionStorage";

// tab.js

type Tab = { owner: string; gone: (other: string) => boolean };

// texts.js

/** Kinds of words, a file each. */
type Texts =
	| "shared"
	| "pages"
	| "room"
	| "dialogs"
	| "moderation"
	| "conversations"
	| "search"
	| "files"
	| "composing"
	| "calls"
	| "accounts"
	| "profile";

type Status = import("../../htdocs/client/types.d.ts").Status;
type Shown = import("../../htdocs/client/types.d.ts").Shown;

// theme.js

/** Red, green and blue, 0 to 255. */
type Rgb = number[];

// timeline.js

interface TimelineUses {
	/** Of the room that is shown. */
	scroller: Scroller;
	/** Somebody else's record. */
	isOther: (record: Entry) => boolean;
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
	/** Draws what has changed; false where the entry is to be drawn as a whole. */
	update: (node: HTMLElement, record: Entry, before: Entry) => boolean;
	decorate: (node: HTMLElement, record: Entry, before: Entry | undefined, hasLine: boolean) => void;
}

/** An entry, and how far below the top edge of the window it is, in pixels. */
type Anchor = { id: string; top: number };

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

// window_menus.js

/** What the window does for the menus. */
interface WindowUses {
	backdrop: () => Rgb;
	/** The field, uncovered. */
	compose: () => Composer;
	talkTo?: (name: string) => void;
	/** To the server, for all rooms. */
	sendToAll: (message: Message) => void;
	/** All rooms of this window. */
	rooms: { all: Room[] };
}
