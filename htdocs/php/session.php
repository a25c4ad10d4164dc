<?php
// The session that the chat reads: started with strict cookies, shared by login.php and logout.php.
// Nothing here prints; asked for by itself it answers with an empty page.

declare(strict_types=1);

/** Where the chat looks for sessions (SESSION_SAVE_PATH in chat.ini); unset: PHP's own session.save_path. */
const SESSIONS_VARIABLE = 'CHAT_SESSIONS';
/** A file of `name:hash` lines as `htpasswd -B` writes them, outside of what the web server shows. */
const USERS_VARIABLE = 'CHAT_USERS';
/** The longest name and password looked at; bcrypt itself reads 72 bytes. */
const MAX_NAME = 128;
const MAX_PASSWORD = 72;
/** Guesses of a password that an address has at once, and the seconds after which it has one more. */
const GUESSES = 5;
const SECONDS_A_GUESS = 1;

function setting(string $name): string
{
    $value = $_SERVER[$name] ?? getenv($name);
    return is_string($value) ? $value : '';
}

function is_https(): bool
{
    return !empty($_SERVER['HTTPS']) && $_SERVER['HTTPS'] !== 'off';
}

function start_session(): void
{
    $directory = setting(SESSIONS_VARIABLE);
    if ($directory !== '') {
        session_save_path($directory);
    }
    session_start([
        'use_strict_mode' => true,
        'use_only_cookies' => true,
        'use_trans_sid' => false,
        'cookie_path' => '/',
        'cookie_httponly' => true,
        'cookie_samesite' => 'Lax',
        'cookie_secure' => is_https(),
        'sid_length' => 48,
    ]);
}

function send_headers(): void
{
    header('Content-Type: text/html; charset=utf-8');
    header("Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    header('X-Frame-Options: DENY');
    header('X-Content-Type-Options: nosniff');
    header('Referrer-Policy: same-origin');
    header('Cache-Control: no-store');
}

/** The secret that a form of this session carries, so that no other site can fill it in. */
function form_token(): string
{
    $_SESSION['chat_form'] ??= bin2hex(random_bytes(16));
    return $_SESSION['chat_form'];
}

function is_own_form(): bool
{
    $sent = $_POST['token'] ?? '';
    return is_string($sent) && isset($_SESSION['chat_form']) && hash_equals($_SESSION['chat_form'], $sent);
}

/** The room to go to, from the query or the form; only ever a name, so that nobody is sent elsewhere. */
function wanted_room(): string
{
    $room = $_POST['room'] ?? $_GET['room'] ?? '';
    return is_string($room) && strlen($room) <= 256 && preg_match('//u', $room) === 1 ? $room : '';
}

function go_to_chat(): never
{
    $room = wanted_room();
    header('Location: ../' . ($room === '' ? '' : '?room=' . rawurlencode($room)), true, 303);
    exit;
}

/** True if the users' file knows this name with this password. Takes as long for unknown names. */
function is_known(string $name, string $password): bool
{
    $hash = '$2y$10$usesomesillystringfore7hnbRJHxXVLeakoG8K30oukPsA.ztMG';
    $found = false;
    foreach (@file(setting(USERS_VARIABLE), FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) ?: [] as $line) {
        [$user, $its] = explode(':', $line, 2) + [1 => ''];
        if ($user !== '' && $user[0] !== '#' && hash_equals($user, $name)) {
            [$hash, $found] = [$its, true];
        }
    }
    return password_verify($password, $hash) && $found;
}

/** Where an address's guesses are counted: beside the sessions, and swept with them (`chatctl expire`). */
function guess_file(): string
{
    $address = inet_pton($_SERVER['REMOTE_ADDR'] ?? '') ?: '';
    // An IPv6 client has at least a /64 of addresses (RFC 6177).
    $who = strlen($address) === 16 ? substr($address, 0, 8) : $address;
    // `N;MODE;/path`, as php.ini has it.
    $parts = explode(';', session_save_path());
    return (end($parts) ?: sys_get_temp_dir()) . '/guess_' . substr(hash('sha256', $who), 0, 32);
}

/**
 * Takes one of the address's guesses; false if it has none left. Before the password is looked at, so that guesses at the
 * same time count too; and without waiting: some guessers would hold all of PHP's processes, and every page would wait.
 */
function take_guess(): bool
{
    $umask = umask(0077);
    $file = @fopen(guess_file(), 'c+');
    umask($umask);
    if ($file === false || !flock($file, LOCK_EX)) {
        error_log('chat log-in: guesses cannot be counted in ' . dirname(guess_file()));
        return false;
    }
    $now = microtime(true);
    [$left, $then] = array_map('floatval', explode(' ', (string) fgets($file))) + [1 => 0.0];
    $left = min(GUESSES, $left + max(0.0, $now - $then) / SECONDS_A_GUESS);
    $may = $left >= 1;
    rewind($file);
    ftruncate($file, 0);
    fwrite($file, sprintf('%.3F %.3F', $may ? $left - 1 : $left, $now));
    fclose($file);
    if (!$may) {
        error_log('chat log-in refused, too many guesses from ' . ($_SERVER['REMOTE_ADDR'] ?? '-'));
    }
    return $may;
}

/** Whoever knows a password is no guesser. */
function forget_guesses(): void
{
    @unlink(guess_file());
}

function h(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/** The visitor's words: Czech if their browser asks for it first, else English. */
function words(string $english, string $czech): string
{
    return str_starts_with(strtolower($_SERVER['HTTP_ACCEPT_LANGUAGE'] ?? ''), 'cs') ? $czech : $english;
}
