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

function h(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

/** The visitor's words: Czech if their browser asks for it first, else English. */
function words(string $english, string $czech): string
{
    return str_starts_with(strtolower($_SERVER['HTTP_ACCEPT_LANGUAGE'] ?? ''), 'cs') ? $czech : $english;
}
