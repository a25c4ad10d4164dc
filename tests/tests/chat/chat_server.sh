#!/bin/bash
# A chat room as the script of 2016 was: run by websocketd for each person, one bash and one tail -f.
# The test of the old protocol makes its transcripts with it. Usage: chat_server.sh BASE_DIR
export LC_ALL=C
base=$1
room=${PATH_INFO#/}
room=${room//[ _]/-}
name=Anonymous
id=${HTTP_COOKIE#*PHPSESSID=}
id=${id%%;*}
if [[ $id =~ ^[A-Za-z0-9,-]+$ && -r $base/sessions/sess_$id ]]; then
  session=$(<"$base/sessions/sess_$id")
  [[ $session =~ username\|s:[0-9]+:\"([^\"]*)\" ]] && name=${BASH_REMATCH[1]}
fi
log=$base/rooms/$room.log
me=$base/users/${room}_$name

log_line() {
  printf '[%(%H:%M:%S)T] %s\n' -1 "$1" >> "$log"
}

# Everybody gets the list by way of the log, as everything.
log_users() {
  local file list=
  for file in "$base/users/${room}_"*; do
    [[ -e $file ]] && list+="${file##*_}:$(<"$file"),"
  done
  log_line "Userlist: $list"
}

dice() {
  local count=$1 sides=$2 again=$3 value values=
  while ((count > 0)); do
    value=$((RANDOM % sides + 1))
    values+=", $value"
    ((value >= again)) || count=$((count - 1))
  done
  log_line "$name>  Throws $1 $sides-sided dice, throws again on $again: ${values#, }"
}

leave() {
  kill "$tail" 2>/dev/null
  rm -f "$me"
  log_line "$name quit the $room"
  log_users
}

touch "$log"
printf '[%(%H:%M:%S)T] Welcome to the chat room %s!\n' -1 "$room $name"
# From the twentieth line before the end on; counted first, so that one's own join comes behind them.
lines=$(wc -l < "$log")
tail -n +"$((lines > 20 ? lines - 19 : 1))" -f "$log" &
tail=$!
trap leave EXIT
trap exit INT TERM HUP
echo Gray > "$me"
log_line "$name joined the $room"
log_users

while IFS= read -r line; do
  case $line in
    '/dice '*)
      read -r _ count sides again _ <<< "$line"
      dice "$count" "$sides" "$again"
      ;;
    '/color '*)
      echo "${line#/color }" > "$me"
      log_line "$name>  Changed color to ${line#/color }"
      log_users
      ;;
    /*)
      log_line "$name>  unknown command ${line%% *}"
      ;;
    *)
      log_line "$name> $line"
      ;;
  esac
done
