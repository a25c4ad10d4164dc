<?php
// The log-in form for sites with PHP: what it writes to the session is the chat's account.

declare(strict_types=1);

require __DIR__ . '/session.php';

start_session();
send_headers();

$problem = '';
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $name = $_POST['username'] ?? '';
    $password = $_POST['password'] ?? '';
    if (!is_own_form()) {
        http_response_code(403);
        $problem = words('The form has expired. Please send it again.', 'Platnost formuláře vypršela. Odešlete ho prosím znovu.');
    } elseif (!take_guess()) {
        http_response_code(429);
        header('Retry-After: ' . SECONDS_A_GUESS);
        $problem = words('Too many tries. Please wait a moment.', 'Příliš mnoho pokusů. Chvíli prosím počkejte.');
    } elseif (!is_string($name) || !is_string($password) || strlen($name) > MAX_NAME || strlen($password) > MAX_PASSWORD || !is_known($name, $password)) {
        // fail2ban and the like do the rest.
        error_log('chat log-in failed from ' . ($_SERVER['REMOTE_ADDR'] ?? '-'));
        http_response_code(403);
        $problem = words('Name or password is wrong.', 'Jméno nebo heslo není správně.');
    } else {
        forget_guesses();
        // A fresh id: one that somebody planted before the log-in must not become theirs.
        session_regenerate_id(true);
        $_SESSION['username'] = $name;
        // What was typed as a guest no longer stands before the account's name.
        unset($_SESSION['chat_name'], $_SESSION['chat_form']);
        go_to_chat();
    }
}
$user = $_SESSION['username'] ?? '';
$token = form_token();
session_write_close();
?>
<!DOCTYPE html>
<html lang="<?= words('en', 'cs') ?>">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title><?= h(words('Log in – Chat', 'Přihlášení – Chat')) ?></title>
  <link rel="icon" href="../icons/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="../theme.css">
  <link rel="stylesheet" href="../css/controls.css">
  <link rel="stylesheet" href="../css/pages.css">
</head>
<body>
<header class="top"><a class="brand" href="../"><img src="../icons/favicon.svg" alt="">Chat</a></header>
<main class="content narrow">
<?php if (is_string($user) && $user !== ''): ?>
  <h1><?= h(words('Logged in as ', 'Přihlášeno jako ') . $user) ?></h1>
  <form class="card form" method="post" action="logout.php">
    <input type="hidden" name="token" value="<?= h($token) ?>">
    <div class="form-actions">
      <a class="button primary" href="../"><?= h(words('To the chat', 'Do chatu')) ?></a>
      <button id="log-out"><?= h(words('Log out', 'Odhlásit se')) ?></button>
    </div>
  </form>
<?php else: ?>
  <h1><?= h(words('Log in', 'Přihlášení')) ?></h1>
  <form class="card form" method="post" action="login.php">
    <input type="hidden" name="token" value="<?= h($token) ?>">
    <input type="hidden" name="room" value="<?= h(wanted_room()) ?>">
    <div class="field">
      <label for="username"><?= h(words('Name', 'Jméno')) ?></label>
      <input id="username" name="username" autocomplete="username" maxlength="<?= MAX_NAME ?>" required autofocus>
    </div>
    <div class="field">
      <label for="password"><?= h(words('Password', 'Heslo')) ?></label>
      <input id="password" name="password" type="password" autocomplete="current-password" maxlength="<?= MAX_PASSWORD ?>" required>
    </div>
    <p class="status bad" role="alert"><?= h($problem) ?></p>
    <div class="form-actions"><button class="primary" id="log-in"><?= h(words('Log in', 'Přihlásit se')) ?></button></div>
  </form>
<?php endif; ?>
</main>
</body>
</html>
