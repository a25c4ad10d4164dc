#!/bin/bash
# A chat room as a websocketd script of 2016 would have it, to compare with: one bash and one tail for each person.
# It is kinder than those were: no date(1) for each line, no list of users after each join.
base=$CHAT_BASE
room=${PATH_INFO#/}
room=${room//[^A-Za-z0-9-]/-}
id=${HTTP_COOKIE#*PHPSESSID=}
id=${id%%;*}
name=Anonymous
if [[ $id =~ ^[A-Za-z0-9,-]+$ && -r $base/sessions/sess_$id ]]; then
  session=$(<"$base/sessions/sess_$id")
  [[ $session =~ username\|s:[0-9]+:\"([^\"]*)\" ]] && name=${BASH_REMATCH[1]}
fi
log=$base/rooms/$room.log
echo Gray > "$base/users/${room}_$name"

say() {
  printf '[%(%H:%M:%S)T] %s\n' -1 "$1"
}

say "Welcome to the chat room $room $name!"
say "$name joined the $room" >> "$log"
tail -n 20 -f "$log" &
tail=$!
trap 'kill $tail; rm -f "$base/users/${room}_$name"; say "$name quit the $room" >> "$log"' EXIT
trap exit INT TERM

while IFS= read -r line; do
  say "$name> $line" >> "$log"
done
