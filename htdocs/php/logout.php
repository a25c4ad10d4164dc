<?php
// Ends the log-in. Only by the form's own button: a link or a picture of another site cannot.

declare(strict_types=1);

require __DIR__ . '/session.php';

start_session();
send_headers();
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_own_form()) {
    session_write_close();
    header('Location: login.php', true, 303);
    exit;
}
$_SESSION = [];
session_destroy();
setcookie(session_name(), '', ['expires' => 1, 'path' => '/', 'httponly' => true, 'samesite' => 'Lax', 'secure' => is_https()]);
go_to_chat();
