// English words of the room and the pages around it.

export default {
	// Every page
	appName: "Chat",
	rooms: "Rooms",
	archive: "Archive",
	yourName: "Your name",
	theme: "Light or dark",
	skip: "Skip to content",
	tryAgain: "Try again",

	// Entry, name and room forms
	name: "Name",
	room: "Room",
	color: "Color",

	// Lists
	people: "{count} here",
	nothingFound: "Nothing found.",

	// Errors the server names by a code
	error_bad_room: "This is not a room's name.",

	// Room page
	dice: "Dice",
	copyCode: "Copy",
	copiedCode: "Copied",
	reactions: "Reactions",
	reactedWith: "{emoji} {count}: {names}",
	othersCount: "{count} more",
	edited: "edited",
	editedAt: "edited {time}",
	replyTo: "Answers {name}",
	replyGone: "This message is gone.",
	replyLoading: "a message…",
	spoiler: "Spoiler: show",
	showLines: "Show all {count} lines",
	showWhole: "Show the whole message",
	showLess: "Show less",
	newMessages: "New messages",
	today: "Today",
	yesterday: "Yesterday",
	account: "logged in as {name}",
	bot: "bot",

	// States of connection and message
	sent: "sent",

	// What happened
	joined: "{name} came in",
	quit: "{name} left",
	came: "{names} came in",
	went: "{names} left",
	visited: "{names} came in and left",
	returned: "{names} left and came back",
	severalPeople: "{count} people",
	renamed: "{name} is now {to}",
	recolored: "{name} changed color",
	topicSet: "{name} set the topic: {topic}",
	topicCleared: "{name} removed the topic",
	kicked: "{name} removed {to}",
	banned: "{name} banned {to}",
	slowOn: "{name} made the room slow: a message each {seconds} s",
	slowOff: "{name} ended the slow mode",
	wasRead: "Read",
	wasReadBy: "Read by {names}",
	madePrivate: "{name} made this room private",
	madePublic: "{name} opened this room for everybody",
	redacted: "This message was removed.",
	cleared: "{name} cleared the conversation",
	whisperFrom: "whispers to you",
	whisperYou: "to {name}",
	image: "Image {name}",

	// Members' menu, dialogs, settings
	whisper: "Whisper",
	mention: "Mention",
	kick: "Remove from the room",
	ban: "Ban",
	messageActions: "Message: actions",
	language: "Language",

	// Errors the server names by a code
	error_too_many_sessions: "There were many new names from here just now. Try again in a minute.",
	error_bad_name: "This name cannot be used. Choose one of 1 to 32 letters, digits and dashes.",
	error_bad_color: "This color is not known.",
	files: "Files",
};
