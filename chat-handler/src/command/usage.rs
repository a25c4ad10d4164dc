//! What there is to say, and what each does: the lines of `/help`. Pure.

/// A command's line of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The command, without its slash.
    pub name: &'static str,
    /// What comes after it.
    pub arguments: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// And in Czech.
    pub cs: &'static str,
    /// Whether only moderators may.
    pub moderators: bool,
}

const fn usage(
    name: &'static str,
    arguments: &'static str,
    en: &'static str,
    cs: &'static str,
) -> Usage {
    Usage {
        name,
        arguments,
        en,
        cs,
        moderators: false,
    }
}

const fn moderators(usage: Usage) -> Usage {
    Usage {
        moderators: true,
        ..usage
    }
}

/// All commands, in the order of `/help`.
pub const USAGES: &[Usage] = &[
    usage("help", " [COMMAND]", "shows the commands", "ukáže příkazy"),
    usage("me", " TEXT", "says what you do", "řekne, co děláte"),
    usage(
        "dice",
        " COUNT SIDES [AGAIN]",
        "throws up to 100 dice, again from AGAIN on",
        "hodí až 100 kostkami, znovu od hodnoty AGAIN",
    ),
    usage(
        "roll",
        " 2d6+1",
        "throws dice and adds them up",
        "hodí kostkami a sečte je",
    ),
    usage(
        "color",
        " #rrggbb|NAME",
        "changes your color",
        "změní vaši barvu",
    ),
    usage("nick", " NAME", "changes your name", "změní vaše jméno"),
    usage(
        "msg",
        " NAME TEXT",
        "whispers to one person",
        "pošeptá jednomu člověku",
    ),
    usage("who", "", "shows who is here", "ukáže, kdo tu je"),
    usage(
        "topic",
        " [TEXT]",
        "shows or sets the topic; - takes it away",
        "ukáže nebo nastaví téma; - ho zruší",
    ),
    usage(
        "history",
        " [N]",
        "shows the last N lines",
        "ukáže posledních N řádků",
    ),
    usage(
        "ignore",
        " [NAME]",
        "hides what NAME says, or shows whom you ignore",
        "skryje, co říká NAME, nebo ukáže, koho ignorujete",
    ),
    usage("unignore", " NAME", "shows it again", "zase to ukáže"),
    usage(
        "rooms",
        "",
        "shows the rooms with people in them",
        "ukáže místnosti, kde někdo je",
    ),
    usage(
        "report",
        " ID|NAME [REASON]",
        "tells the moderators of a message or a person",
        "řekne moderátorům o zprávě nebo o člověku",
    ),
    usage(
        "edit",
        " TEXT",
        "writes your last message anew",
        "napíše vaši poslední zprávu znovu",
    ),
    usage(
        "delete",
        "",
        "takes your last message back",
        "stáhne vaši poslední zprávu",
    ),
    usage(
        "react",
        " EMOJI",
        "reacts to the last message of somebody else",
        "zareaguje na poslední zprávu někoho jiného",
    ),
    usage("pins", "", "shows what is pinned", "ukáže, co je připnuto"),
    usage(
        "pin",
        " ID",
        "pins a message; for moderators, in conversations for all",
        "připne zprávu; pro moderátory, v rozhovorech pro všechny",
    ),
    usage("unpin", " ID", "takes it off", "zase ji odepne"),
    usage(
        "query",
        " NAME",
        "opens the conversation with NAME, which is kept",
        "otevře rozhovor s NAME, který zůstane uložen",
    ),
    usage(
        "private",
        " [TITLE]",
        "makes a room for some only",
        "založí místnost jen pro někoho",
    ),
    usage(
        "invite",
        " [NAME | HOURS USES]",
        "lets NAME into this private room, or makes a link that lets people in",
        "pustí NAME do této soukromé místnosti, nebo vytvoří odkaz, který do ní pouští",
    ),
    usage(
        "uninvite",
        " NAME",
        "sends NAME away from this private room for good",
        "vykáže NAME z této soukromé místnosti nadobro",
    ),
    usage(
        "members",
        "",
        "shows who may be in this private room",
        "ukáže, kdo smí do této soukromé místnosti",
    ),
    usage(
        "password",
        " WORD|-",
        "sets a password that lets people into this private room; - takes it away",
        "nastaví heslo, které pouští do této soukromé místnosti; - ho zruší",
    ),
    usage(
        "rename",
        " TITLE",
        "gives this private room another title",
        "pojmenuje tuto soukromou místnost jinak",
    ),
    usage(
        "leave",
        "",
        "leaves this private room for good",
        "opustí tuto soukromou místnost nadobro",
    ),
    usage(
        "makeprivate",
        "",
        "makes this room private, for those who are in it now; for its owner",
        "udělá z této místnosti soukromou, pro ty, kdo v ní jsou; pro vlastníka",
    ),
    usage(
        "makepublic",
        " [NAME]",
        "opens this private room for everybody; what was said before is hidden",
        "otevře tuto soukromou místnost všem; co se řeklo dřív, zůstane skryté",
    ),
    usage("join", " ROOM", "comes into a room", "vstoupí do místnosti"),
    usage("part", "", "leaves the room", "opustí místnost"),
    usage("quit", "", "leaves the chat", "opustí chat"),
    moderators(usage(
        "kick",
        " WHO [REASON]",
        "sends somebody out",
        "vyhodí člověka",
    )),
    moderators(usage(
        "ban",
        " [*] WHO [TIME] [REASON]",
        "keeps somebody out, with * of every room; WHO: NAME, account:NAME, number:NUMBER or address:ADDRESS, TIME: 10m, 2h, 3d, 1w",
        "nepustí člověka dovnitř, s * nikam; WHO: NAME, account:NAME, number:NUMBER nebo address:ADDRESS, TIME: 10m, 2h, 3d, 1w",
    )),
    moderators(usage(
        "unban",
        " [*] WHO",
        "lets them in again",
        "zase ho pustí",
    )),
    moderators(usage(
        "bans",
        "",
        "shows who is banned",
        "ukáže, kdo nesmí dovnitř",
    )),
    moderators(usage(
        "mute",
        " [*] WHO [TIME] [REASON]",
        "takes their voice",
        "vezme mu slovo",
    )),
    moderators(usage(
        "unmute",
        " [*] WHO",
        "gives it back",
        "vrátí mu slovo",
    )),
    moderators(usage(
        "redact",
        " ID",
        "takes a message back",
        "stáhne zprávu",
    )),
    moderators(usage(
        "remove",
        " WHO [TIME|ID]",
        "takes back all that somebody said, in the last TIME or since the message ID",
        "stáhne vše, co člověk řekl, za poslední TIME nebo od zprávy ID",
    )),
    moderators(usage(
        "slow",
        " [SECONDS]",
        "lets members say something each so many seconds; 0: as they like",
        "pustí členy ke slovu jednou za tolik sekund; 0: jak chtějí",
    )),
    moderators(usage(
        "reports",
        "",
        "shows what members reported",
        "ukáže, co členové nahlásili",
    )),
    moderators(usage(
        "resolve",
        " ID",
        "takes a report off the list",
        "vezme hlášení ze seznamu",
    )),
    moderators(usage(
        "whois",
        " NAME",
        "shows account, number, address and role of somebody",
        "ukáže účet, číslo, adresu a roli člověka",
    )),
    moderators(usage(
        "announce",
        " TEXT",
        "says something in every open room, for who may",
        "řekne něco ve všech otevřených místnostech, kdo smí",
    )),
    moderators(usage(
        "roles",
        "",
        "shows who owns the room and who moderates it",
        "ukáže, komu místnost patří a kdo ji moderuje",
    )),
    moderators(usage(
        "op",
        " NAME [owner]",
        "makes somebody a moderator of the room, or an owner",
        "udělá z člověka moderátora místnosti, nebo majitele",
    )),
    moderators(usage(
        "deop",
        " NAME",
        "takes that away",
        "zase mu to vezme",
    )),
    moderators(usage(
        "clear",
        " [delete]",
        "hides all messages so far; delete: deletes them from the logs too",
        "skryje všechny dosavadní zprávy; delete: smaže je i ze záznamů",
    )),
];

/// The line of help for `name` (with or without its slash).
pub fn usage_of(name: &str) -> Option<&'static Usage> {
    let name = name.strip_prefix('/').unwrap_or(name);
    USAGES
        .iter()
        .find(|usage| usage.name.eq_ignore_ascii_case(name))
}
