#!/usr/bin/php
<?php
// Links to hosts that are not on a list are refused: links.php SOCKET ALLOWED
//
// Each line of ALLOWED is a host; its subdomains are allowed too. Moderators may link to anything. One question at a
// time: each takes some microseconds.

declare(strict_types=1);

/** The longest question, in bytes. */
const MAX_QUESTION = 262144;

/** Whether a host, or one above it, is on the list. */
function is_allowed(string $host, array $allowed): bool
{
    $host = rtrim(strtolower($host), '.');
    foreach ($allowed as $known) {
        if ($host === $known || str_ends_with($host, ".$known")) {
            return true;
        }
    }
    return false;
}

/** The reply to a question. */
function decide(array $question, string $list): array
{
    if ($question['moderator'] || $question['ask'] !== 'message') {
        return ['action' => 'accept'];
    }
    $lines = array_map('trim', @file($list) ?: []);
    $allowed = array_map('strtolower', array_filter($lines, fn ($line) => $line !== '' && $line[0] !== '#'));
    // What a browser makes a link of, with or without its scheme.
    preg_match_all('~(?:https?://(?:[^\s/@]*@)?|\bwww\.)([\p{L}\p{N}.-]+)~iu', $question['text'] ?? '', $found);
    foreach ($found[1] as $host) {
        if (!is_allowed($host, $allowed)) {
            return ['action' => 'refuse', 'message' => "Links to $host are not taken here."];
        }
    }
    return ['action' => 'accept'];
}

if ($argc !== 3) {
    fwrite(STDERR, "links.php SOCKET ALLOWED\n");
    exit(2);
}
[, $path, $list] = $argv;
@unlink($path);
umask(0117);
$server = stream_socket_server("unix://$path", $code, $reason);
if ($server === false) {
    fwrite(STDERR, "links.php: $path: $reason\n");
    exit(1);
}
while (true) {
    $client = @stream_socket_accept($server, -1.0);
    if ($client === false) {
        continue;
    }
    stream_set_timeout($client, 1);
    $question = json_decode((string) fgets($client, MAX_QUESTION), true);
    if (is_array($question)) {
        $reply = decide($question, $list) + ['id' => $question['id'] ?? ''];
        @fwrite($client, json_encode($reply, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
    }
    fclose($client);
}
