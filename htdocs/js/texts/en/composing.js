// English words of what helps writing.

export default {
	suggestions: "Suggestions",
	suggestionCount: "Suggestions: {count}. Up and down choose, Enter or Tab takes one.",

	// Emoji
	smileys: "Smileys",
	findEmoji: "Find an emoji",
	skinTone: "Skin tone",
	skinTone0: "no skin tone",
	skinTone1: "light",
	skinTone2: "medium-light",
	skinTone3: "medium",
	skinTone4: "medium-dark",
	skinTone5: "dark",
	emojiGroups: "Groups",
	emojiFound: "Found",
	emojiCount: "Found: {count}",
	emojiLoading: "Loading…",
	emojiOffline: "The emoji could not be loaded. Open this again once there is a connection.",
	emojiNone: "What you use appears here.",
	emojiRecent: "Used last",
	emojiSmileys: "Faces and feelings",
	emojiPeople: "People and bodies",
	emojiAnimals: "Animals and nature",
	emojiFood: "Food and drink",
	emojiTravel: "Travel and places",
	emojiActivities: "Activities",
	emojiObjects: "Objects",
	emojiSymbols: "Symbols",
	emojiFlags: "Flags",

	// Pasting
	pasteTitle: "Paste {count} lines?",
	pasteIntro: "It goes into the field; nothing is sent before you send it.",
	pasteIntroMany: "This server sends each line as a message of its own.",
	pasteShown: "What is pasted",
	pasteOne: "As one message",
	pasteMany: "As {count} messages",
	pasteCode: "As a block of code",
};
