//! What people type: messages and `/commands`.

use super::{Act, Bye, Code, Flow, Turn};
use crate::command::{self, Command};
use crate::dice::SystemChance;
use crate::wording::Line;
use chat_store::record::{Kind, RecordId, attrs, clean_lines, tidy};

impl Turn<'_> {
    pub(super) fn say(&mut self, typed: &str, literal: bool, reply: Option<RecordId>) -> Flow {
        let typed = clean_lines(typed);
        // A line end behind the only line is none within.
        let end = typed.trim_end().len();
        let typed = if typed[end..].contains('\n') {
            &typed[..end]
        } else {
            &*typed
        };
        if literal {
            self.say_as(Kind::Say, typed, reply);
            return Flow::Idle;
        }
        // Reasons and names too: nothing that is typed is longer than a message.
        if typed.starts_with('/') && !self.it.fits(typed) {
            self.error(Code::TooLong, Line::TooLong(self.it.limits.max_message));
            return Flow::Idle;
        }
        match command::parse(typed) {
            Ok(Command::Say(text)) => self.say_as(Kind::Say, text, reply),
            Ok(Command::Me(text)) => self.say_as(Kind::Me, text, reply),
            Ok(command) => return self.run(&command),
            Err(command::CommandError::Unknown(_)) if self.run_site_command(typed) => {}
            Err(command::CommandError::Unknown(word)) => {
                self.error(Code::UnknownCommand, Line::UnknownCommand(word));
            }
            Err(command::CommandError::Usage(usage)) => self.error(Code::Usage, Line::Usage(usage)),
        }
        Flow::Idle
    }

    fn run(&mut self, command: &Command<'_>) -> Flow {
        match command {
            Command::Say(text) => self.say_as(Kind::Say, text, None),
            Command::Me(text) => self.say_as(Kind::Me, text, None),
            Command::Edit(text) => self.edit_last(text),
            Command::Delete => self.delete_last(),
            Command::React(emoji) => self.react_to_last(emoji),
            Command::Pin(id) => self.pin_named(id, true),
            Command::Unpin(id) => self.pin_named(id, false),
            Command::Pins => self.reply(Self::show_pins),
            Command::Dice(throw) => {
                let answer = throw.answer(&mut SystemChance::default());
                self.say_as(Kind::Dice, &answer, None);
            }
            Command::Roll(roll) => {
                let answer = roll.answer(&mut SystemChance::default());
                self.say_as(Kind::Dice, &answer, None);
            }
            Command::Color(color) => self.change_color(color),
            Command::Nick(name) => self.take_nick(name),
            Command::Topic(Some(topic)) => {
                self.change_topic(if *topic == "-" { "" } else { topic });
            }
            Command::Msg(to, text) => self.message(to, text),
            Command::Private(title) => self.open_room(title),
            Command::Query(name) => self.query(name),
            Command::Circle(what) => return self.act(&Act::from(*what)),
            Command::Moderate(what) => self.moderate(what),
            Command::Report(what, reason) => self.report(what, reason),
            Command::Help(of) => self.reply(|turn| turn.help(*of)),
            Command::Who => self.reply(Self::who),
            Command::Topic(None) => self.reply(Self::show_topic),
            Command::History(count) => self.reply(|turn| turn.show_history(*count)),
            Command::Ignore(Some(name)) => self.reply(|turn| turn.ignore(name)),
            Command::Ignore(None) => self.reply(Self::show_ignored),
            Command::Unignore(name) => self.reply(|turn| turn.unignore(name)),
            Command::Rooms => self.reply(Self::rooms),
            Command::Join(name) => self.join(name),
            Command::Part => return Flow::Bye(Bye::Part),
            Command::Quit => return Flow::Bye(Bye::Quit),
        }
        Flow::Idle
    }

    /// Answers what is for the one who asked. A fault of the answer is none of the message, which is acked
    /// in any case.
    pub(super) fn reply(&mut self, answer: impl FnOnce(&mut Self)) {
        let msgid = self.msgid.take();
        answer(self);
        self.msgid = msgid;
        self.ack();
    }

    fn say_as(&mut self, kind: Kind, text: &str, reply: Option<RecordId>) {
        // Dice may be longer than a message; their answer is ours.
        let may = match kind {
            Kind::Dice => self.has_voice(),
            _ => self.may_say(text),
        };
        if may && self.waited() {
            // Sent again, because the connection was lost before its ack: it was asked about before.
            if self.it.asks_about_messages() && self.was_sent(kind) {
                return;
            }
            let text = tidy(text).into_owned();
            // Dice have no words.
            let text = match kind {
                Kind::Dice => Some(text),
                kind => self.let_through(kind.as_str(), text, |_| {}),
            };
            let Some(text) = text else { return };
            let reply = reply.filter(|&id| self.it.has_message(id));
            let reply = reply.map(|id| id.to_string());
            self.publish_with(kind, &text, &[(attrs::REPLY, reply.as_deref())]);
        }
    }
}
